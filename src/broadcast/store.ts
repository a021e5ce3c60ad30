import { type Part, type Samples, samples } from "../media.ts";
import type { Counts } from "./counts.ts";
import type { Show } from "./lifecycle.ts";
import type { Publisher } from "./publishers.ts";

/**
 * What a Broadcast knows across restarts, in its SQLite: the show, its publishers, and the ring of recent parts. A write
 * is durable before any answer that was computed after it leaves the object (the platform's output gate).
 */
export class Store {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS show (only INTEGER PRIMARY KEY CHECK (only = 1), json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS reads (only INTEGER PRIMARY KEY CHECK (only = 1), json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS init (only INTEGER PRIMARY KEY CHECK (only = 1), bytes BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS publisher (session TEXT PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS part (
        msn INTEGER, idx INTEGER, at INTEGER NOT NULL, duration INTEGER NOT NULL, bytes BLOB NOT NULL,
        PRIMARY KEY (msn, idx)
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS segment (msn INTEGER PRIMARY KEY, kept INTEGER NOT NULL);
    `);
  }

  show(): Show | null {
    const row = this.#sql.exec<{ json: string }>("SELECT json FROM show").toArray()[0];
    return row === undefined ? null : ({ keyGeneration: 0, ...JSON.parse(row.json) } as Show);
  }

  putShow(show: Show): void {
    this.#sql.exec("INSERT OR REPLACE INTO show (only, json) VALUES (1, ?)", JSON.stringify(show));
  }

  /** What Origin has answered since the timeline began, up to the last time it was put here. */
  originReads(): Counts {
    const row = this.#sql.exec<{ json: string }>("SELECT json FROM reads").toArray()[0];
    return row === undefined ? {} : (JSON.parse(row.json) as Counts);
  }

  putOriginReads(reads: Counts): void {
    this.#sql.exec("INSERT OR REPLACE INTO reads (only, json) VALUES (1, ?)", JSON.stringify(reads));
  }

  /** The timeline's init segment; null before there is one. */
  init(): Uint8Array | null {
    const row = this.#sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM init").toArray()[0];
    return row === undefined ? null : new Uint8Array(row.bytes);
  }

  putInit(bytes: Uint8Array): void {
    this.#sql.exec("INSERT OR REPLACE INTO init (only, bytes) VALUES (1, ?)", bytes);
  }

  publishers(): Publisher[] {
    const rows = this.#sql.exec<{ json: string }>("SELECT json FROM publisher ORDER BY rowid").toArray();
    return rows.map((row) => JSON.parse(row.json) as Publisher);
  }

  putPublisher(publisher: Publisher): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO publisher (session, json) VALUES (?, ?)",
      publisher.session,
      JSON.stringify(publisher),
    );
  }

  dropPublisher(session: string): void {
    this.#sql.exec("DELETE FROM publisher WHERE session = ?", session);
  }

  /** Keeps a part; `closes` says that it is the last of its segment. */
  putPart(part: Part, closes: boolean): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO part (msn, idx, at, duration, bytes) VALUES (?, ?, ?, ?, ?)",
      part.msn,
      part.index,
      part.at,
      part.duration,
      part.bytes,
    );
    if (closes) this.#sql.exec("INSERT OR IGNORE INTO segment (msn, kept) VALUES (?, 0)", part.msn);
  }

  /** The parts of the last `segments` segments in order, each with whether it closes its segment. */
  parts(segments: number): { part: Part; closes: boolean }[] {
    const rows = this.#sql
      .exec<PartRow & { closes: number }>(
        `SELECT part.*, segment.msn IS NOT NULL AND idx = (SELECT MAX(idx) FROM part AS p WHERE p.msn = part.msn) AS closes
         FROM part LEFT JOIN segment ON segment.msn = part.msn
         WHERE part.msn > (SELECT MAX(msn) FROM part) - ? ORDER BY part.msn, idx`,
        segments,
      )
      .toArray();
    return rows.map((row) => ({ part: toPart(row), closes: row.closes === 1 }));
  }

  /** The parts of segment `msn`, in order. */
  partsOf(msn: number): Part[] {
    const rows = this.#sql.exec<PartRow>("SELECT * FROM part WHERE msn = ? ORDER BY idx", msn).toArray();
    return rows.map(toPart);
  }

  /** The finished segments that R2 does not hold yet, oldest first. */
  unkept(limit: number): number[] {
    const rows = this.#sql
      .exec<{ msn: number }>("SELECT msn FROM segment WHERE kept = 0 ORDER BY msn LIMIT ?", limit)
      .toArray();
    return rows.map((row) => row.msn);
  }

  markKept(msn: number): void {
    this.#sql.exec("UPDATE segment SET kept = 1 WHERE msn = ?", msn);
  }

  /** Forgets segments before `msn`, but never one that R2 does not hold. */
  prune(msn: number): void {
    this.#sql.exec("DELETE FROM part WHERE msn < ? AND msn IN (SELECT msn FROM segment WHERE kept = 1)", msn);
    this.#sql.exec("DELETE FROM segment WHERE msn < ? AND kept = 1", msn);
  }

  /** Forgets a timeline's media; the show stays. */
  clearMedia(): void {
    this.#sql.exec("DELETE FROM part; DELETE FROM segment; DELETE FROM init; DELETE FROM reads;");
  }
}

type PartRow = { msn: number; idx: number; at: number; duration: number; bytes: ArrayBuffer };

function toPart({ msn, idx, at, duration, bytes }: PartRow): Part {
  return {
    msn,
    index: idx,
    at: at as Samples,
    duration: samples(duration),
    bytes: new Uint8Array(bytes),
  };
}
