/** How far the copy of one timeline has come. */
export interface LifeboatRow {
  readonly epoch: string;
  /** Whether the show's list names it, or has named it. */
  readonly isNamed: boolean;
  /** Whether its list says that it is over. */
  readonly isOver: boolean;
}

/**
 * Which timelines of the show have a copy in R2 whose lists are not all there yet, in its SQLite: what a list is still owed. It has
 * no rows where there is no lifeboat, and when all lists of an ended show are there.
 */
export class LifeboatRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS lifeboat (
        epoch TEXT PRIMARY KEY, named INTEGER NOT NULL, over INTEGER NOT NULL
      ) WITHOUT ROWID
    `);
  }

  /** Oldest timeline first. */
  all(): LifeboatRow[] {
    const sql = "SELECT epoch, named, over FROM lifeboat ORDER BY epoch";
    const rows = this.#sql.exec<{ epoch: string; named: number; over: number }>(sql).toArray();
    return rows.map(({ epoch, named, over }) => ({ epoch, isNamed: named === 1, isOver: over === 1 }));
  }

  put({ epoch, isNamed, isOver }: LifeboatRow): void {
    const sql = "INSERT OR REPLACE INTO lifeboat (epoch, named, over) VALUES (?, ?, ?)";
    this.#sql.exec(sql, epoch, Number(isNamed), Number(isOver));
  }

  clear(): void {
    this.#sql.exec("DELETE FROM lifeboat");
  }
}
