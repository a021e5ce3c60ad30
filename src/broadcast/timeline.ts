import aacNames from "../../dist/aac.json";
import aacModule from "../../dist/aac.wasm";
import { openAac } from "../audio/aac.ts";
import { Contexts } from "../audio/contexts.ts";
import { initSegment } from "../hls/cmaf.ts";
import type { DateRange } from "../hls/date-range.ts";
import { type Cut, Segmenter } from "../hls/segmenter.ts";
import {
  addCut,
  emptyWindow,
  endWindow,
  firstListDuration,
  listedEnd,
  msnBefore,
  oldestFetchableMsn,
  type Window,
  withDateRange,
  withOldest,
} from "../hls/window.ts";
import { AU_SAMPLES, fromMillis, type Profile, type Samples, samples, toMillis } from "../media.ts";
import { storedRanges } from "./date-ranges.ts";
import { HoldLine } from "./hold-line.ts";
import type { HoldWish } from "./hold-plan.ts";
import { listedAfter, Pipeline } from "./pipeline.ts";
import type { Published } from "./reads.ts";
import { Ring } from "./ring.ts";
import type { EndedRow, RunningRow, TimelineRow } from "./show-row.ts";
import type { Store } from "./store.ts";

/** Access units made in one go when catching up: 128 ms of sound. That takes some milliseconds, while the sockets wait. */
const CATCH_UP_UNITS = 6;
/** Segments that a restart reads back: more than listeners may still ask for (oldestFetchableMsn, hls/window.ts). */
const REBUILT_SEGMENTS = 40;
/** The longest interruption that is filled with silence, ms. After a longer one, a new timeline begins under a new epoch. */
const LONGEST_FILL_MS = 10 * 60_000;

/**
 * Returns by how many milliseconds a timeline begins before its doors open. It begins with the silence of a whole first list,
 * so that the first listener need not wait for that list.
 */
export function leadMillis(profile: Profile): number {
  return Math.ceil(toMillis(listedAfter(firstListDuration(profile))));
}

/** All encoders of this isolate. */
const contexts = new Contexts(aacModule, aacNames);

/** Whole segments whose parts stay in memory: those whose parts are listed. Older parts are read from the store. */
const RING_SEGMENTS = 5;

/**
 * A show's running timeline: the pipeline, the window, and the bytes of recent parts. It is made from the store. So after a
 * restart it goes on exactly where the last stored part ended, and the time between is filled with silence.
 */
export class Timeline {
  readonly init: Uint8Array;
  ring: Ring;
  pipeline: Pipeline;
  window: Window;
  readonly hold: HoldLine;
  readonly #bitrate: number;
  readonly #startedAt: number;
  readonly #store: Store;

  /** Goes on where the stored parts end. Throws if the stored parts do not fit the timeline, or the encoder refuses it. */
  constructor({ state, bitrate, timeline, held }: RunningRow, store: Store) {
    const { window, ring } = rebuild(timeline, store);
    const open = window.open;
    if (open === null) throw new Error("a running show has an open segment");
    const last = window.segments.at(-1);
    if (last !== undefined && last.duration !== timeline.profile.segmentUnits * AU_SAMPLES)
      throw new RangeError(`segment ${last.msn} is not one of its timeline: it has ${last.duration} samples`);
    this.#store = store;
    this.#bitrate = bitrate;
    this.#startedAt = timeline.startedAt;
    this.window = window;
    this.ring = ring;
    const at = listedEnd(window);
    const encoder = openAac(contexts, { bitrate, at });
    const parts = store.partsOf(open.msn);
    const segmenter = new Segmenter(timeline.profile, { msn: open.msn, at: open.at, parts });
    // The start of hold audio is stored before the part that contains it, and may lie after the last stored part.
    const since = held && { ...held, from: samples(Math.min(held.from, at)) };
    this.hold = new HoldLine(since, samples(3 * timeline.profile.partUnits * AU_SAMPLES));
    this.pipeline = new Pipeline(encoder, segmenter, at, this.hold);
    this.init = initSegment(encoder.config, { bitrate });
    store.putInit(this.init);
    store.index.begin(timeline);
    // The show may have gone live under a deploy that had no segment index.
    if (state === "live") store.index.goLive(timeline.epoch, open.msn);
  }

