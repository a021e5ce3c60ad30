import type { Entry, Page, Query } from "../directory-api.ts";

/** The Directory's SQLite table: a row for each broadcast, and an index for each order in which rows are read. */
export class Entries {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS entry (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, state TEXT NOT NULL, latency TEXT NOT NULL,
        createdAt INTEGER NOT NULL, endedAt INTEGER
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS entry_by_time ON entry (createdAt, id);
      CREATE INDEX IF NOT EXISTS entry_by_state ON entry (state, createdAt, id);
    `);
  }

  /** Stores an entry. An unchanged one is not written: a Broadcast reports its entry each time its object starts. */
  put({ id, title, state, latency, createdAt, endedAt }: Entry): void {
    this.#sql.exec(
      `INSERT INTO entry (id, title, state, latency, createdAt, endedAt) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET title = excluded.title, state = excluded.state, latency = excluded.latency,
        createdAt = excluded.createdAt, endedAt = excluded.endedAt
      WHERE title <> excluded.title OR state <> excluded.state OR latency <> excluded.latency
        OR createdAt <> excluded.createdAt OR endedAt IS NOT excluded.endedAt`,
      id,
      title,
      state,
      latency,
      createdAt,
      endedAt,
    );
  }

  remove(id: string): void {
    this.#sql.exec("DELETE FROM entry WHERE id = ?", id);
  }

  /** Returns a page of entries. It reads one row more than it returns, to know whether there is a next page. */
  page({ state, limit, after }: Query): Page {
    const conditions = [
      ...(state === null ? [] : ["state = ?"]),
      ...(after === null ? [] : ["(createdAt, id) < (?, ?)"]),
    ];
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const rows = this.#sql
      .exec<Row>(
        `SELECT id, title, state, latency, createdAt, endedAt FROM entry ${where}
        ORDER BY createdAt DESC, id DESC LIMIT ?`,
        ...(state === null ? [] : [state]),
        ...(after === null ? [] : [after.createdAt, after.id]),
        limit + 1,
      )
      .toArray();
    const entries = rows.slice(0, limit);
    const last = entries.at(-1);
    if (rows.length <= limit || last === undefined) return { entries, next: null };
    return { entries, next: { createdAt: last.createdAt, id: last.id } };
  }
}

/** A mapped type, because `exec` requires an index signature, which an interface lacks. */
type Row = { -readonly [Key in keyof Entry]: Entry[Key] };
