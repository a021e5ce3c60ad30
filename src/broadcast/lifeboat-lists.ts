import type { DateRange } from "../hls/date-range.ts";
import { multivariantPlaylist } from "../hls/playlist.ts";
import { RewindText } from "../hls/rewind-text.ts";
import { replayPlaylist, wholePlaylist, wholeWindow } from "../hls/stored-playlist.ts";
import { firstListDuration } from "../hls/window.ts";
import { AU_SAMPLES, samples } from "../media.ts";
import { keptNames, keptNamesFromOutside, lists, uris } from "../r2-keys.ts";
import { bandwidthOf } from "./bandwidth.ts";
import { storedRanges } from "./date-ranges.ts";
import type { Life } from "./life.ts";
import type { Outbox } from "./outbox.ts";
import { type ReplayedTimeline, replayOf } from "./replay.ts";
import type { IndexedSegment, IndexedTimeline } from "./segment-index.ts";
import type { Store } from "./store.ts";

/** Segments in the list of a timeline that may still grow: half a minute, as in the live list. */
const LISTED_SEGMENTS = 15;
/** Rows read from the segment index at a time. */
const PAGE = 1_000;

/** A list that R2 is owed. */
export interface OwedList {
  readonly key: string;
  /** Whether this is the last list under this key. */
  readonly isLast: boolean;
  /** Renders the list when it is put. Its last segment is fixed before; title and date ranges are the newest then. */
  text(): string;
  /** Notes that R2 has the list. */
  markPut(): void;
}

/** Decides which list of a show's copy R2 gets next. No list names a segment that R2 does not hold. */
export class LifeboatLists {
  readonly #store: Store;
  readonly #outbox: Outbox;
  readonly #life: () => Life;
  /** Epochs of the timelines that have segments in R2. Empty once R2 has all lists of an ended show. */
  readonly #epochs: Set<string>;
  // The four fields below say what this object has put. After a restart, the new object puts everything once more.
  /** Media sequence number of the last segment in each timeline's list, by epoch. */
  readonly #listed = new Map<string, number>();
  /** Epochs of the timelines whose list has been put with its end. */
  readonly #over = new Set<string>();
  /** The URI in the show's list; null if no such list has been put. */
  #named: string | null = null;
  #hasReplay = false;

  constructor(store: Store, outbox: Outbox, life: () => Life) {
    this.#store = store;
    this.#outbox = outbox;
    this.#life = life;
    this.#epochs = new Set(store.lifeboat.all());
  }

