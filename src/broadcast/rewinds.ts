import { firstListedOf, Past, type PastTimeline } from "../hls/past.ts";
import { rewindPlaylist, rewindSkippedUntil } from "../hls/rewind.ts";
import { lastMsn, type Window } from "../hls/window.ts";
import type { FormerTimeline } from "../live-edge.ts";
import { AU_SAMPLES, samples } from "../media.ts";
import { names, namesFromOutside, type ReplayFrom } from "../paths.ts";
import { type ReplayedTimeline, replayOf } from "./replay.ts";
import type { SegmentIndex } from "./segment-index.ts";

/** Timelines before the present one that lists have at most, the newest: the edge is told of each with every list. */
const MOST_FORMER = 100;
/** Rows that are read of the index at a time. */
const PAGE = 1_000;
/** A list of a running show that nobody has asked for in so long is forgotten, milliseconds: one of a day has 3.4 MB. */
const IDLE_MS = 60_000;

/** A list that has been asked for. */
interface Made {
  readonly past: Past;
  askedAt: number;
  rendered: { readonly window: Window; full: string | null; delta: string | null } | null;
}

/**
 * The lists of the whole show, from which players rewind. What comes before the window is read from the index once, and then
 * segment by segment as they leave the window.
 */
export class Rewinds {
  readonly #index: SegmentIndex;
  #epoch: string | null = null;
  #former: readonly FormerTimeline[] | null = null;
  readonly #made = new Map<ReplayFrom, Made>();

  constructor(index: SegmentIndex) {
    this.#index = index;
  }

  /** What the window's lists may have of the timelines before it, the oldest first. */
  former(window: Window): readonly FormerTimeline[] {
    this.#turnTo(window);
    this.#former ??= this.#spansOf(this.#before(window, "open"));
    return this.#former;
  }

  /** What the list has before the window; null where it has nothing, of which no segment is finished yet. */
  past(window: Window, from: ReplayFrom, now: number): Past | null {
    this.#turnTo(window);
    const made = this.#made.get(from) ?? this.#make(window, from, now);
    if (made === null) return null;
    made.askedAt = now;
    const { past } = made;
    this.#addTo(past, window.epoch, past.next, window.firstMsn - 1);
    return past;
  }

  /** Whether a player can begin with the list: three segments of it are finished, or the show has ended. */
  isReady(window: Window, from: ReplayFrom, now: number): boolean {
    const past = this.past(window, from, now);
    return past !== null && (window.ended || lastMsn(window) - past.turnedAt >= 2);
  }

  /** Whether a list has been asked for in the last minute. */
  get isAskedFor(): boolean {
    return this.#made.size > 0;
  }

  /** The number of the first segment that a delta update has; null where there is none. {@link past} has been asked for. */
  skippedUntil(window: Window, from: ReplayFrom): number | null {
    return rewindSkippedUntil(window, this.#of(from).past);
  }

  /** The list, or a delta update of it. {@link past} has been asked for. */
  render(window: Window, from: ReplayFrom, isDelta: boolean): string {
    const made = this.#of(from);
    if (made.rendered?.window !== window) made.rendered = { window, full: null, delta: null };
    const { past, rendered } = made;
    if (isDelta) rendered.delta ??= rewindPlaylist(window, past, names, { skip: true });
    else rendered.full ??= rewindPlaylist(window, past, names);
    return (isDelta ? rendered.delta : rendered.full) ?? "";
  }

  /** Forgets what nobody has asked for in a while. */
  rest(now: number): void {
    for (const [from, { askedAt }] of this.#made) if (now - askedAt > IDLE_MS) this.#made.delete(from);
  }

  #of(from: ReplayFrom): Made {
    const made = this.#made.get(from);
    if (made === undefined) throw new Error("the list has nothing");
    return made;
  }

  #turnTo({ epoch }: Window): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#former = null;
    this.#made.clear();
  }

  #before({ epoch }: Window, from: ReplayFrom): ReplayedTimeline[] {
    return replayOf(this.#index, from)
      .filter((timeline) => timeline.epoch < epoch)
      .slice(-MOST_FORMER);
  }

  #spansOf(timelines: readonly ReplayedTimeline[]): FormerTimeline[] {
    return timelines.map(({ epoch, firstMsn }) => {
      return { epoch, firstMsn, lastMsn: this.#index.lastMsn(epoch) ?? firstMsn };
    });
  }

  /**
   * Segments of timelines before the window's are numbered back from its first one's: numbers go on from timeline to timeline
   * (`TimelineRow.fromMsn`), and the list has at most as many segments as there are numbers.
   */
  #make(window: Window, from: ReplayFrom, now: number): Made | null {
    const own = replayOf(this.#index, from).find(({ epoch }) => epoch === window.epoch);
    const before = this.#before(window, from);
    if (own === undefined && (before.length === 0 || !window.ended)) return null;
    const turnsAt = own?.firstMsn ?? lastMsn(window) + 1;
    const spans = this.#spansOf(before);
    const begins = spans.reduce(
      (number, { firstMsn, lastMsn }) => number - (lastMsn - firstMsn + 1),
      turnsAt,
    );
    const first = Math.max(0, firstListedOf(begins, Math.max(turnsAt, window.firstMsn) - 1));
    const left = countLeft(spans, begins, first);
    const past = new Past(first, left, first === begins);
    let number = begins;
    for (const [n, timeline] of before.entries()) {
      const { epoch, firstMsn, lastMsn } = spans[n] as FormerTimeline;
      const fromMsn = firstMsn + Math.max(0, first - number);
      number += lastMsn - firstMsn + 1;
      if (fromMsn > lastMsn) continue;
      past.turnTo(pastOf(timeline, namesFromOutside(epoch)), fromMsn);
      this.#addTo(past, epoch, fromMsn, lastMsn);
    }
    if (own !== undefined) past.turnTo(pastOf(own, names), Math.max(first, turnsAt));
    const made: Made = { past, askedAt: now, rendered: null };
    this.#made.set(from, made);
    return made;
  }

  /** Adds a timeline's segments from one number to another. */
  #addTo(past: Past, epoch: string, from: number, to: number): void {
    for (let next = from; next <= to; ) {
      const page = this.#index.segments(epoch, next, Math.min(PAGE, to - next + 1));
      const rows = page.filter(({ msn }) => msn <= to);
      for (const { msn, at, units } of rows) past.add({ msn, at, duration: samples(units * AU_SAMPLES) });
      const last = rows.at(-1);
      if (last === undefined) return;
      next = last.msn + 1;
    }
  }
}

/** How many timelines have left a list altogether whose first one begins with number `begins`, and which has them from `first` on. */
function countLeft(spans: readonly FormerTimeline[], begins: number, first: number): number {
  let number = begins;
  const ends = spans.map(({ firstMsn, lastMsn }) => {
    number += lastMsn - firstMsn + 1;
    return number;
  });
  return ends.filter((end) => end <= first).length;
}

function pastOf({ startedAt, profile }: ReplayedTimeline, of: PastTimeline["names"]): PastTimeline {
  return { startedAt, profile, names: of };
}
