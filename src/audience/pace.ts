import { SLOT_MS } from "./slots.ts";

/** A shard's answer to a report. An isolate sends it back with its next report, as `previous`. */
export interface Answer {
  /** Identifies this start of the shard. A restart, which loses the shard's memory, changes it (slots.ts `acknowledge`). */
  readonly boot: string;
  /** When to send the next report, ms from now; not earlier. */
  readonly afterMs: number;
  /** The same as a time of the shard's clock, by which the shard recognises a booked report. */
  readonly dueMs: number;
  /** How far ahead the shard had booked, ms: for that long, a restarted shard receives reports that it has not booked. */
  readonly reachMs: number;
}

/** The most requests per second that a shard takes. */
export const SHARD_REQUESTS = 200;
/** The shortest interval between two reports of a reporter, ms. */
export const MIN_REPORT_INTERVAL_MS = SLOT_MS;
/** How far ahead a second with room is searched for, s: 655,360 reporters at 160 a second. */
export const HORIZON_SECONDS = 4096;

/**
 * Decides when each isolate reports to a shard next, so that the shard takes at most {@link SHARD_REQUESTS} a second.
 *
 * It is a calendar, not a rate controller: every answer books a place in the first second with room that is at least ten
 * seconds away. Nothing is estimated, so nothing oscillates, and the load is flat at once, whatever the number of isolates:
 * up to 1,600 on a shard report every 10 s, 3,200 every 20 s, 100,000 every 625 s. (At the last of these the count is too low
 * and says so, but a show gets more shards before that, growth.ts.) A booking that is not kept, because an isolate ended or a
 * report was lost, only leaves room.
 *
 * Some reports were not booked here: first ones (spread by {@link firstMs}), repetitions after a loss, reports that are late
 * because there was nothing to report, and reports that the shard booked before a restart. They can only be measured: a fifth
 * of the capacity is reserved for them, plus their recent rate. If bookings from before a restart reach further ahead than
 * {@link MIN_REPORT_INTERVAL_MS}, those isolates continue to come at their present rate. That rate is kept free until those bookings end;
 * until it has been measured, the highest possible rate is assumed.
 */
export class Pace {
  readonly #boot: string;
  readonly #bookable: number;
  /** Places booked in each second, indexed by second modulo the horizon; zero for seconds in the past. */
  readonly #taken = new Uint16Array(HORIZON_SECONDS);
  /** The present second, and the first second that may have room. */
  #now: number;
  #open = 0;
  /** Places booked in all future seconds, the present one included. */
  #booked = 0;
  /** The furthest second booked. */
  #last = 0;
  /** While all seconds are full: the offset of the last booking, which goes to each second in turn. */
  #beyond = 0;
  /** Unbooked reports: their number in this second, and their mean rate per second. */
  #strays = 0;
  #strayRate = 0;
  /** Reports booked far ahead before a restart: their number in this second, their highest recent rate, and their last second. */
  #leftovers = 0;
  #leftoverRate: number;
  #leftoversUntil = 0;
  readonly #startMs: number;

  /** The pace of a shard that starts at `ms`; `boot` is a text that no other start has. */
  constructor(boot: string, ms: number, perSecond = SHARD_REQUESTS) {
    this.#boot = boot;
    this.#startMs = ms;
    this.#now = Math.floor(ms / 1000);
    this.#bookable = Math.max(1, Math.floor(BOOKED_SHARE * perSecond));
    this.#leftoverRate = this.#bookable;
  }

