import { z } from "zod";
import { joinBytes } from "../bytes.ts";
import { type Part, type Samples, samples } from "../media.ts";
import { ChapterMarks } from "./chapter-marks.ts";
import type { Counts } from "./counts.ts";
import { type HostRow, readHostRow } from "./host-row.ts";
import { LifeboatRows } from "./lifeboat-rows.ts";
import { Log } from "./log.ts";
import type { PublisherRow } from "./publisher.ts";
import { StoredPublisher } from "./publisher-row.ts";
import { joinParts } from "./ring.ts";
import { SegmentIndex } from "./segment-index.ts";
import type { ShowRow } from "./show-row.ts";
import { readRow, type Stored } from "./stored-show.ts";
import { WebhookRows } from "./webhook-row.ts";

/** Sequence number of a former timeline's init segment in the table of its segments: below that of the first segment. */
const INIT = -1;
/**
 * Segments of former timelines that may wait for R2: an hour and a half of sound. Beyond that the oldest are given up;
 * {@link Store.setAside} returns how many.
 */
const MOST_FORMER = 3_000;

/** One object that R2 is owed; `msn` is null for an init segment. */
export interface MediaObject {
  readonly epoch: string;
  readonly msn: number | null;
  readonly bytes: Uint8Array;
}

/**
 * What a Broadcast keeps across restarts, in its SQLite: the show, its publishers, and the recent parts. A write is durable
 * before any answer that was computed after it leaves the object (the platform's output gate).
 */
