/**
 * Which of the show's timelines have a copy in R2 that is owed lists yet, in its SQLite. It has no rows where there is no lifeboat,
 * and when all lists of an ended show are there.
 */
export class LifeboatRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS lifeboat (epoch TEXT PRIMARY KEY) WITHOUT ROWID");
  }

  /** Their epochs. */
  all(): string[] {
    const rows = this.#sql.exec<{ epoch: string }>("SELECT epoch FROM lifeboat").toArray();
    return rows.map(({ epoch }) => epoch);
  }

  put(epoch: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO lifeboat (epoch) VALUES (?)", epoch);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM lifeboat");
  }
}
