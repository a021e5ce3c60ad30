import { SLOT_MS } from "./slots.ts";

/** A shard's answer to a report. An isolate sends it back with its next report, as `previous`. */
export interface Answer {
  /** Names this start of the shard: a restart, which loses its memory, changes it (slots.ts `acknowledge`). */
  readonly boot: string;
  /** Report again this long from now, not before. */
  readonly afterMs: number;
  /** The same by the shard's clock, which tells it who comes by its calendar. */
  readonly dueMs: number;
  /** How far ahead the shard had booked: for as long, a restarted shard gets reports that it has not booked. */
  readonly reachMs: number;
}

/** Requests per second that a shard takes at most. */
export const SHARD_REQUESTS = 200;
/** Nobody reports more often than once in this time. */
export const FLOOR_MS = SLOT_MS;
/** The next second with room is looked for this far ahead: 655,360 reporters at 160 a second. */
export const HORIZON_SECONDS = 4096;

/**
 * When each isolate reports to a shard next, so that the shard takes at most {@link SHARD_REQUESTS} a second.
 *
 * A calendar, not a rate controller: every answer books a place in the first second, ten or more from now, that has
 * room. Nothing is estimated, so nothing oscillates, and the load is flat at once, whatever the number of isolates:
 * up to 1,600 on a shard report every 10 s, 3,200 every 20 s, 100,000 every 625 s. (Then the count is too low, and says so;
 * there are more shards before that happens, growth.ts.) Bookings that nobody keeps, because an isolate ended or a report was
 * lost, only make room.
 *
 * Some reports were not booked here: first ones (spread by {@link firstMs}), ones that are sent again after a loss, ones that
 * are late because there was nothing to report, and ones that the shard booked before a restart. They can only be measured: a
 * fifth of the capacity is kept for them, and as much more as they took lately. If bookings from before a restart reach
 * further than {@link FLOOR_MS}, those isolates go on coming at the rate at which they come now. That rate is kept free for as
 * long, and until it has been measured the highest there can be.
 */
export class Pace {
  readonly #boot: string;
  readonly #bookable: number;
  /** Places taken in each second, by second modulo the horizon; those in the past are zero. */
  readonly #taken = new Uint16Array(HORIZON_SECONDS);
  /** The second under way, and the first from which on there may be room. */
  #now: number;
  #open = 0;
  /** Places taken in all seconds to come. */
  #booked = 0;
  /** The furthest second booked. */
  #last = 0;
  /** Where the last booking beyond the horizon went. */
  #beyond = 0;
  /** Reports that were not booked: in this second, and their mean per second. */
  #strays = 0;
  #strayRate = 0;
  /** Reports that were booked before a restart, far ahead: in this second, the most per second lately, until when. */
  #leftovers = 0;
  #leftoverRate: number;
  #leftoversUntil = 0;
  readonly #startMs: number;

  /** A shard's pace from its start at `ms`; `boot` is any text that no other start has. */
  constructor(boot: string, ms: number, perSecond = SHARD_REQUESTS) {
    this.#boot = boot;
    this.#startMs = ms;
    this.#now = Math.floor(ms / 1000);
    this.#bookable = Math.max(1, Math.floor(BOOKED_SHARE * perSecond));
    this.#leftoverRate = this.#bookable;
  }

  /** Answers a report that came at `ms` from an isolate whose last answer was `previous`, if it has had any. */
  answer(ms: number, previous: Answer | null): Answer {
    this.#turnTo(Math.floor(ms / 1000));
    const own = previous?.boot === this.#boot;
    if (previous !== null && !own && previous.reachMs > FLOOR_MS + 2000) {
      this.#leftovers += 1;
      const until = Math.ceil((this.#startMs + previous.reachMs) / 1000);
      this.#leftoversUntil = Math.max(this.#leftoversUntil, until);
    } else if (!own || Math.abs(ms - previous.dueMs) > PUNCTUAL_MS) this.#strays += 1;
    const second = this.#room(Math.ceil((ms + FLOOR_MS) / 1000));
    const index = second % HORIZON_SECONDS;
    const place = this.#taken[index] ?? 0;
    this.#taken[index] = place + 1;
    this.#booked += 1;
    const within = Math.min(999, Math.floor((1000 * place) / this.#bookable));
    const dueMs = second * 1000 + within;
    this.#last = Math.max(this.#last, second);
    return { boot: this.#boot, afterMs: dueMs - ms, dueMs, reachMs: 1000 * (this.#last + 1) - ms };
  }

  /** How long an isolate that reports now is asked to wait: {@link FLOOR_MS} to a second more when not busy. */
  paceMs(ms: number): number {
    this.#turnTo(Math.floor(ms / 1000));
    return this.#room(Math.ceil((ms + FLOOR_MS) / 1000)) * 1000 + 1000 - ms;
  }

  /** How many are due to report by this calendar: those who did of late, each once. */
  booked(ms: number): number {
    this.#turnTo(Math.floor(ms / 1000));
    return this.#booked;
  }

  /** Whether a report is due within `withinMs` from `ms` on. Those due in the present second are left out: they are coming. */
  isDueWithin(withinMs: number, ms: number): boolean {
    const now = Math.floor(ms / 1000);
    this.#turnTo(now);
    for (let second = now + 1; second * 1000 < ms + withinMs; second += 1) {
      if ((this.#taken[second % HORIZON_SECONDS] ?? 0) > 0) return true;
    }
    return false;
  }

  /** The first second from `earliest` on with room; when all are full, each second in turn. */
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

/** How long an isolate waits with its very first report; `random` is a draw of its own in [0, 1). */
export function firstMs(random: number): number {
  return random * FLOOR_MS;
}

/**
 * How long an isolate waits after a report that was lost or answered with an error: as long as it was last asked to.
 * So a shard that does not answer is asked no more often than one that does, and when it is back not all come at once.
 */
export function retryMs(previous: Answer | null): number {
  return previous?.afterMs ?? FLOOR_MS;
}

const BOOKED_SHARE = 0.8;
/** The share of the bookable places that is booked even when reports that were not booked take all. */
const LEAST_SHARE = 0.1;
/** Reports that were not booked are averaged over this: longer than a burst of first reports, shorter than what follows it. */
const STRAY_SECONDS = 20;
/** Each second so much of the highest rate of leftovers remains: it is kept free for some seconds after it has dropped. */
const LEFTOVER_DECAY = 0.9;
/** A report that is further than this from its booking counts as not booked. */
const PUNCTUAL_MS = 2000;
