import { unitSizes } from "../hls/moof.ts";
import type { Part, Profile, Samples } from "../media.ts";
import type { TimelineRow } from "./lifecycle.ts";

/** A timeline of the show, this one or one before it. */
export interface IndexedTimeline extends TimelineRow {
  /** The segment that was being made when its first host was heard; null: none was. */
  readonly liveFrom: number | null;
}

/** A finished segment; its media lies in R2, or waits in the store until it does. */
export interface IndexedSegment {
  readonly msn: number;
  /** Where it begins on its timeline. */
  readonly at: Samples;
  /** Its access units. */
  readonly units: number;
  /** The bytes of its access units alone. */
  readonly bytes: number;
}

/**
 * Every finished segment of all the show's timelines, in its SQLite, for as long as the show is kept: what the replay, rewind and
 * the recording are computed from. A row has some 250 bytes, so that an hour of show has half a megabyte.
 */
export class SegmentIndex {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS timeline (
        epoch TEXT PRIMARY KEY, startedAt REAL NOT NULL, profile TEXT NOT NULL, liveFrom INTEGER
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS indexed (
        epoch TEXT, msn INTEGER, at INTEGER NOT NULL, units INTEGER NOT NULL, bytes INTEGER NOT NULL, sizes BLOB NOT NULL,
        PRIMARY KEY (epoch, msn)
      ) WITHOUT ROWID;
    `);
  }

  /** A timeline begins, or goes on. */
  begin({ epoch, startedAt, profile }: TimelineRow): void {
    const sql = "INSERT OR IGNORE INTO timeline (epoch, startedAt, profile) VALUES (?, ?, ?)";
    this.#sql.exec(sql, epoch, startedAt, JSON.stringify(profile));
  }

  /** The first host of a timeline is heard, while segment `msn` is being made. */
  goLive(epoch: string, msn: number): void {
    const sql = "UPDATE timeline SET liveFrom = ? WHERE epoch = ? AND liveFrom IS NULL";
    this.#sql.exec(sql, msn, epoch);
  }

  /** A segment is finished. Throws where its parts are no chunks with access units of 65,535 bytes at most. */
  add(epoch: string, parts: readonly Part[]): void {
    const first = parts[0];
    if (first === undefined) throw new RangeError("a segment has parts");
    const { msn, at } = first;
    const sizes = parts.flatMap(({ bytes }) => unitSizes(bytes));
    const packed = new Uint8Array(2 * sizes.length);
    const view = new DataView(packed.buffer);
    for (const [index, size] of sizes.entries()) {
      if (size > 0xffff) throw new RangeError(`an access unit of ${size} bytes`);
      view.setUint16(2 * index, size);
    }
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const sql =
      "INSERT OR REPLACE INTO indexed (epoch, msn, at, units, bytes, sizes) VALUES (?, ?, ?, ?, ?, ?)";
    this.#sql.exec(sql, epoch, msn, at, sizes.length, bytes, packed);
  }

  /** A segment is lost. */
  remove(epoch: string, msn: number): void {
    this.#sql.exec("DELETE FROM indexed WHERE epoch = ? AND msn = ?", epoch, msn);
  }

  /** Nobody is to find what a timeline has so far: it goes on elsewhere. */
  forget(epoch: string): void {
    this.#sql.exec("DELETE FROM indexed WHERE epoch = ?", epoch);
  }

  /** The show's timelines, oldest first. */
  timelines(): IndexedTimeline[] {
    const sql = "SELECT epoch, startedAt, profile, liveFrom FROM timeline ORDER BY epoch";
    const rows = this.#sql.exec<TimelineColumns>(sql).toArray();
    return rows.map((row) => ({ ...row, profile: JSON.parse(row.profile) as Profile }));
  }

  /** A timeline's last finished segment; null where it has none. */
  lastMsn(epoch: string): number | null {
    const sql = "SELECT MAX(msn) AS msn FROM indexed WHERE epoch = ?";
    return this.#sql.exec<{ msn: number | null }>(sql, epoch).toArray()[0]?.msn ?? null;
  }

  /** The number after all those that the show's segments have. */
  nextMsn(): number {
    return 1 + Math.max(-1, ...this.timelines().map(({ epoch }) => this.lastMsn(epoch) ?? -1));
  }

  /** At most `limit` of a timeline's finished segments from `from` on, in order. */
  segments(epoch: string, from: number, limit: number): IndexedSegment[] {
    const sql = "SELECT msn, at, units, bytes FROM indexed WHERE epoch = ? AND msn >= ? ORDER BY msn LIMIT ?";
    const rows = this.#sql.exec<SegmentColumns>(sql, epoch, from, limit).toArray();
    return rows.map((row) => ({ ...row, at: row.at as Samples }));
  }

  /** At most `limit` of a timeline's finished segments, the last of those before `before` (null: of all), in order. */
  last(epoch: string, before: number | null, limit: number): IndexedSegment[] {
    const sql =
      "SELECT msn, at, units, bytes FROM indexed WHERE epoch = ? AND msn < ? ORDER BY msn DESC LIMIT ?";
    const rows = this.#sql
      .exec<SegmentColumns>(sql, epoch, before ?? Number.MAX_SAFE_INTEGER, limit)
      .toArray();
    return rows.reverse().map((row) => ({ ...row, at: row.at as Samples }));
  }

  /** The bytes of each access unit of a segment, as big-endian numbers of 16 bits; null where there is no such segment. */
  sizes(epoch: string, msn: number): Uint8Array | null {
    const sql = "SELECT sizes FROM indexed WHERE epoch = ? AND msn = ?";
    const row = this.#sql.exec<{ sizes: ArrayBuffer }>(sql, epoch, msn).toArray()[0];
    return row === undefined ? null : new Uint8Array(row.sizes);
  }
}

type TimelineColumns = { epoch: string; startedAt: number; profile: string; liveFrom: number | null };
type SegmentColumns = { msn: number; at: number; units: number; bytes: number };
