import { SLOT_MS } from "./slots.ts";

/** A shard's answer to a report. An isolate sends it back with its next report, as `previous`. */
export interface Answer {
  /** Of the shard's memory: a restart changes it (slots.ts `acknowledge`). */
  readonly boot: string;
  /** Report again this long from now, not before. */
  readonly afterMs: number;
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
 * up to 1,600 on a shard report every 10 s, 3,200 every 20 s, 100,000 every 625 s (then the count is low, and says
 * so: put in more shards). Bookings that nobody keeps (isolates that ended, reports that were lost) only make room.
 *
 * A fifth of the capacity is left unbooked for isolates that report for the first time; {@link firstMs} spreads those.
 * A restart loses the calendar while isolates still come by the old one: those that were asked to wait for longer
 * than the floor are counted as they come, and their rate is left free for as long as the old bookings can last.
 */
export class Pace {
  readonly #boot: string;
  readonly #bookable: number;
  /** Places taken in each second, by second modulo the horizon; those in the past are zero. */
  readonly #taken = new Uint16Array(HORIZON_SECONDS);
  /** The second under way, and the first from which on there may be room. */
  #now: number;
  #open = 0;
  /** Where the last booking beyond the horizon went. */
  #beyond = 0;
  /** Reports by another boot's booking: in this second, and the most per second of late; at first the worst. */
  #strays = 0;
  #strayRate: number;
  /** Second until which such bookings may still come. */
  #straysUntil = 0;

  /** A shard's pace from its start at `ms`; `boot` is any text that no other start has. */
  constructor(boot: string, ms: number, perSecond = SHARD_REQUESTS) {
    this.#boot = boot;
    this.#now = Math.floor(ms / 1000);
    this.#bookable = Math.max(1, Math.floor(BOOKED_SHARE * perSecond));
    this.#strayRate = this.#bookable;
  }

  /** Answers a report that came at `ms` from an isolate whose last answer was `previous`, if it has had any. */
  answer(ms: number, previous?: Answer): Answer {
    this.#turnTo(Math.floor(ms / 1000));
    if (previous && previous.boot !== this.#boot && previous.afterMs > FLOOR_MS + 1000) {
      this.#strays += 1;
      this.#straysUntil = Math.max(this.#straysUntil, Math.ceil((ms + previous.afterMs) / 1000));
    }
    const second = this.#room(Math.ceil((ms + FLOOR_MS) / 1000));
    const index = second % HORIZON_SECONDS;
    const place = this.#taken[index] ?? 0;
    this.#taken[index] = place + 1;
    const within = Math.min(999, Math.floor((1000 * place) / this.#bookable));
    return { boot: this.#boot, afterMs: second * 1000 + within - ms };
  }

  /** How long an isolate that reports now is asked to wait: {@link FLOOR_MS} to a second more when not busy. */
  paceMs(ms: number): number {
    this.#turnTo(Math.floor(ms / 1000));
    return this.#room(Math.ceil((ms + FLOOR_MS) / 1000)) * 1000 + 1000 - ms;
  }

  /** The first second from `earliest` on with room, or, when all are full, one after the other in turn. */
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
    if (second >= this.#straysUntil) return this.#bookable;
    return Math.max(1, Math.floor(this.#bookable - Math.max(this.#strayRate, this.#strays)));
  }

  #turnTo(second: number): void {
    for (let passed = 0; this.#now < second; passed += 1) {
      if (passed < HORIZON_SECONDS) this.#taken[this.#now % HORIZON_SECONDS] = 0;
      this.#strayRate = Math.max(this.#strays, STRAY_DECAY * this.#strayRate);
      this.#strays = 0;
      this.#now = passed < HORIZON_SECONDS ? this.#now + 1 : second;
    }
  }
}

/** How long an isolate waits with its very first report; `random` in [0, 1), its own. */
export function firstMs(random: number): number {
  return random * FLOOR_MS;
}

/**
 * How long an isolate waits after a report that was lost or answered with an error; `random` in [0, 1), its own.
 * The wait grows by no more than half, and not from one loss to the next: a shard that is away for a while is not
 * asked more often than it would be, and has every report back within 15 s of its return.
 */
export function retryMs(random: number, previous?: Answer): number {
  return Math.max(FLOOR_MS, previous?.afterMs ?? 0) * (1 + random / 2);
}

const BOOKED_SHARE = 0.8;
/** Per second: a rate of strays is believed for a few seconds after it has dropped. */
const STRAY_DECAY = 0.9;
