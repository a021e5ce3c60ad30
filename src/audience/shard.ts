import { type Circumstances, type Figure, figure, settledFigure } from "./figure.ts";
import type { Growth } from "./growth.ts";
import { type Answer, FLOOR_MS, Pace } from "./pace.ts";
import { type Entry, type KeptSlot, SHARD_LIMITS, SLOT_MS, Slots, type Window } from "./slots.ts";

/** A report of an isolate, or of a shard below. */
export interface Report {
  /** The reporter's own name: what it delivered is counted by it. */
  readonly reporter: string;
  readonly entries: readonly Entry[];
  /** The last answer it had from here, if any. */
  readonly previous: Answer | null;
  /** The name of the shard that all of a show's shards report to; null where this is that shard. */
  readonly up: string | null;
  /** Of those who report to the reporter; null for an isolate, which nobody reports to. */
  readonly below: Below | null;
}

/** Those who report to a shard. */
export interface Below {
  /** How long they are asked to wait between two reports, milliseconds. */
  readonly paceMs: number;
  /** How many they are. */
  readonly isolates: number;
}

/** What the uppermost shard stores, so that it can sleep: an object that is not called for ten seconds loses its memory. */
export interface Kept {
  readonly show: string;
  readonly atMs: number;
  readonly sinceMs: number;
  readonly slots: readonly KeptSlot[];
}

/** A shard's answer, and how many shards the show has now; null if the answering shard has not been told yet. */
export interface ShardAnswer extends Answer {
  readonly shards: number | null;
}

/** The platform takes an object's memory when it has not been called for ten seconds. This is a second less. */
const SLEEP_MS = 9_000;
/** For how long stored slots are of use, and a show is still shown after its last report: as long as slots are kept. */
const MEMORY_MS = 7 * SLOT_MS;
/** A shard below that has not reported for so long has ended. */
const SILENT_MS = 3 * SLOT_MS;

/** One shard of a show's audience: merges what isolates report. It has no clock and no storage of its own. */
export class Shard {
  readonly #boot: string;
  readonly #slots = new Slots(SHARD_LIMITS);
  readonly #pace: Pace;
  readonly #growth: Growth;
  readonly #below = new Map<string, Below & { readonly atMs: number }>();
  readonly #sinceMs: number;
  #show: string | null = null;
  /** When a report last came. */
  #heardMs = 0;
  #previous: ShardAnswer | null = null;
  #keptMs = 0;

  /**
   * @param boot a text that no other start has
   * @param ms the time now
   * @param kept what the last start stored, if anything
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

  /** The show that is counted here; null when nothing of it is left. */
  show(ms: number): string | null {
    return ms - this.#heardMs < MEMORY_MS ? this.#show : null;
  }

  get shards(): number {
    return this.#growth.count;
  }

  /** Takes a report; the answer says when the next one is welcome, and on how many shards the show is counted. */
  take({ reporter, entries, previous, up, below }: Report, ms: number): ShardAnswer {
    for (const entry of entries) {
      this.#slots.merge(reporter, entry, ms);
      this.#show = entry.show;
    }
    this.#heardMs = ms;
    if (below !== null) this.#below.set(reporter, { ...below, atMs: ms });
    if (up !== null) return { ...this.#pace.answer(ms, previous), shards: this.#previous?.shards ?? null };
    const shards = this.#growth.at(this.#isolates(ms), ms);
    if (below !== null || shards === 1) return { ...this.#pace.answer(ms, previous), shards };
    // From now on this isolate reports to a shard below; here no place is booked for it.
    return { boot: this.#boot, afterMs: FLOOR_MS, dueMs: ms + FLOOR_MS, reachMs: FLOOR_MS, shards };
  }

  /** The report for the shard `up`; null where there is nothing new. */
  report(reporter: string, up: string, ms: number): Report | null {
    const entries = this.#show === null ? [] : this.#slots.report(this.#show, ms, up);
    if (entries.length === 0) return null;
    const below = { paceMs: this.#pace.paceMs(ms), isolates: this.#isolates(ms) };
    return { reporter, entries, previous: this.#previous, up: null, below };
  }

  /** The report above has been answered. */
  answered({ entries }: Report, answer: ShardAnswer): void {
    this.#previous = answer;
    this.#slots.acknowledge(entries, answer.boot);
  }

  /** The figure now, and that of the settled slots (figure.ts). */
  figures(show: string, ms: number): { readonly now: Figure; readonly settled: Figure | null } {
    const known: [Window, Circumstances] = [
      this.#slots.window(show, ms),
      { paceMs: this.#paceMs(ms), sinceMs: this.#sinceMs },
    ];
    return { now: figure(...known), settled: settledFigure(...known) };
  }

  /** What to store now; null where it need not: once in a slot is enough, unless the memory may go before the next report. */
  kept(ms: number): Kept | null {
    if (this.#show === null) return null;
    if (ms - this.#keptMs < SLOT_MS && this.#pace.isDueWithin(SLEEP_MS, ms)) return null;
    this.#keptMs = ms;
    return { show: this.#show, atMs: ms, sinceMs: this.#sinceMs, slots: this.#slots.keep(this.#show) };
  }

  #isolates(ms: number): number {
    const below = this.#awake(ms);
    // Each shard below has a place of its own in the calendar.
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
