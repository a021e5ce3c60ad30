import { type Circumstances, type Figure, figure, settledFigure } from "./figure.ts";
import type { Growth } from "./growth.ts";
import { type Answer, MIN_REPORT_INTERVAL_MS, Pace } from "./pace.ts";
import { type KeptSlot, SHARD_LIMITS, SLOT_MS, type SlotReport, Slots, type SlotWindow } from "./slots.ts";

/** A report from an isolate, or from a shard below. */
export interface Report {
  /** The reporter's unique name, under which its delivered media is summed. */
  readonly reporter: string;
  readonly entries: readonly SlotReport[];
  /** The last answer that it received from this shard, if any. */
  readonly previous: Answer | null;
  /** The name of the show's uppermost shard, to which the receiving shard reports; null where that is the receiver. */
  readonly up: string | null;
  /** Facts about the reporter's own reporters; null for an isolate, which has none. */
  readonly below: Below | null;
}

/** The reporters of a shard. */
export interface Below {
  /** The interval between reports that they are asked for, ms. */
  readonly paceMs: number;
  /** How many they are. */
  readonly isolates: number;
}

/** What the uppermost shard stores so that it can sleep: an object that is not called for ten seconds loses its memory. */
export interface Kept {
  readonly show: string;
  readonly atMs: number;
  readonly sinceMs: number;
  readonly slots: readonly KeptSlot[];
}

/** A shard's answer, with the show's present number of shards; null if the answering shard does not know it yet. */
export interface ShardAnswer extends Answer {
  readonly shards: number | null;
}

/** An object loses its memory after ten seconds without a call. This is a second less, in ms. */
const SLEEP_MS = 9_000;
/** How long after the last report stored slots are used and the show is still counted, ms: as long as slots are kept. */
const MEMORY_MS = 7 * SLOT_MS;
/** A shard below that has not reported for this long is considered ended, ms. */
const SILENT_MS = 3 * SLOT_MS;

/** One shard of a show's audience: merges reports. It has no clock and no storage of its own. */
export class Shard {
  readonly #boot: string;
  readonly #slots = new Slots(SHARD_LIMITS);
  readonly #pace: Pace;
  readonly #growth: Growth;
  readonly #below = new Map<string, Below & { readonly atMs: number }>();
  readonly #sinceMs: number;
  #show: string | null = null;
  /** When the last report arrived. */
  #heardMs = 0;
  #previous: ShardAnswer | null = null;
  #keptMs = 0;

  /**
   * @param boot a text that no other start of a shard has
   * @param ms the present time
   * @param kept the state that was stored before this start, if any
   */
  constructor(boot: string, ms: number, kept: Kept | null, growth: Growth) {
    this.#boot = boot;
    this.#pace = new Pace(boot, ms);
    this.#growth = growth;
    this.#sinceMs = ms;
    if (kept === null || ms - kept.atMs > MEMORY_MS) return;
    this.#sinceMs = kept.sinceMs;
    this.#show = kept.show;
    this.#heardMs = kept.atMs;
    this.#slots.restore(kept.show, kept.slots, ms);
  }

  /** The show that is counted here; null when its slots have expired. */
  show(ms: number): string | null {
    return ms - this.#heardMs < MEMORY_MS ? this.#show : null;
  }

  get shards(): number {
    return this.#growth.count;
  }

  /** Takes a report. The answer says when to send the next one, and on how many shards the show is counted. */
  take({ reporter, entries: reports, previous, up, below }: Report, ms: number): ShardAnswer {
    for (const report of reports) {
      this.#slots.merge(reporter, report, ms);
      this.#show = report.show;
    }
    this.#heardMs = ms;
    if (below !== null) this.#below.set(reporter, { ...below, atMs: ms });
    if (up !== null) return { ...this.#pace.answer(ms, previous), shards: this.#previous?.shards ?? null };
    const shards = this.#growth.at(this.#isolates(ms), ms);
    if (below !== null || shards === 1) return { ...this.#pace.answer(ms, previous), shards };
    // This isolate is to report to a shard below from its next report on, so no place is booked for it here.
    return {
      boot: this.#boot,
      afterMs: MIN_REPORT_INTERVAL_MS,
      dueMs: ms + MIN_REPORT_INTERVAL_MS,
      reachMs: MIN_REPORT_INTERVAL_MS,
      shards,
    };
  }

  /** Returns the report for the shard `up`; null where there is nothing new. */
  report(reporter: string, up: string, ms: number): Report | null {
    const reports = this.#show === null ? [] : this.#slots.report(this.#show, ms, up);
    if (reports.length === 0) return null;
    const below = { paceMs: this.#pace.paceMs(ms), isolates: this.#isolates(ms) };
    return { reporter, entries: reports, previous: this.#previous, up: null, below };
  }

  /** Notes the answer to a report that {@link report} made. */
  answered({ entries: reports }: Report, answer: ShardAnswer): void {
    this.#previous = answer;
    this.#slots.acknowledge(reports, answer.boot);
  }

  /** Returns the present figure, and the figure of the settled slots (figure.ts). */
  figures(show: string, ms: number): { readonly now: Figure; readonly settled: Figure | null } {
    const known: [SlotWindow, Circumstances] = [
      this.#slots.window(show, ms),
      { paceMs: this.#paceMs(ms), sinceMs: this.#sinceMs },
    ];
    return { now: figure(...known), settled: settledFigure(...known) };
  }

  /** Returns the state to store; null if not due. It is due once per slot, and if memory may be lost before the next report. */
  kept(ms: number): Kept | null {
    if (this.#show === null) return null;
    if (ms - this.#keptMs < SLOT_MS && this.#pace.isDueWithin(SLEEP_MS, ms)) return null;
    this.#keptMs = ms;
    return { show: this.#show, atMs: ms, sinceMs: this.#sinceMs, slots: this.#slots.keep(this.#show) };
  }

  #isolates(ms: number): number {
    const below = this.#awake(ms);
    // Each shard below has a booking in the calendar too, and is no isolate.
    const own = Math.max(0, this.#pace.booked(ms) - below.length);
    return below.reduce((sum, { isolates }) => sum + isolates, own);
  }

  #paceMs(ms: number): number {
    const slowest = this.#awake(ms).reduce((most, { paceMs }) => Math.max(most, paceMs), 0);
    return this.#pace.paceMs(ms) + slowest;
  }

  #awake(ms: number): Below[] {
    for (const [reporter, { atMs }] of this.#below) if (ms - atMs > SILENT_MS) this.#below.delete(reporter);
    return [...this.#below.values()];
  }
}
