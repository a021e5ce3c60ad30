import { rewindPlaylist, rewindSkippedUntil } from "../hls/rewind.ts";
import { firstListedOf, RewindText, type RewindTimeline } from "../hls/rewind-text.ts";
import { lastMsn, type Window } from "../hls/window.ts";
import type { FormerTimeline } from "../live-edge.ts";
import { AU_SAMPLES, samples } from "../media.ts";
import { names, namesFromOutside, type ReplayFrom } from "../paths.ts";
import { type ReplayedTimeline, replayOf } from "./replay.ts";
import type { SegmentIndex } from "./segment-index.ts";

/**
 * Earlier timelines that a list has at most, the newest. With every list the edge is told of those that any list has: twice as
 * many at most, some 25 bytes each.
 */
const MOST_FORMER = 100;
/** Rows read from the segment index at a time. */
const PAGE = 1_000;
/** A running show's list is forgotten after this long without a request, ms: the list of a day takes 3.4 MB. */
const IDLE_MS = 60_000;

/** A rewind list that has been asked for. */
interface Made {
  readonly past: RewindText;
  askedAt: number;
  rendered: { readonly window: Window; full: string | null; delta: string | null } | null;
}

/**
 * The rewind lists: they name the whole show, so that players can rewind. What a list has before the window is read from the
 * segment index once. After that, each segment is added as it leaves the window.
 */
export class Rewinds {
  readonly #index: SegmentIndex;
  #epoch: string | null = null;
  #former: readonly FormerTimeline[] | null = null;
  readonly #made = new Map<ReplayFrom, Made>();

  constructor(index: SegmentIndex) {
    this.#index = index;
  }

  /**
   * Returns what rewind lists may have of the timelines before the window's, oldest first: all of each timeline that either
   * list names. The list from "live" names older ones where many timelines without a host lie between.
   */
  former(window: Window): readonly FormerTimeline[] {
    this.#turnTo(window);
    this.#former ??= this.#spansOf(this.#beforeInAnyList(window));
    return this.#former;
  }

  /**
   * Returns what the list has before the window. Null while the window's timeline has no finished segment for it; once that
   * timeline has ended, earlier timelines are enough.
   */
  past(window: Window, from: ReplayFrom, now: number): RewindText | null {
    this.#turnTo(window);
    const made = this.#made.get(from) ?? this.#make(window, from, now);
    if (made === null) return null;
    made.askedAt = now;
    const { past } = made;
    this.#addTo(past, window.epoch, past.next, window.firstMsn - 1);
    return past;
  }

  /** Whether players can begin with the list: three segments of its last timeline are finished, or the show has ended. */
  isReady(window: Window, from: ReplayFrom, now: number): boolean {
    const past = this.past(window, from, now);
    return past !== null && (window.ended || lastMsn(window) - past.timelineFirst >= 2);
  }

  /** Whether a list has been asked for in the last minute. */
  get isAskedFor(): boolean {
    return this.#made.size > 0;
  }

  /** Returns the number of the first segment in a delta update; null if there is none. {@link past} must have made the list. */
  skippedUntil(window: Window, from: ReplayFrom): number | null {
    return rewindSkippedUntil(window, this.#of(from).past);
  }

  /** Returns the list, or a delta update of it. {@link past} must have made the list. */
  render(window: Window, from: ReplayFrom, isDelta: boolean): string {
    const made = this.#of(from);
    if (made.rendered?.window !== window) made.rendered = { window, full: null, delta: null };
    const { past, rendered } = made;
    if (isDelta) rendered.delta ??= rewindPlaylist(window, past, names, { skip: true });
    else rendered.full ??= rewindPlaylist(window, past, names);
    return (isDelta ? rendered.delta : rendered.full) ?? "";
  }

  /** Forgets the lists that nobody has asked for in the last minute. */
  forgetIdle(now: number): void {
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

  #before(window: Window, from: ReplayFrom): ReplayedTimeline[] {
    return this.#allBefore(window, from).slice(-MOST_FORMER);
  }

  #allBefore({ epoch }: Window, from: ReplayFrom): ReplayedTimeline[] {
    return replayOf(this.#index, from).filter((timeline) => timeline.epoch < epoch);
  }

  #beforeInAnyList(window: Window): ReplayedTimeline[] {
    const live = new Set(this.#before(window, "live").map(({ epoch }) => epoch));
    const all = this.#allBefore(window, "open");
    return all.filter(({ epoch }, n) => n >= all.length - MOST_FORMER || live.has(epoch));
  }

  #spansOf(timelines: readonly ReplayedTimeline[]): FormerTimeline[] {
    return timelines.map(({ epoch, firstMsn }) => {
      return { epoch, firstMsn, lastMsn: this.#index.lastMsn(epoch) ?? firstMsn };
    });
  }

  /**
   * Makes the list up to the window. Segments of earlier timelines are numbered backwards from the first one of the window's
   * timeline that the list has. Numbers continue from timeline to timeline (`TimelineRow.fromMsn`), so there are enough: the
   * list has at most as many segments as there are numbers.
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
    const past = new RewindText(first, left, first === begins);
    let number = begins;
    for (const [n, timeline] of before.entries()) {
      const { epoch, firstMsn, lastMsn } = spans[n] as FormerTimeline;
      const fromMsn = firstMsn + Math.max(0, first - number);
      number += lastMsn - firstMsn + 1;
      if (fromMsn > lastMsn) continue;
      past.beginTimeline(rewindTimelineOf(timeline, namesFromOutside(epoch)), fromMsn);
      this.#addTo(past, epoch, fromMsn, lastMsn);
    }
    if (own !== undefined) past.beginTimeline(rewindTimelineOf(own, names), Math.max(first, turnsAt));
    const made: Made = { past, askedAt: now, rendered: null };
    this.#made.set(from, made);
    return made;
  }

  /** Adds a timeline's segments `from` to `to`, both included. */
  #addTo(past: RewindText, epoch: string, from: number, to: number): void {
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

/**
 * Returns how many timelines have left a list altogether. The first timeline begins with number `begins`; the list has the
 * segments from number `first` on.
 */
function countLeft(spans: readonly FormerTimeline[], begins: number, first: number): number {
  let number = begins;
  const ends = spans.map(({ firstMsn, lastMsn }) => {
    number += lastMsn - firstMsn + 1;
    return number;
  });
  return ends.filter((end) => end <= first).length;
}

function rewindTimelineOf(
  { startedAt, profile }: ReplayedTimeline,
  of: RewindTimeline["names"],
): RewindTimeline {
  return { startedAt, profile, names: of };
}
