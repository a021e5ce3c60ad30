import { unitSizes } from "../hls/moof.ts";
import type { Part, Samples } from "../media.ts";
import type { TimelineRow } from "./show-row.ts";
import { readProfile } from "./stored-show.ts";

/** A timeline of the show: the present one or an earlier one. */
export interface IndexedTimeline extends TimelineRow {
  /** The segment that was being made when its first host was heard; null: no host was heard. */
  readonly liveFrom: number | null;
}

/** A finished segment; its media is in R2, or waits in the store until R2 has it. */
export interface IndexedSegment {
  readonly msn: number;
  /** Where the segment begins on its timeline. */
  readonly at: Samples;
  /** Number of access units. */
  readonly units: number;
  /** Bytes of its access units alone. */
  readonly bytes: number;
}

/** Sequence numbers in a page: a quarter of an hour of sound. The sizes of its access units take 90 KB. */
const BLOCK_SIZE = 500;

/** Successive segments of a timeline, summed up. */
export interface IndexedBlock {
  readonly epoch: string;
  /** The first segment. */
  readonly msn: number;
  /** Where the first segment begins on its timeline. */
  readonly at: Samples;
  readonly segments: number;
  readonly units: number;
  /** Bytes of their access units alone. */
  readonly bytes: number;
}

/**
 * Every finished segment of all the show's timelines, in the object's SQLite, for as long as the show is kept. Replays, rewind
 * lists and recordings are computed from it. A row has some 250 bytes, so an hour of a show takes half a megabyte.
 */
export class SegmentIndex {
  readonly #sql: SqlStorage;
  /**
   * What {@link blocks} has computed, by timeline: of the newest one without the last block, which grows; of one that is over
   * everything.
   */
  readonly #complete = new Map<string, Summed>();

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

  /** Notes that a timeline begins or is resumed. */
  begin({ epoch, startedAt, profile }: TimelineRow): void {
    const sql = "INSERT OR IGNORE INTO timeline (epoch, startedAt, profile) VALUES (?, ?, ?)";
    this.#sql.exec(sql, epoch, startedAt, JSON.stringify(profile));
  }

  /** Notes that the first host of a timeline was heard while segment `msn` was being made. */
  goLive(epoch: string, msn: number): void {
    const sql = "UPDATE timeline SET liveFrom = ? WHERE epoch = ? AND liveFrom IS NULL";
    this.#sql.exec(sql, msn, epoch);
  }

  /** Adds a finished segment. Throws unless its parts are chunks whose access units have at most 65,535 bytes. */
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

  /** Removes a segment that is lost. */
  remove(epoch: string, msn: number): void {
    this.recount(epoch);
    this.#sql.exec("DELETE FROM indexed WHERE epoch = ? AND msn = ?", epoch, msn);
  }

  /** Removes all segments that a timeline has so far: it goes on at a later place, and nobody may find them. */
  forget(epoch: string): void {
    this.recount(epoch);
    this.#sql.exec("DELETE FROM indexed WHERE epoch = ?", epoch);
  }

  /** Notes that the store has removed segments of a timeline: its blocks are summed up anew. */
  recount(epoch: string): void {
    this.#complete.delete(epoch);
  }

  /** Returns the show's timelines, oldest first. One whose profile can not be read is left out. */
  timelines(): IndexedTimeline[] {
    const sql = "SELECT epoch, startedAt, profile, liveFrom FROM timeline ORDER BY epoch";
    return this.#sql
      .exec<TimelineColumns>(sql)
      .toArray()
      .flatMap((row) => toTimeline(row) ?? []);
  }

  /** Returns one of the show's timelines; null if there is none under this epoch, or its profile can not be read. */
  timeline(epoch: string): IndexedTimeline | null {
    const sql = "SELECT epoch, startedAt, profile, liveFrom FROM timeline WHERE epoch = ?";
    const row = this.#sql.exec<TimelineColumns>(sql, epoch).toArray()[0];
    return row === undefined ? null : toTimeline(row);
  }

  /** Returns the newest timeline's epoch, even if its profile can not be read; null if the show has had no timeline. */
  newestEpoch(): string | null {
    const sql = "SELECT MAX(epoch) AS epoch FROM timeline";
    return this.#sql.exec<{ epoch: string | null }>(sql).toArray()[0]?.epoch ?? null;
  }

  /** Returns the number of a timeline's last finished segment; null if it has none. */
  lastMsn(epoch: string): number | null {
    const sql = "SELECT MAX(msn) AS msn FROM indexed WHERE epoch = ?";
    return this.#sql.exec<{ msn: number | null }>(sql, epoch).toArray()[0]?.msn ?? null;
  }

  /** Returns the number after the highest number of the show's segments. */
  nextMsn(): number {
    return 1 + Math.max(-1, ...this.timelines().map(({ epoch }) => this.lastMsn(epoch) ?? -1));
  }