export class Store {
  readonly #sql: SqlStorage;
  /** The events of the show. */
  readonly log: Log;
  readonly webhook: WebhookRows;
  /** The finished segments of all the show's timelines. */
  readonly index: SegmentIndex;
  readonly lifeboat: LifeboatRows;
  /** The places of which chapters are made. */
  readonly chapterMarks: ChapterMarks;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.log = new Log(sql);
    this.webhook = new WebhookRows(sql);
    this.index = new SegmentIndex(sql);
    this.lifeboat = new LifeboatRows(sql);
    this.chapterMarks = new ChapterMarks(sql);
    sql.exec(`
      CREATE TABLE IF NOT EXISTS show (only INTEGER PRIMARY KEY CHECK (only = 1), json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS reads (only INTEGER PRIMARY KEY CHECK (only = 1), json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS init (only INTEGER PRIMARY KEY CHECK (only = 1), bytes BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS host (hostId TEXT PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS publisher (session TEXT PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS part (
        msn INTEGER, idx INTEGER, at INTEGER NOT NULL, duration INTEGER NOT NULL, bytes BLOB NOT NULL,
        PRIMARY KEY (msn, idx)
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS segment (msn INTEGER PRIMARY KEY, kept INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS former (
        epoch TEXT, msn INTEGER, idx INTEGER, bytes BLOB NOT NULL, PRIMARY KEY (epoch, msn, idx)
      ) WITHOUT ROWID;
    `);
  }

  /** Returns show `id`; null if no show is stored here. */
  show(id: string): Stored | null {
    const row = this.#sql.exec<{ json: string }>("SELECT json FROM show").toArray()[0];
    return row === undefined ? null : readRow(row.json, id);
  }

  putShow(show: ShowRow): void {
    this.#sql.exec("INSERT OR REPLACE INTO show (only, json) VALUES (1, ?)", JSON.stringify(show));
  }

  /** Returns the stored counts of what Origin has answered since the timeline began. */
  originReads(): Counts {
    const rows = this.#sql.exec<{ json: string }>("SELECT json FROM reads").toArray();
    return readable(rows, StoredCounts)[0] ?? {};
  }

  putOriginReads(reads: Counts): void {
    this.#sql.exec("INSERT OR REPLACE INTO reads (only, json) VALUES (1, ?)", JSON.stringify(reads));
  }

  /** Returns the timeline's init segment; null before there is one. */
  init(): Uint8Array | null {
    const row = this.#sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM init").toArray()[0];
    return row === undefined ? null : new Uint8Array(row.bytes);
  }

  putInit(bytes: Uint8Array): void {
    this.#sql.exec("INSERT OR REPLACE INTO init (only, bytes) VALUES (1, ?)", bytes);
  }

  /** Returns the stored hosts. A row that cannot be read is left out, and its host's key opens nothing. */
  hosts(): HostRow[] {
    return this.#sql
      .exec<{ hostId: string; json: string }>("SELECT hostId, json FROM host")
      .toArray()
      .flatMap(({ hostId, json }) => readHostRow(json, hostId) ?? []);
  }

  putHost(host: HostRow): void {
    const sql = "INSERT OR REPLACE INTO host (hostId, json) VALUES (?, ?)";
    this.#sql.exec(sql, host.hostId, JSON.stringify(host));
  }

  dropHost(hostId: string): void {
    this.#sql.exec("DELETE FROM host WHERE hostId = ?", hostId);
  }

  /** Returns the stored publishers, oldest first. */
  publishers(): PublisherRow[] {
    const rows = this.#sql.exec<{ json: string }>("SELECT json FROM publisher ORDER BY rowid").toArray();
    return readable(rows, StoredPublisher);
  }

  putPublisher(publisher: PublisherRow): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO publisher (session, json) VALUES (?, ?)",
      publisher.session,
      JSON.stringify(publisher),
    );
  }

  dropPublisher(session: string): void {
    this.#sql.exec("DELETE FROM publisher WHERE session = ?", session);
  }

  /** Stores a part; `closes`: whether it is the last of its segment. */
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

  /** Returns the parts of the last `segments` segments in order, each with whether it closes its segment. */
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

  /** Returns the parts of segment `msn`, in order. */
  partsOf(msn: number): Part[] {
    const rows = this.#sql.exec<PartRow>("SELECT * FROM part WHERE msn = ? ORDER BY idx", msn).toArray();
    return rows.map(toPart);
  }

  /** Returns the bytes of segment `msn`. */
  segment(msn: number): Uint8Array {
    return joinParts(this.partsOf(msn));
  }

  /** Returns the oldest finished segment that R2 does not hold yet; null if it holds them all. */
  unkept(): number | null {
    const sql = "SELECT msn FROM segment WHERE kept = 0 ORDER BY msn LIMIT 1";
    return this.#sql.exec<{ msn: number }>(sql).toArray()[0]?.msn ?? null;
  }

  markKept(msn: number): void {
    this.#sql.exec("UPDATE segment SET kept = 1 WHERE msn = ?", msn);
  }

  /** Deletes the segments before `msn`, except those that R2 does not hold. */
  prune(msn: number): void {
    this.#sql.exec("DELETE FROM part WHERE msn < ? AND msn IN (SELECT msn FROM segment WHERE kept = 1)", msn);
    this.#sql.exec("DELETE FROM segment WHERE msn < ? AND kept = 1", msn);
  }

  /**
   * Makes room for a new timeline. Media of the previous one that R2 does not hold, its open segment included, is set aside
   * under `epoch`. If the epoch is unknown (null), that media is lost. Returns how many segments had to be given up.
   */
  setAside(epoch: string | null): number {
    const passedOver = epoch === null ? 0 : this.#copyUnkept(epoch);
    for (const table of ["part", "segment", "init", "reads"]) this.#sql.exec(`DELETE FROM ${table}`);
    const segments = "SELECT epoch, msn FROM former WHERE msn <> ? GROUP BY epoch, msn";
    const over = this.#sql
      .exec<{ epoch: string; msn: number }>(
        `${segments} ORDER BY epoch DESC, msn DESC LIMIT -1 OFFSET ?`,
        INIT,
        MOST_FORMER,
      )
      .toArray();
    for (const { epoch: old, msn } of over) {
      this.dropFormer(old, msn);
      this.index.remove(old, msn);
    }
    return passedOver + over.length;
  }

  /** Returns the oldest object of a former timeline that R2 does not hold; null if it holds them all. */
  former(): MediaObject | null {
    const oldest = "SELECT epoch, msn FROM former ORDER BY epoch, msn LIMIT 1";
    const row = this.#sql.exec<{ epoch: string; msn: number }>(oldest).toArray()[0];
    if (row === undefined) return null;
    const { epoch } = row;
    const msn = row.msn === INIT ? null : row.msn;
    return { epoch, msn, bytes: this.formerMedia(epoch, msn) ?? new Uint8Array() };
  }

  /** Returns a former timeline's segment `msn`, or its init segment (null), if it waits for R2 here; null if it does not. */
  formerMedia(epoch: string, msn: number | null): Uint8Array | null {
    const parts = "SELECT bytes FROM former WHERE epoch = ? AND msn = ? ORDER BY idx";
    const rows = this.#sql.exec<{ bytes: ArrayBuffer }>(parts, epoch, msn ?? INIT).toArray();
    return rows.length === 0 ? null : joinBytes(rows.map((part) => new Uint8Array(part.bytes)));
  }

  /** Returns the first segment of a former timeline that R2 does not hold; null if it holds them all. */
  formerFrom(epoch: string): number | null {
    const sql = "SELECT MIN(msn) AS msn FROM former WHERE epoch = ? AND msn <> ?";
    return this.#sql.exec<{ msn: number | null }>(sql, epoch, INIT).toArray()[0]?.msn ?? null;
  }

  /** Deletes an object of a former timeline. */
  dropFormer(epoch: string, msn: number | null): void {
    this.#sql.exec("DELETE FROM former WHERE epoch = ? AND msn = ?", epoch, msn ?? INIT);
  }

  /** Sets aside the segments that R2 does not hold and that are new enough to wait. Returns how many are too old. */
  #copyUnkept(epoch: string): number {
    const unkept = "FROM part WHERE msn NOT IN (SELECT msn FROM segment WHERE kept = 1)";
    const from = "(SELECT MAX(msn) FROM part) - ?";
    const older = `SELECT COUNT(DISTINCT msn) AS n ${unkept} AND msn <= ${from}`;
    const passedOver = this.#sql.exec<{ n: number }>(older, MOST_FORMER).toArray()[0]?.n ?? 0;
    const lost = `DELETE FROM indexed WHERE epoch = ? AND msn IN (SELECT msn ${unkept} AND msn <= ${from})`;
    this.#sql.exec(lost, epoch, MOST_FORMER);
    this.index.recount(epoch);
    const copy = `INSERT OR REPLACE INTO former SELECT ?, msn, idx, bytes ${unkept} AND msn > ${from}`;
    this.#sql.exec(copy, epoch, MOST_FORMER);
    // The timeline's segments cannot be decoded without its init segment.
    const init =
      "INSERT OR REPLACE INTO former SELECT ?, ?, 0, bytes FROM init WHERE EXISTS (SELECT 1 FROM former WHERE epoch = ?)";
    this.#sql.exec(init, epoch, INIT, epoch);
    return passedOver;
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

const StoredCounts: z.ZodType<Counts> = z.record(z.string(), z.number());

/** Returns the rows that can be read; one that cannot is logged and left out. */
function readable<T>(rows: readonly { readonly json: string }[], schema: z.ZodType<T>): T[] {
  return rows.flatMap(({ json }) => {
    try {
      return [schema.parse(JSON.parse(json))];
    } catch (error) {
      console.warn(`A stored row can not be read and is left out: ${String(error)}`);
      return [];
    }
  });
}
