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
  end,
  endWindow,
  firstListed,
  keptFrom,
  msnBefore,
  type Window,
  withDateRange,
} from "../hls/window.ts";
import { AU_SAMPLES, fromMillis, type Profile, type Samples, samples, toMillis } from "../media.ts";
import { storedRanges } from "./date-ranges.ts";
import { HoldLine } from "./hold-line.ts";
import type { HoldWish } from "./hold-plan.ts";
import { type EndedRow, LONGEST_FILL_MS, type RunningRow, type TimelineRow } from "./lifecycle.ts";
import { listedAfter, Pipeline } from "./pipeline.ts";
import type { Published } from "./reads.ts";
import { Ring } from "./ring.ts";
import type { Store } from "./store.ts";

/** Access units made in one go when catching up: 128 ms of sound, some milliseconds of work, for which the sockets wait. */
const CATCH_UP_UNITS = 6;
/** How far back a restart reads: beyond every segment that listeners may still ask for (keptFrom, hls/window.ts). */
const REBUILT_SEGMENTS = 40;

/**
 * By how many milliseconds a timeline begins before it opens: it begins with the silence of a whole first list, so that the
 * first listener need not wait for it.
 */
export function leadMillis(profile: Profile): number {
  return Math.ceil(toMillis(listedAfter(firstListed(profile))));
}

/** All encoders of this isolate. */
const contexts = new Contexts(aacModule, aacNames);

/** Whole segments whose parts are in memory: those in which lists name parts. What is older is read from the store. */
const RING_SEGMENTS = 5;

