import type { Hash } from "./siphash.ts";

/** A take is remembered for this long at least, ms, and for twice that at most. Media that is older does not count at all. */
export const TAKES_MS = 30_000;

/**
 * Which media this isolate has handed out, so that what one listener takes twice counts once.
 *
 * A request for media carries an address and no listener's id. So of one part, an address is granted as many takes as
 * listeners were seen at it (seats, cap.ts), and at least one, because its playlists may come from another isolate. Who asks
 * for one part again and again counts as one listener, and players behind one address count as many as they are.
 *
 * No list is kept. Takes are counters in a count-min sketch (Cormode, Muthukrishnan, J. Algorithms 55, 2005, with conservative
 * update), seats are a bitmap: 3.2 MB for an isolate, whatever it serves. A collision makes the count lower, never higher: by
 * less than 0.5 % at 30,000 takes within {@link TAKES_MS} (a thousand a second).
 */
export class Takes {
  #now: Generation | null = null;
  #before: Generation | null = null;

  /** A listener on `seat` was seen at the address `network` (cap.ts `Place`). */
  see(network: number, seat: Hash, ms: number): void {
    const { seats, crowds } = this.#turnTo(ms);
    const bit = seat.low & (SEATS - 1);
    const place = bit >>> 3;
    const mask = 1 << (bit & 7);
    if (((seats[place] ?? 0) & mask) !== 0) return;
    seats[place] = (seats[place] ?? 0) | mask;
    const crowd = network & (CROWDS - 1);
    crowds[crowd] = Math.min(MOST, (crowds[crowd] ?? 0) + 1);
  }

  /**
   * How much of a request counts: `share` of the media `name` (any number that is the media's own in its show), 0 to 1,
   * which went to the address `network`.
   */
  take(network: number, name: number, share: number, ms: number): number {
    const now = this.#turnTo(ms);
    const before = this.#before;
    const crowd = network & (CROWDS - 1);
    const allowed = Math.max(1, now.crowds[crowd] ?? 0, before?.crowds[crowd] ?? 0);
    const hash = Math.imul(network ^ Math.imul(name + 1, 0x9e3779b1), 0x85ebca6b);
    let taken = MOST;
    for (let row = 0; row < ROWS; row += 1) {
      const at = placeIn(row, hash);
      taken = Math.min(taken, Math.max(now.taken[at] ?? 0, before?.taken[at] ?? 0));
    }
    const raised = Math.min(MOST, taken + Math.ceil(share * UNIT));
    for (let row = 0; row < ROWS; row += 1) {
      const at = placeIn(row, hash);
      if ((now.taken[at] ?? 0) < raised) now.taken[at] = raised;
    }
    return Math.max(0, Math.min(share, allowed - taken / UNIT));
  }

  #turnTo(ms: number): Generation {
    const index = Math.floor(ms / TAKES_MS);
    if (this.#now !== null && index <= this.#now.index) return this.#now;
    const old = this.#before;
    this.#before = this.#now?.index === index - 1 ? this.#now : null;
    this.#now = fresh(index, this.#before === null ? (this.#now ?? old) : old);
    return this.#now;
  }
}

/** What was taken and seen in one time of {@link TAKES_MS}. */
interface Generation {
  index: number;
  /** Rows of counters, in parts of {@link UNIT}. */
  readonly taken: Uint16Array;
  /** One bit for each seat taken, by its hash. */
  readonly seats: Uint8Array;
  /** Seats taken at each address, by its hash. Addresses with the same hash are each granted the sum. */
  readonly crowds: Uint16Array;
}

/** An empty one, in the memory of `over` if there is one. */
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

/** Each row has a hash of its own: a multiplication, of which the upper bits are the place (Knuth, TAOCP 3, 6.4). */
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
const MOST = 0xffff;
/** A whole take in counter steps; a range takes its share, rounded up. 65,535 steps are 2,047: twice an address's seats. */
const UNIT = 32;