  /** Notes that R2 has one more segment of a timeline. */
  markKept(epoch: string): void {
    if (this.#epochs.has(epoch)) return;
    this.#store.lifeboat.put(epoch);
    this.#epochs.add(epoch);
  }

  /** Notes that a late put may have overwritten a newer list under `key`: that list is owed again. */
  mayBeOld(key: string): void {
    if (key === lists.show(this.#id)) this.#named = null;
    for (const epoch of this.#epochs) if (key === lists.timeline(this.#id, epoch)) this.#listed.delete(epoch);
  }

  /** Returns the list to put next; null if R2 has them all. */
  next(): OwedList | null {
    // The newest timeline first: players are on it.
    for (const epoch of [...this.#epochs].sort().reverse()) {
      const owed = this.#over.has(epoch) ? null : (this.#ofTimeline(epoch) ?? this.#ofShow(epoch));
      if (owed !== null) return owed;
    }
    return this.#atTheEnd();
  }

  /**
   * Returns the list of a timeline if R2 has more of the timeline than its list names, or if the timeline is over. Until it is
   * over, the list needs the media of a first list.
   */
  #ofTimeline(epoch: string): OwedList | null {
    const timeline = this.#store.index.timeline(epoch);
    const waiting = this.#outbox.waiting(epoch);
    const last = this.#store.index.last(epoch, waiting, 1)[0];
    if (timeline === null || last === undefined) return null;
    const isOver = waiting === null && !this.#goesOn(epoch);
    if (!isOver && (last.msn === this.#listed.get(epoch) || !hasBegun(timeline, last))) return null;
    return {
      key: lists.timeline(this.#id, epoch),
      isLast: isOver,
      text: () => {
        const segments = sinceHole(this.#store.index.last(epoch, last.msn + 1, LISTED_SEGMENTS));
        const window = wholeWindow(timeline, segments, this.#rangesOf(epoch), isOver);
        return wholePlaylist(window, keptNames);
      },
      markPut: () => {
        this.#listed.set(epoch, last.msn);
        if (isOver) this.#end(epoch);
      },
    };
  }

  /**
   * Notes that R2 has a timeline's last list. A former timeline is owed nothing more. The newest one stays: the show's lists are
   * owed as long as there is one.
   */
  #end(epoch: string): void {
    this.#over.add(epoch);
    const newest = [...this.#epochs].sort().at(-1);
    for (const former of this.#over) {
      if (former === newest) continue;
      this.#store.lifeboat.drop(former);
      this.#epochs.delete(former);
      this.#over.delete(former);
      this.#listed.delete(former);
    }
  }

  /** Returns the show's list if `epoch` is the newest timeline, its own list is in R2, and the show's does not name it. */
  #ofShow(epoch: string): OwedList | null {
    const isNewest = epoch === this.#life().row.timeline?.epoch;
    return isNewest && this.#listed.has(epoch) ? this.#naming(uris.timeline(epoch), false) : null;
  }

  /**
   * Once a show has ended and R2 has all its media: returns the replay's list, then the show's list that names it. Without a
   * replay, the show's list names the newest timeline.
   */
  #atTheEnd(): OwedList | null {
    const { kind } = this.#life();
    if (kind !== "ended" || this.#epochs.size === 0 || this.#outbox.next() !== null) return null;
    const replayed = replayOf(this.#store.index, "live");
    const [newest = ""] = [...this.#epochs].sort().reverse();
    if (replayed.length === 0) return this.#naming(uris.timeline(newest), true);
    if (this.#hasReplay) return this.#naming(uris.replay, true);
    return {
      key: lists.replay(this.#id),
      isLast: true,
      text: () => this.#replay(replayed),
      markPut: () => {
        this.#hasReplay = true;
      },
    };
  }

  /** Returns the show's list, unless it names `uri` already. The last one is always put, and ends what R2 is owed. */
  #naming(uri: string, isLast: boolean): OwedList | null {
    if (this.#named === uri && !isLast) return null;
    const { title, bitrate } = this.#life().row;
    const text = () => multivariantPlaylist({ uri, ...bandwidthOf(bitrate), title });
    const markPut = () => {
      this.#named = uri;
      if (isLast) this.#finish();
    };
    return { key: lists.show(this.#id), isLast, text, markPut };
  }

  #finish(): void {
    this.#store.lifeboat.clear();
    this.#epochs.clear();
  }

  /**
   * Renders the list of all segments of these timelines. They are numbered backwards from the last timeline's first segment,
   * as in the relay's own replay: a player may have begun with that one.
   */
  #replay(timelines: readonly ReplayedTimeline[]): string {
    const { index } = this.#store;
    const spans = timelines.map(({ epoch, firstMsn }) => (index.lastMsn(epoch) ?? firstMsn) + 1 - firstMsn);
    const before = spans.slice(0, -1).reduce((sum, span) => sum + span, 0);
    const past = new RewindText(Math.max(0, (timelines.at(-1)?.firstMsn ?? 0) - before), 0, true);
    for (const { epoch, startedAt, profile, firstMsn } of timelines) {
      past.beginTimeline({ startedAt, profile, names: keptNamesFromOutside(epoch) }, firstMsn);
      for (let page = index.segments(epoch, firstMsn, PAGE); page.length > 0; ) {
        for (const { msn, at, units } of page) past.add({ msn, at, duration: samples(units * AU_SAMPLES) });
        page = index.segments(epoch, (page.at(-1)?.msn ?? 0) + 1, PAGE);
      }
    }
    return replayPlaylist(past);
  }

  /** Returns the date ranges that a timeline's list may have. */
  #rangesOf(epoch: string): readonly DateRange[] {
    const life = this.#life();
    const isRunning = life.kind === "running" && life.row.timeline.epoch === epoch;
    return isRunning ? life.timeline.window.dateRanges : storedRanges(this.#store.log, epoch);
  }

  /** Whether a timeline may still grow. */
  #goesOn(epoch: string): boolean {
    const life = this.#life();
    return (life.kind === "running" || life.kind === "standing") && life.row.timeline.epoch === epoch;
  }

  get #id(): string {
    return this.#life().row.id;
  }
}

/** Whether a timeline has enough media for a first list, up to and including segment `last`. */
function hasBegun({ profile }: IndexedTimeline, last: IndexedSegment): boolean {
  return last.at + last.units * AU_SAMPLES >= firstListDuration(profile);
}

/** Returns the segments after the last gap, where some were given up. A list cannot leave a segment out. */
function sinceHole(segments: readonly IndexedSegment[]): readonly IndexedSegment[] {
  const hole = segments.findLastIndex(({ msn }, n) => n > 0 && segments[n - 1]?.msn !== msn - 1);
  return segments.slice(Math.max(0, hole));
}
