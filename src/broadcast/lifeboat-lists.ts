import { multivariantPlaylist } from "../hls/playlist.ts";
import { replayPlaylist, type Stretch, wholePlaylist, wholeWindow } from "../hls/whole.ts";
import { firstListed } from "../hls/window.ts";
import { lists, uris } from "../lifeboat.ts";
import { AU_SAMPLES } from "../media.ts";
import { keptNames } from "../paths.ts";
import { bandwidthOf } from "./bandwidth.ts";
import { storedRanges } from "./date-ranges.ts";
import type { Life } from "./life.ts";
import type { LifeboatRow } from "./lifeboat-rows.ts";
import type { Outbox } from "./outbox.ts";
import { replayOf } from "./replay.ts";
import type { IndexedSegment, IndexedTimeline } from "./segment-index.ts";
import type { Store } from "./store.ts";

/** Segments that a timeline's list has while more may come: half a minute, as the live list has. */
const LISTED = 15;
/** Segments that the list of a whole show has at most, 12 hours of 1.92 s and 1.9 MB of text; of a longer show the last. */
const MOST_REPLAYED = 22_500;

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
  readonly #rows: Map<string, LifeboatRow>;
  /** The last segment of each timeline's list in R2, where this object has put it. */
  readonly #listed = new Map<string, number>();
  #hasReplay = false;

  constructor(store: Store, outbox: Outbox, life: () => Life) {
    this.#store = store;
    this.#outbox = outbox;
    this.#life = life;
    this.#rows = new Map(store.lifeboat.all().map((row) => [row.epoch, row]));
  }

  /** R2 has one more segment of a timeline. */
  kept(epoch: string): void {
    if (!this.#rows.has(epoch)) this.#note({ epoch, isNamed: false, isOver: false });
  }

  /** A list under this key may have come to R2 after a later one. */
  mayBeOld(key: string): void {
    for (const epoch of this.#rows.keys())
      if (key === lists.timeline(this.#id, epoch)) this.#listed.delete(epoch);
  }

  /** The list that is to be put next; null where R2 has all. */
  next(): OwedList | null {
    // The newest timeline first, which players are at.
    for (const row of [...this.#rows.values()].sort((a, b) => (a.epoch < b.epoch ? 1 : -1))) {
      const owed = row.isOver ? null : (this.#ofTimeline(row) ?? this.#ofShow(row));
      if (owed !== null) return owed;
    }
    return this.#atTheEnd();
  }

  /** The list of a timeline, where R2 has more of it than it lists. */
  #ofTimeline(row: LifeboatRow): OwedList | null {
    const { epoch } = row;
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
        const segments = withoutHoles(this.#store.index.last(epoch, last.msn + 1, LISTED)).at(-1) ?? [];
        return wholePlaylist(this.#stretch(timeline, segments, isOver, ""));
      },
      isPut: () => {
        this.#listed.set(epoch, last.msn);
        if (isOver) this.#note({ ...row, isOver });
      },
    };
  }

  /** The list of the show, where it is to name a timeline whose list is there. */
  #ofShow(row: LifeboatRow): OwedList | null {
    const isNewest = row.epoch === this.#life().row.timeline?.epoch;
    if (row.isNamed || !isNewest || !this.#listed.has(row.epoch)) return null;
    return this.#named(uris.timeline(row.epoch), false, () => this.#note({ ...row, isNamed: true }));
  }

  /** Where a show is over and all of it is in R2, the list of all of it, and the show's list that names it. */
  #atTheEnd(): OwedList | null {
    const { row, kind } = this.#life();
    if (kind !== "ended" || this.#rows.size === 0 || this.#outbox.next() !== null) return null;
    const finish = () => {
      this.#store.lifeboat.clear();
      this.#rows.clear();
    };
    const replayed = replayOf(this.#store.index, "live");
    if (replayed.length === 0) {
      const epoch = row.timeline?.epoch ?? "";
      if (this.#rows.get(epoch)?.isNamed === false) return this.#named(uris.timeline(epoch), true, finish);
      finish();
      return null;
    }
    if (this.#hasReplay) return this.#named(uris.replay, true, finish);
    return {
      key: lists.replay(this.#id),
      isLast: true,
      text: () => {
        let room = MOST_REPLAYED;
        const stretches = replayed.toReversed().flatMap((timeline) => {
          const { epoch, firstMsn } = timeline;
          const segments = this.#store.index.last(epoch, null, room).filter(({ msn }) => msn >= firstMsn);
          room -= segments.length;
          const parts = withoutHoles(segments).reverse();
          return parts.map((part) => this.#stretch(timeline, part, true, `../${epoch}/`));
        });
        return replayPlaylist(stretches.reverse());
      },
      isPut: () => {
        this.#hasReplay = true;
      },
    };
  }

  #named(uri: string, isLast: boolean, isPut: () => void): OwedList {
    const { title, bitrate } = this.#life().row;
    const text = () => multivariantPlaylist({ uri, ...bandwidthOf(bitrate), title });
    return { key: lists.show(this.#id), isLast, text, isPut };
  }

  #stretch(
    timeline: IndexedTimeline,
    segments: readonly IndexedSegment[],
    isOver: boolean,
    folder: string,
  ): Stretch {
    const life = this.#life();
    const isRunning = life.kind === "running" && life.row.timeline.epoch === timeline.epoch;
    const ranges = isRunning
      ? life.timeline.window.dateRanges
      : storedRanges(this.#store.log, timeline.epoch);
    return {
      window: wholeWindow(timeline, segments, ranges, isOver),
      names: { init: folder + keptNames.init, segment: (msn) => folder + keptNames.segment(msn) },
    };
  }

  /** Whether there may be more of a timeline. */
  #goesOn(epoch: string): boolean {
    const life = this.#life();
    return (life.kind === "running" || life.kind === "standing") && life.row.timeline.epoch === epoch;
  }

  #note(row: LifeboatRow): void {
    this.#store.lifeboat.put(row);
    this.#rows.set(row.epoch, row);
  }

  get #id(): string {
    return this.#life().row.id;
  }
}

/** Whether there is as much of a timeline as a first list has, that of segment `last` included. */
function hasBegun({ profile }: IndexedTimeline, last: IndexedSegment): boolean {
  return last.at + last.units * AU_SAMPLES >= firstListed(profile);
}

/** Segments that follow each other, in groups: between two of these, some were given up. */
function withoutHoles(segments: readonly IndexedSegment[]): IndexedSegment[][] {
  const groups: IndexedSegment[][] = [];
  for (const segment of segments) {
    const group = groups.at(-1);
    if (group?.at(-1)?.msn === segment.msn - 1) group.push(segment);
    else groups.push([segment]);
  }
  return groups;
}