/**
 * A show's running timeline: the pipeline, what it has listed, and where its bytes lie. Made from the store, so that one
 * made after a restart goes on exactly where the last stored part ended: the time between is filled with silence.
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

  /** Goes on where the stored parts end. Throws where the store's parts do not make its timeline, or the encoder refuses it. */
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
    const at = end(window);
    const encoder = openAac(contexts, { bitrate, at });
    const parts = store.partsOf(open.msn);
    const segmenter = new Segmenter(timeline.profile, { msn: open.msn, at: open.at, parts });
    // It is stored before the part that has its beginning.
    const since = held && { ...held, from: samples(Math.min(held.from, at)) };
    this.hold = new HoldLine(since, samples(3 * timeline.profile.partUnits * AU_SAMPLES));
    this.pipeline = new Pipeline(encoder, segmenter, at, this.hold);
    this.init = initSegment(encoder.config, { bitrate });
    store.putInit(this.init);
    store.index.begin(timeline);
    // It may have gone live before there was an index.
    if (state === "live") store.index.goLive(timeline.epoch, open.msn);
  }

  /** Why the timeline can not be gone on with where the wall clock says `wall`, the end of a sentence; null where it can. */
  staleness(wall: number): string | null {
    const stood = wall - this.listedUntil;
    if (Math.abs(stood) <= LONGEST_FILL_MS) return null;
    const seconds = Math.round(Math.abs(stood) / 1000);
    return stood > 0 ? `it stood still for ${seconds} s` : `the clock was set back by ${seconds} s`;
  }

  /** The wall-clock time up to which there is listed media. */
  get listedUntil(): number {
    return this.#startedAt + toMillis(end(this.window));
  }

  /** Milliseconds from `now` until there is something to do; 0 when there is already. */
  millisUntilDue(now: number): number {
    return Math.max(0, Math.ceil(this.#dueAt - now));
  }

  /** Takes one message of a host's socket that came at `now`. */
  hear(session: string, message: Uint8Array, now: number): void {
    this.pipeline.hear(session, message, this.#at(now));
  }

  /** Makes what is due at `now` and lists it. When each part ends that came of it, by the show's time. */
  advance(now: number, holdWish: HoldWish): number[] {
    const cuts = this.pipeline.advance(this.#at(now), CATCH_UP_UNITS, holdWish);
    for (const cut of cuts) this.#list(cut);
    return cuts.map(({ part }) => this.#startedAt + toMillis(part.at + part.duration));
  }

  /** Whether it can be left alone for a while: nothing but silence is in it, and no list has a segment that is not whole. */
  get mayRest(): boolean {
    return !this.pipeline.hasHosts && !this.hold.sounds && this.window.open?.parts.length === 0;
  }

  /**
   * Makes all that has become due in a rest: silence, and hold audio at its end, where that is wanted. Where it `passesOver`, it
   * makes only what the list due at `now` names, and that list is the same, to the byte. Whether a part came of it.
   */
  wake(now: number, passesOver: boolean, holdWish: HoldWish): boolean {
    const hasPassed = passesOver && this.#passOver(this.#at(now));
    let hasMade = false;
    while (this.millisUntilDue(now) === 0) hasMade = this.advance(now, holdWish).length > 0 || hasMade;
    // Not before: a restart meanwhile would find nothing in the store to go on from.
    if (hasPassed) this.#store.prune(this.window.firstMsn);
    return hasMade;
  }

  /** Its first host is heard, and came in the last `millis`: with the segment that was being made then the replay begins. */
  goLive(millis: number): void {
    this.#store.index.goLive(this.window.epoch, msnBefore(this.window, millis));
  }

  /** Something has happened on the line: lists tell it from the next part on. */
  date(range: Omit<DateRange, "listed">): void {
    this.window = withDateRange(this.window, range);
  }

  /** Ends the timeline: closes the last part and segment, and the list. */
  finish(): void {
    for (const cut of this.pipeline.finish()) this.#list(cut);
    this.window = endWindow(this.window);
  }

  /** Lets go of what it holds; the timeline is not to go on. */
  abandon(): void {
    this.pipeline.abandon();
  }

  /** The timeline's position at `now`. */
  #at(now: number): Samples {
    return fromMillis(now - this.#startedAt);
  }

  /** Leaves out what comes before the list that is due at `now`; false where that list has segments that there are already. */
  #passOver(now: Samples): boolean {
    const { epoch, profile, open, length, startedAt } = this.window;
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
    // Nobody was there to hear it.
    this.#store.index.forget(epoch);
    this.window = emptyWindow(profile, { epoch, startedAt, msn, at }, { length, dateRanges });
    this.ring = new Ring();
    return true;
  }

  /** The wall-clock time at which there is something to do next, or was. */
  get #dueAt(): number {
    return this.#startedAt + toMillis(this.pipeline.due);
  }

  /** Bytes first, then the list: nothing is named before it can be fetched, and before it survives a crash. */
  #list(cut: Cut): void {
    this.#store.putPart(cut.part, cut.closes);
    this.ring.add(cut.part);
    this.window = addCut(this.window, cut);
    if (!cut.closes) return;
    this.#store.index.add(this.window.epoch, this.ring.parts(cut.part.msn));
    this.ring.prune(cut.part.msn - RING_SEGMENTS);
    this.#store.prune(keptFrom(this.window));
  }
}

/**
 * What a show that has ended is still read from. Where its doors were closed when it ended, or the store's parts do not make its
 * last timeline, that is what the index has; null where that has nothing.
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

/** A show that has ended, of which there is the index alone: its window is empty, and begins where its last segment ends. */
function indexed(row: EndedRow, store: Store): Published | null {
  const { index } = store;
  const timeline = index.timelines().findLast(({ epoch }) => index.lastMsn(epoch) !== null);
  const msn = timeline && index.lastMsn(timeline.epoch);
  const last = timeline && msn != null ? index.segments(timeline.epoch, msn, 1)[0] : undefined;
  if (timeline === undefined || last === undefined) return null;
  const { epoch, profile, startedAt } = timeline;
  const start = { epoch, startedAt, msn: last.msn + 1, at: samples(last.at + last.units * AU_SAMPLES) };
  return {
    row,
    window: endWindow(emptyWindow(profile, start)),
    ring: new Ring(),
    init: store.formerMedia(epoch, null),
  };
}

/** The window and the ring, made of the newest stored parts. Older ones may be stored too, until R2 has them. */
function rebuild(
  { epoch, profile, startedAt, fromMsn = 0 }: TimelineRow,
  store: Store,
): { window: Window; ring: Ring } {
  const stored = store.parts(REBUILT_SEGMENTS);
  const { msn, at } = stored[0]?.part ?? { msn: fromMsn, at: samples(0) };
  const dateRanges = storedRanges(store.log, epoch);
  let window = emptyWindow(profile, { epoch, startedAt, msn, at }, { dateRanges });
  const ring = new Ring();
  for (const cut of stored) {
    ring.add(cut.part);
    window = addCut(window, cut);
  }
  return { window, ring };
}
