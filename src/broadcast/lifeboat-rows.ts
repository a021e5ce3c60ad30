/**
 * The timelines of a show that have segments in R2, and whose copy may still be owed lists; in the object's SQLite. There are
 * no rows where there is no lifeboat, none of a former timeline whose last list R2 has, and none once R2 has all lists of an ended
 * show.
 */
export class LifeboatRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS lifeboat (epoch TEXT PRIMARY KEY) WITHOUT ROWID");
  }

  /** Returns the epochs of these timelines. */
  all(): string[] {
    const rows = this.#sql.exec<{ epoch: string }>("SELECT epoch FROM lifeboat").toArray();
    return rows.map(({ epoch }) => epoch);
  }

  put(epoch: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO lifeboat (epoch) VALUES (?)", epoch);
  }

  drop(epoch: string): void {
    this.#sql.exec("DELETE FROM lifeboat WHERE epoch = ?", epoch);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM lifeboat");
  }
}
