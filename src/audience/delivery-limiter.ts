import type { Hash } from "./siphash.ts";

/** A take is remembered for at least this long, ms, and at most twice that. Older media does not count under its own number. */
export const TAKE_MEMORY_MS = 30_000;

/**
 * Remembers which media this isolate has sent, so that media which a listener downloads twice counts once.
 *
 * A request for media carries an address but no listener id. So an address is granted as many takes of one part as listeners
 * were seen at it (seats, cap.ts), and at least one, because its playlists may come from another isolate. A client that requests
 * one part again and again counts as one listener, and players behind one address count as many as they are.
 *
 * No list is kept. Takes are counters in a count-min sketch (Cormode, Muthukrishnan, J. Algorithms 55, 2005, with conservative
 * update), and seats are a bitmap: 3.2 MB per isolate, whatever it serves. Collisions lower the count and never raise it: by
 * less than 0.5 % at 30,000 takes within {@link TAKE_MEMORY_MS} (a thousand a second).
 */
export class DeliveryLimiter {
  #now: Generation | null = null;
  #before: Generation | null = null;

  /** Notes that a listener on `seat` was seen at the address `network` (cap.ts `Seating`). */
  see(network: number, seat: Hash, ms: number): void {
    const { seats, crowds } = this.#turnTo(ms);
    const bit = seat.low & (SEATS - 1);
    const place = bit >>> 3;
    const mask = 1 << (bit & 7);
    if (((seats[place] ?? 0) & mask) !== 0) return;
    seats[place] = (seats[place] ?? 0) | mask;
    const crowd = network & (CROWDS - 1);
    crowds[crowd] = Math.min(MAX_COUNT, (crowds[crowd] ?? 0) + 1);
  }

  /**
   * Returns how much of a request counts, 0 to `share`. The request got the share `share` (0 to 1) of the media `name` (a number
   * that is unique in its show), and came from the address `network`.
   */
  take(network: number, name: number, share: number, ms: number): number {
    const now = this.#turnTo(ms);
    const before = this.#before;
    const crowd = network & (CROWDS - 1);
    const allowed = Math.max(1, now.crowds[crowd] ?? 0, before?.crowds[crowd] ?? 0);
    const hash = Math.imul(network ^ Math.imul(name + 1, 0x9e3779b1), 0x85ebca6b);
    let taken = MAX_COUNT;
    for (let row = 0; row < ROWS; row += 1) {
      const at = placeIn(row, hash);
      taken = Math.min(taken, Math.max(now.taken[at] ?? 0, before?.taken[at] ?? 0));
    }
    const raised = Math.min(MAX_COUNT, taken + Math.ceil(share * UNIT));
    for (let row = 0; row < ROWS; row += 1) {
      const at = placeIn(row, hash);
      if ((now.taken[at] ?? 0) < raised) now.taken[at] = raised;
    }
    return Math.max(0, Math.min(share, allowed - taken / UNIT));
  }

  #turnTo(ms: number): Generation {
    const index = Math.floor(ms / TAKE_MEMORY_MS);
    if (this.#now !== null && index <= this.#now.index) return this.#now;
    const old = this.#before;
    this.#before = this.#now?.index === index - 1 ? this.#now : null;
    this.#now = fresh(index, this.#before === null ? (this.#now ?? old) : old);
    return this.#now;
  }
}

/** Takes and seats of one period of {@link TAKE_MEMORY_MS}. */
interface Generation {
  index: number;
  /** Rows of counters; {@link UNIT} steps are one take. */
  readonly taken: Uint16Array;
  /** One bit for each seat that was seen, by its hash. */
  readonly seats: Uint8Array;
  /** The number of seats seen at each address, by its hash. Addresses with the same hash are each granted the sum. */
  readonly crowds: Uint16Array;
}

/** Returns an empty generation, which reuses the memory of `over` if that is given. */
function fresh(index: number, over: Generation | null): Generation {
  if (over === null) {
    return {
      index,
      taken: new Uint16Array(ROWS * COLUMNS),
      seats: new Uint8Array(SEATS / 8),
      crowds: new Uint16Array(CROWDS),
    };
  }
  over.taken.fill(0);
  over.seats.fill(0);
  over.crowds.fill(0);
  over.index = index;
  return over;
}

/** Each row has a hash function of its own: a multiplication, whose upper bits are the place (Knuth, TAOCP 3, 6.4). */
function placeIn(row: number, hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), MULTIPLIERS[row] ?? 0);
  return row * COLUMNS + (Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> (32 - COLUMN_BITS));
}

const MULTIPLIERS = [0x2c1b3c6d, 0x297a2d39, 0x165667b1];
const ROWS = MULTIPLIERS.length;
const COLUMN_BITS = 18;
const COLUMNS = 2 ** COLUMN_BITS;
const SEATS = 2 ** 18;
const CROWDS = 2 ** 14;
const MAX_COUNT = 0xffff;
/** Counter steps of one take; a byte range takes its share, rounded up. 65,535 steps are 2,047 takes: twice an address's seats. */
const UNIT = 32;