  /** Answers a report that arrived at `ms`; `previous` is the last answer that the isolate received, if any. */
  answer(ms: number, previous: Answer | null): Answer {
    this.#turnTo(Math.floor(ms / 1000));
    const own = previous?.boot === this.#boot;
    if (previous !== null && !own && previous.reachMs > MIN_REPORT_INTERVAL_MS + 2000) {
      this.#leftovers += 1;
      const until = Math.ceil((this.#startMs + previous.reachMs) / 1000);
      this.#leftoversUntil = Math.max(this.#leftoversUntil, until);
    } else if (!own || Math.abs(ms - previous.dueMs) > PUNCTUAL_MS) this.#strays += 1;
    const second = this.#room(Math.ceil((ms + MIN_REPORT_INTERVAL_MS) / 1000));
    const index = second % HORIZON_SECONDS;
    const place = this.#taken[index] ?? 0;
    this.#taken[index] = place + 1;
    this.#booked += 1;
    const within = Math.min(999, Math.floor((1000 * place) / this.#bookable));
    const dueMs = second * 1000 + within;
    this.#last = Math.max(this.#last, second);
    return { boot: this.#boot, afterMs: dueMs - ms, dueMs, reachMs: 1000 * (this.#last + 1) - ms };
  }

  /** Returns how long an isolate that reports now is asked to wait, ms: {@link MIN_REPORT_INTERVAL_MS} to a second more when not busy. */
  paceMs(ms: number): number {
    this.#turnTo(Math.floor(ms / 1000));
    return this.#room(Math.ceil((ms + MIN_REPORT_INTERVAL_MS) / 1000)) * 1000 + 1000 - ms;
  }

  /** Returns how many reports are booked: one for each reporter that reported recently. */
  booked(ms: number): number {
    this.#turnTo(Math.floor(ms / 1000));
    return this.#booked;
  }

  /** Whether a report is due within `withinMs` after `ms`. Reports due in the present second do not count: they are arriving. */
  isDueWithin(withinMs: number, ms: number): boolean {
    const now = Math.floor(ms / 1000);
    this.#turnTo(now);
    for (let second = now + 1; second * 1000 < ms + withinMs; second += 1) {
      if ((this.#taken[second % HORIZON_SECONDS] ?? 0) > 0) return true;
    }
    return false;
  }

  /** Returns the first second from `earliest` on with room; when all are full, each second in turn. */
  #room(earliest: number): number {
    const end = this.#now + HORIZON_SECONDS;
    this.#open = Math.max(this.#open, earliest);
    while (this.#open < end && (this.#taken[this.#open % HORIZON_SECONDS] ?? 0) >= this.#places(this.#open)) {
      this.#open += 1;
    }
    if (this.#open < end) return this.#open;
    this.#beyond = (this.#beyond + 1) % (end - earliest);
    return earliest + this.#beyond;
  }

  #places(second: number): number {
    const leftovers = second < this.#leftoversUntil ? Math.max(this.#leftoverRate, this.#leftovers) : 0;
    const left = this.#bookable - this.#strayRate - leftovers;
    return Math.max(1, Math.floor(left), Math.floor(LEAST_SHARE * this.#bookable));
  }

  #turnTo(second: number): void {
    if (second > this.#now) this.#open = 0;
    for (let passed = 0; this.#now < second; passed += 1) {
      if (passed < HORIZON_SECONDS) {
        this.#booked -= this.#taken[this.#now % HORIZON_SECONDS] ?? 0;
        this.#taken[this.#now % HORIZON_SECONDS] = 0;
      }
      this.#strayRate += (this.#strays - this.#strayRate) / STRAY_SECONDS;
      this.#strays = 0;
      this.#leftoverRate = Math.max(this.#leftovers, LEFTOVER_DECAY * this.#leftoverRate);
      this.#leftovers = 0;
      this.#now = passed < HORIZON_SECONDS ? this.#now + 1 : second;
    }
  }
}

/** Returns how long an isolate delays its first report, ms; `random` is a random number in [0, 1). */
export function firstMs(random: number): number {
  return random * MIN_REPORT_INTERVAL_MS;
}

/**
 * Returns how long an isolate waits after a report that was lost or answered with an error, ms: as long as it was last asked
 * to. So a failing shard receives no more requests than a working one, and when it is back not all isolates report at once.
 */
export function retryMs(previous: Answer | null): number {
  return previous?.afterMs ?? MIN_REPORT_INTERVAL_MS;
}

const BOOKED_SHARE = 0.8;
/** The share of the bookable places that stays bookable even when unbooked reports take all of them. */
const LEAST_SHARE = 0.1;
/** Unbooked reports are averaged over this time, s: longer than a burst of first reports, shorter than what follows it. */
const STRAY_SECONDS = 20;
/** The share of the highest leftover rate that remains after each second: it stays reserved for some seconds after a drop. */
const LEFTOVER_DECAY = 0.9;
/** A report that is further than this from its booked time counts as unbooked, ms. */
const PUNCTUAL_MS = 2000;