  /** Returns at most `limit` of a timeline's finished segments from `from` on, in order. */
  segments(epoch: string, from: number, limit: number): IndexedSegment[] {
    const sql = "SELECT msn, at, units, bytes FROM indexed WHERE epoch = ? AND msn >= ? ORDER BY msn LIMIT ?";
    const rows = this.#sql.exec<SegmentColumns>(sql, epoch, from, limit).toArray();
    return rows.map((row) => ({ ...row, at: row.at as Samples }));
  }

  /** Returns a timeline's last finished segments before `before` (null: of all), at most `limit`, in order. */
  last(epoch: string, before: number | null, limit: number): IndexedSegment[] {
    const sql =
      "SELECT msn, at, units, bytes FROM indexed WHERE epoch = ? AND msn < ? ORDER BY msn DESC LIMIT ?";
    const rows = this.#sql
      .exec<SegmentColumns>(sql, epoch, before ?? Number.MAX_SAFE_INTEGER, limit)
      .toArray();
    return rows.reverse().map((row) => ({ ...row, at: row.at as Samples }));
  }

  /** Returns the size of each access unit of a segment in bytes, as big-endian 16-bit numbers; null: no such segment. */
  sizes(epoch: string, msn: number): Uint8Array | null {
    const sql = "SELECT sizes FROM indexed WHERE epoch = ? AND msn = ?";
    const row = this.#sql.exec<{ sizes: ArrayBuffer }>(sql, epoch, msn).toArray()[0];
    return row === undefined ? null : new Uint8Array(row.sizes);
  }

  /**
   * Returns a timeline's finished segments from `from` on, summed up by blocks of {@link BLOCK_SIZE} sequence numbers. Complete
   * blocks are remembered: to sum up a whole day would hold the clock up each time.
   */
  blocks(epoch: string, from: number): IndexedBlock[] {
    const known = this.#complete.get(epoch);
    const complete = known?.from === from ? known : null;
    if (complete?.isOver) return [...complete.blocks];
    const last = complete?.blocks.at(-1);
    const next = last === undefined ? from : (Math.floor(last.msn / BLOCK_SIZE) + 1) * BLOCK_SIZE;
    const blocks = [...(complete?.blocks ?? []), ...this.#sumUp(epoch, next)];
    const isOver = epoch < (this.newestEpoch() ?? epoch);
    this.#complete.set(epoch, { from, isOver, blocks: isOver ? blocks : blocks.slice(0, -1) });
    return blocks;
  }

  #sumUp(epoch: string, from: number): IndexedBlock[] {
    const sql = `SELECT MIN(msn) AS msn, MIN(at) AS at, COUNT(*) AS segments, SUM(units) AS units, SUM(bytes) AS bytes
      FROM indexed WHERE epoch = ? AND msn >= ? GROUP BY msn / ${BLOCK_SIZE} ORDER BY 1`;
    const rows = this.#sql.exec<BlockColumns>(sql, epoch, from).toArray();
    return rows.map((row) => ({ ...row, epoch, at: row.at as Samples }));
  }

  /** Returns the segments of a page, in order, each with the sizes of its access units as in {@link sizes}. */
  block({ epoch, msn, segments }: Pick<IndexedBlock, "epoch" | "msn" | "segments">) {
    const sql = "SELECT msn, bytes, sizes FROM indexed WHERE epoch = ? AND msn >= ? ORDER BY msn LIMIT ?";
    return this.#sql
      .exec<{ msn: number; bytes: number; sizes: ArrayBuffer }>(
        sql,
        epoch,
        msn,
        Math.min(segments, BLOCK_SIZE),
      )
      .toArray();
  }

  /**
   * Returns where the number of access units changes among a timeline's finished segments from `from` on. `first` is the place,
   * counted from 1, of the first segment that has `units` access units.
   */
  runs(epoch: string, from: number): { first: number; units: number }[] {
    const sql = `SELECT place AS first, units FROM (
        SELECT units, ROW_NUMBER() OVER (ORDER BY msn) AS place, LAG(units) OVER (ORDER BY msn) AS before
        FROM indexed WHERE epoch = ? AND msn >= ?
      ) WHERE before IS NOT units ORDER BY place`;
    return this.#sql.exec<{ first: number; units: number }>(sql, epoch, from).toArray();
  }
}

interface Summed {
  /** The first segment that is summed up. */
  readonly from: number;
  /** Whether these are all blocks, and no segment will be added. */
  readonly isOver: boolean;
  readonly blocks: readonly IndexedBlock[];
}
type BlockColumns = { msn: number; at: number; segments: number; units: number; bytes: number };
type TimelineColumns = { epoch: string; startedAt: number; profile: string; liveFrom: number | null };
type SegmentColumns = { msn: number; at: number; units: number; bytes: number };

function toTimeline(row: TimelineColumns): IndexedTimeline | null {
  const profile = readProfile(row.profile);
  if (profile === null) console.warn(`The profile of timeline ${row.epoch} can not be read.`);
  return profile && { ...row, profile };
}
