import type { DateRange } from "../hls/date-range.ts";
import { Past } from "../hls/past.ts";
import { multivariantPlaylist } from "../hls/playlist.ts";
import { replayPlaylist, wholePlaylist, wholeWindow } from "../hls/whole.ts";
import { firstListed } from "../hls/window.ts";
import { lists, uris } from "../lifeboat.ts";
import { AU_SAMPLES, samples } from "../media.ts";
import { keptNames, keptNamesFromOutside } from "../paths.ts";
import { bandwidthOf } from "./bandwidth.ts";
import { storedRanges } from "./date-ranges.ts";
import type { Life } from "./life.ts";
import type { Outbox } from "./outbox.ts";
import { type ReplayedTimeline, replayOf } from "./replay.ts";
import type { IndexedSegment, IndexedTimeline } from "./segment-index.ts";
import type { Store } from "./store.ts";

/** Segments that a timeline's list has while more may come: half a minute, as the live list has. */
const LISTED = 15;
/** Rows that are read of the index at a time. */
const PAGE = 1_000;

/** A list that is to be put. */
export interface OwedList {
  readonly key: string;
  /** Whether no later one is to follow under this key. */
  readonly isLast: boolean;
  /** Made when it is put: until then more may have come. */
  text(): string;
  /** R2 has it. */
  isPut(): void;
}

/** Which lists of a show's copy R2 is to have next: none names a segment that is not there. */
export class LifeboatLists {
  readonly #store: Store;
  readonly #outbox: Outbox;
  readonly #life: () => Life;
  /** The epochs of the timelines that it is about. */
  readonly #epochs: Set<string>;
  // What this object has put; one that is made anew puts it once more.
  /** The last segment of each timeline's list. */
  readonly #listed = new Map<string, number>();
  /** The timelines whose lists say that they are over. */
  readonly #over = new Set<string>();
  /** What the show's list names; null: nothing that was put. */
  #named: string | null = null;
  #hasReplay = false;

  constructor(store: Store, outbox: Outbox, life: () => Life) {
    this.#store = store;
    this.#outbox = outbox;
    this.#life = life;
    this.#epochs = new Set(store.lifeboat.all());
  }

  /** R2 has one more segment of a timeline. */
  kept(epoch: string): void {
    if (this.#epochs.has(epoch)) return;
    this.#store.lifeboat.put(epoch);
    this.#epochs.add(epoch);
  }

  /** A list under this key may have come to R2 after a later one. */
  mayBeOld(key: string): void {
    for (const epoch of this.#epochs) if (key === lists.timeline(this.#id, epoch)) this.#listed.delete(epoch);
  }

  /** The list that is to be put next; null where R2 has all. */
  next(): OwedList | null {
    // The newest timeline first, which players are at.
    for (const epoch of [...this.#epochs].sort().reverse()) {
      const owed = this.#over.has(epoch) ? null : (this.#ofTimeline(epoch) ?? this.#ofShow(epoch));
      if (owed !== null) return owed;
    }
    return this.#atTheEnd();
  }

  /** The list of a timeline, where R2 has more of it than it lists. */
  #ofTimeline(epoch: string): OwedList | null {
    const timeline = this.#store.index.timelines().find((one) => one.epoch === epoch);
    const waiting = this.#outbox.waiting(epoch);
    const last = this.#store.index.last(epoch, waiting, 1)[0];
    if (timeline === undefined || last === undefined) return null;
    const isOver = waiting === null && !this.#goesOn(epoch);
    if (!isOver && (last.msn === this.#listed.get(epoch) || !hasBegun(timeline, last))) return null;
    return {
      key: lists.timeline(this.#id, epoch),
      isLast: isOver,
      text: () => {
        const segments = sinceHole(this.#store.index.last(epoch, last.msn + 1, LISTED));
        const window = wholeWindow(timeline, segments, this.#rangesOf(epoch), isOver);
        return wholePlaylist(window, keptNames);
      },
      isPut: () => {
        this.#listed.set(epoch, last.msn);
        if (isOver) this.#over.add(epoch);
      },
    };
  }

  /** The list of the show, where it is to name a timeline whose list is there. */
  #ofShow(epoch: string): OwedList | null {
    const isNewest = epoch === this.#life().row.timeline?.epoch;
    return isNewest && this.#listed.has(epoch) ? this.#naming(uris.timeline(epoch), false) : null;
  }

  /** Where a show is over and all of it is in R2, the list of all of it, and the show's list that names it. */
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
      isPut: () => {
        this.#hasReplay = true;
      },
    };
  }

  /** The show's list, where it does not name a list yet; with the last one, nothing is owed any more. */
  #naming(uri: string, isLast: boolean): OwedList | null {
    if (this.#named === uri && !isLast) return null;
    const { title, bitrate } = this.#life().row;
    const text = () => multivariantPlaylist({ uri, ...bandwidthOf(bitrate), title });
    const isPut = () => {
      this.#named = uri;
      if (isLast) this.#finish();
    };
    return { key: lists.show(this.#id), isLast, text, isPut };
  }

  #finish(): void {
    this.#store.lifeboat.clear();
    this.#epochs.clear();
  }

  /**
   * All segments of these timelines. They are numbered back from the last timeline's, as the relay's own replay is, which a player may
   * have begun with.
   */
  #replay(timelines: readonly ReplayedTimeline[]): string {
    const { index } = this.#store;
    const spans = timelines.map(({ epoch, firstMsn }) => (index.lastMsn(epoch) ?? firstMsn) + 1 - firstMsn);
    const before = spans.slice(0, -1).reduce((sum, span) => sum + span, 0);
    const past = new Past(Math.max(0, (timelines.at(-1)?.firstMsn ?? 0) - before), 0, true);
    for (const { epoch, startedAt, profile, firstMsn } of timelines) {
      past.turnTo({ startedAt, profile, names: keptNamesFromOutside(epoch) }, firstMsn);
      for (let page = index.segments(epoch, firstMsn, PAGE); page.length > 0; ) {
        for (const { msn, at, units } of page) past.add({ msn, at, duration: samples(units * AU_SAMPLES) });
        page = index.segments(epoch, (page.at(-1)?.msn ?? 0) + 1, PAGE);
      }
    }
    return replayPlaylist(past);
  }

  /** What has happened on a timeline, as lists of it may tell. */
  #rangesOf(epoch: string): readonly DateRange[] {
    const life = this.#life();
    const isRunning = life.kind === "running" && life.row.timeline.epoch === epoch;
    return isRunning ? life.timeline.window.dateRanges : storedRanges(this.#store.log, epoch);
  }

  /** Whether there may be more of a timeline. */
  #goesOn(epoch: string): boolean {
    const life = this.#life();
    return (life.kind === "running" || life.kind === "standing") && life.row.timeline.epoch === epoch;
  }

  get #id(): string {
    return this.#life().row.id;
  }
}

/** Whether there is as much of a timeline as a first list has, that of segment `last` included. */
function hasBegun({ profile }: IndexedTimeline, last: IndexedSegment): boolean {
  return last.at + last.units * AU_SAMPLES >= firstListed(profile);
}

/** The last of some segments: those since the last ones that were given up. A list can not leave one out. */
function sinceHole(segments: readonly IndexedSegment[]): readonly IndexedSegment[] {
  const hole = segments.findLastIndex(({ msn }, n) => n > 0 && segments[n - 1]?.msn !== msn - 1);
  return segments.slice(Math.max(0, hole));
}