  /** Returns why the timeline cannot go on at wall-clock time `wall`, as the end of a sentence; null if it can. */
  staleness(wall: number): string | null {
    const stood = wall - this.listedUntil;
    if (Math.abs(stood) <= LONGEST_FILL_MS) return null;
    const seconds = Math.round(Math.abs(stood) / 1000);
    return stood > 0 ? `it stood still for ${seconds} s` : `the clock was set back by ${seconds} s`;
  }

  /** The time at which the listed media ends, ms since 1970. */
  get listedUntil(): number {
    return this.#startedAt + toMillis(listedEnd(this.window));
  }

  /** Returns the milliseconds from `now` until something is due; 0 if something is due already. */
  millisUntilDue(now: number): number {
    return Math.max(0, Math.ceil(this.#dueAt - now));
  }

  /** Takes one message from a host's socket, which came at `now`. */
  hear(session: string, message: Uint8Array, now: number): void {
    this.pipeline.hear(session, message, this.#at(now));
  }

  /** Makes and lists what is due at `now`. Returns when each of the new parts ends, in show time. */
  advance(now: number, holdWish: HoldWish): number[] {
    const cuts = this.pipeline.advance(this.#at(now), CATCH_UP_UNITS, holdWish);
    for (const cut of cuts) this.#list(cut);
    return cuts.map(({ part }) => this.#startedAt + toMillis(part.at + part.duration));
  }

  /** Whether the timeline can be left alone for a while: it makes only silence, and lists name whole segments alone. */
  get mayRest(): boolean {
    return !this.pipeline.hasHosts && !this.hold.sounds && this.window.open?.parts.length === 0;
  }

  /**
   * Makes all that fell due during a rest: silence, and hold audio at its end, if wanted. With `passesOver`, it makes only
   * what the list due at `now` names; that list is the same, to the byte. Returns whether a part was made.
   */
  wake(now: number, passesOver: boolean, holdWish: HoldWish): boolean {
    const hasPassed = passesOver && this.#passOver(this.#at(now));
    let hasMade = false;
    while (this.millisUntilDue(now) === 0) hasMade = this.advance(now, holdWish).length > 0 || hasMade;
    // Not earlier: a restart meanwhile would find nothing in the store to go on from.
    if (hasPassed) this.#store.prune(this.window.firstMsn);
    return hasMade;
  }

  /** Notes that the first host was heard, in the last `millis` ms. The replay begins with the segment being made then. */
  goLive(millis: number): void {
    this.#store.index.goLive(this.window.epoch, msnBefore(this.window, millis));
  }

  /** Adds an event to the window; lists name it from the next part on. */
  addDateRange(range: Omit<DateRange, "listed">): void {
    this.window = withDateRange(this.window, range);
  }

  /** Ends the timeline: closes the last part and segment, and the list. */
  finish(): void {
    for (const cut of this.pipeline.finish()) this.#list(cut);
    this.window = endWindow(this.window);
  }

  /** Releases the encoder of a timeline that does not go on. */
  abandon(): void {
    this.pipeline.abandon();
  }

  /** Returns the timeline position at `now`. */
  #at(now: number): Samples {
    return fromMillis(now - this.#startedAt);
  }

  /** Skips what comes before the list that is due at `now`. Returns false if that list names segments that exist already. */
  #passOver(now: Samples): boolean {
    const { epoch, profile, open, length, startedAt, oldestMsn } = this.window;
    if (open === null) return false;
    const segment = profile.segmentUnits * AU_SAMPLES;
    const whole = Math.floor((now - listedAfter(open.at)) / segment);
    const passed = whole - length;
    if (passed <= 0) return false;
    const [msn, at] = [open.msn + passed, samples(open.at + passed * segment)];
    this.pipeline.abandon();
    this.pipeline = new Pipeline(
      openAac(contexts, { bitrate: this.#bitrate, at }),
      new Segmenter(profile, { msn, at }),
      at,
      this.hold,
    );
    const { dateRanges } = this.window;
    // Nobody heard the segments that the timeline has so far.
    this.#store.index.forget(epoch);
    const anew = emptyWindow(profile, { epoch, startedAt, msn, at }, { length, dateRanges });
    this.window = withOldest(anew, oldestMsn, msn);
    this.ring = new Ring();
    return true;
  }

  /** When something is due next, or has been due, ms since 1970. */
  get #dueAt(): number {
    return this.#startedAt + toMillis(this.pipeline.due);
  }

  /** Stores the bytes, then lists the part: nothing is named before it can be fetched and survives a crash. */
  #list(cut: Cut): void {
    this.#store.putPart(cut.part, cut.closes);
    this.ring.add(cut.part);
    this.window = addCut(this.window, cut);
    if (!cut.closes) return;
    this.#store.index.add(this.window.epoch, this.ring.parts(cut.part.msn));
    this.ring.prune(cut.part.msn - RING_SEGMENTS);
    this.#store.prune(oldestFetchableMsn(this.window));
  }
}

/**
 * Returns what listeners can still read of a show that has ended. If its doors were closed when it ended, or its stored parts
 * do not fit its last timeline, that is made from the segment index; null if the index has nothing.
 */
export function lastPublished(row: EndedRow, store: Store): Published | null {
  try {
    const init = store.init();
    if (init === null || row.timeline === null) return indexed(row, store);
    const { window, ring } = rebuild(row.timeline, store);
    return { row, window: endWindow(window), ring, init };
  } catch (error) {
    console.warn(`What is stored of ${row.id} can not be read any more: ${String(error)}`);
    return indexed(row, store);
  }
}

/** Returns an ended show of which only the index is left: its window is empty, and begins where its last segment ends. */
function indexed(row: EndedRow, store: Store): Published | null {
  const { index } = store;
  const timeline = index.timelines().findLast(({ epoch }) => index.lastMsn(epoch) !== null);
  const msn = timeline && index.lastMsn(timeline.epoch);
  const last = timeline && msn != null ? index.segments(timeline.epoch, msn, 1)[0] : undefined;
  if (timeline === undefined || last === undefined) return null;
  const { epoch, profile, startedAt } = timeline;
  const keptFrom = index.segments(epoch, 0, 1)[0]?.msn ?? last.msn;
  const start = { epoch, startedAt, msn: last.msn + 1, at: samples(last.at + last.units * AU_SAMPLES) };
  return {
    row,
    window: endWindow(withOldest(emptyWindow(profile, start), 0, keptFrom)),
    ring: new Ring(),
    init: store.formerMedia(epoch, null),
  };
}

/** Makes the window and the ring from the newest stored parts. Older parts may be stored too, until R2 has them. */
function rebuild(
  { epoch, profile, startedAt, fromMsn = 0 }: TimelineRow,
  store: Store,
): { window: Window; ring: Ring } {
  const stored = store.parts(REBUILT_SEGMENTS);
  const { msn, at } = stored[0]?.part ?? { msn: fromMsn, at: samples(0) };
  const dateRanges = storedRanges(store.log, epoch);
  const keptFrom = Math.min(msn, store.index.segments(epoch, 0, 1)[0]?.msn ?? msn);
  const anew = emptyWindow(profile, { epoch, startedAt, msn, at }, { dateRanges });
  let window = withOldest(anew, fromMsn, keptFrom);
  const ring = new Ring();
  for (const cut of stored) {
    ring.add(cut.part);
    window = addCut(window, cut);
  }
  return { window, ring };
}
