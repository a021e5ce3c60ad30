import { describe, expect, test } from "vitest";
import { freshStats } from "../../src/audio/aligner-stats.ts";
import { Placement } from "../../src/audio/placement.ts";
import { PlayoutDelay } from "../../src/audio/playout-delay.ts";
import { fromMillis } from "../../src/media.ts";

/** Where on the show's timeline a packet belongs. */

const FRAMES = 960;
/** The timeline position at which packet 0 is complete; the sender's media time begins one packet earlier. */
const FIRST = 48_000;

/** Packets of one sender, and where each of them is placed, in order. */
class Sender {
  readonly stats = freshStats();
  readonly delay = new PlayoutDelay();
  readonly #placement = new Placement(this.delay, this.stats);
  /** The first position that can still be played. */
  earliest = Number.NEGATIVE_INFINITY;

  /**
   * Sends packet `n`, which arrives `late` samples after it was complete. Its sequence number and timestamp are those of packet
   * `as`.
   */
  send(n: number, { late = 0, excused = 0, as = n, zero = 0 } = {}): [start: number, frames: number][] {
    const marks = {
      sequenceNumber: (zero + as) >>> 0,
      timestamp: (zero + as * FRAMES) >>> 0,
      frames: FRAMES,
    };
    const at = FIRST + n * FRAMES + late;
    const placed = this.#placement.place(
      { marks, pcm: new Float32Array(2 * FRAMES).fill(n), at, excused },
      () => this.earliest,
    );
    return placed.map(({ start, pcm }) => [start, pcm.length / 2]);
  }

  /** Sends the packets from `from` up to `to`, each on time. */
  run(from: number, to: number, options = {}): void {
    for (let n = from; n < to; n++) this.send(n, options);
  }
}

/** A sender of which 20 packets have arrived on time. */
function running(): Sender {
  const sender = new Sender();
  for (let n = 0; n < 20; n++) expect(sender.send(n)).toEqual([[n * FRAMES, FRAMES]]);
  return sender;
}

describe("a packet", () => {
  test("that comes after a later one is put in its own place, and counted", () => {
    const sender = running();
    expect(sender.send(21)).toEqual([[21 * FRAMES, FRAMES]]);
    expect(sender.send(20, { late: 2 * FRAMES })).toEqual([[20 * FRAMES, FRAMES]]);
    expect(sender.stats).toMatchObject({ reordered: 1, duplicate: 0, late: 0 });
  });

  test("that is a duplicate has no place", () => {
    const sender = running();
    expect(sender.send(19, { late: 500 })).toEqual([]);
    expect(sender.stats).toMatchObject({ duplicate: 1, late: 0 });
  });

  test("whose place has been played has no place; where only a part has been played, the rest has one", () => {
    const sender = running();
    sender.earliest = 21 * FRAMES;
    expect(sender.send(20)).toEqual([]);
    expect(sender.stats).toMatchObject({ late: 1 });
    sender.earliest += 100;
    expect(sender.send(21)).toEqual([[sender.earliest, FRAMES - 100]]);
    expect(sender.stats).toMatchObject({ late: 1 });
  });
});

describe("a packet that waited for the relay", () => {
  test("does not count as late for the time that it waited", () => {
    const sender = running();
    const late = fromMillis(300);
    sender.send(20, { late, excused: late });
    expect(sender.delay.target).toBe(sender.delay.base);
  });

  test("counts as late for the rest of its lateness", () => {
    const sender = running();
    sender.send(20, { late: fromMillis(300), excused: fromMillis(150) });
    // 20 ms of the packet, 150 ms of lateness, 25 ms to spare; of these, 120 ms are waited for anyway.
    expect(sender.delay.target - sender.delay.base).toBe(fromMillis(75));
  });

  test("cannot have waited longer than it is late: the base delay stays", () => {
    const sender = running();
    const { base } = sender.delay;
    sender.send(20, { excused: fromMillis(300) });
    expect(sender.delay.base).toBe(base);
  });
});

describe("a new media time line of the sender", () => {
  test("begins with two packets in sequence that are far off; both are placed as if nothing had delayed them", () => {
    const sender = running();
    expect(sender.send(20, { zero: 7e8 })).toEqual([]);
    expect(sender.send(21, { zero: 7e8 })).toEqual([
      [20 * FRAMES, FRAMES],
      [21 * FRAMES, FRAMES],
    ]);
    expect(sender.send(22, { zero: 7e8 })).toEqual([[22 * FRAMES, FRAMES]]);
    expect(sender.stats).toMatchObject({ resyncs: 1, duplicate: 0, late: 0 });
  });

  test("begins as well where the sequence number wraps between the two packets", () => {
    const sender = new Sender();
    sender.run(0, 20, { zero: 1e9 });
    expect(sender.send(20, { zero: 2 ** 32 - 21 })).toEqual([]);
    expect(sender.send(21, { zero: 2 ** 32 - 21 })).toHaveLength(2);
    expect(sender.stats.resyncs).toBe(1);
  });

  test("does not begin with stray packets that do not follow each other", () => {
    const sender = running();
    expect(sender.send(20, { zero: 7e8 })).toEqual([]);
    expect(sender.send(21, { zero: 9e8 })).toEqual([]);
    expect(sender.send(22)).toEqual([[22 * FRAMES, FRAMES]]);
    // Nor with two that do, where an ordinary packet lies between them.
    expect(sender.send(23, { zero: 9e8 })).toEqual([]);
    expect(sender.send(23)).toEqual([[23 * FRAMES, FRAMES]]);
    expect(sender.send(24, { zero: 9e8 })).toEqual([]);
    expect(sender.stats.resyncs).toBe(0);
  });

  test("begins after half a second of nothing but duplicates", () => {
    const sender = running();
    const again = (n: number) => sender.send(n, { as: n % 20 });
    for (let n = 20; n <= 45; n++) expect(again(n), `${n}`).toEqual([]);
    expect(again(46)).toEqual([[46 * FRAMES, FRAMES]]);
    expect(sender.stats).toMatchObject({ resyncs: 1, duplicate: 27 });
  });

  test("does not begin with the first accepted packet after duplicates", () => {
    const sender = running();
    for (let n = 20; n < 40; n++) sender.send(n, { as: n % 20 });
    expect(sender.send(40)).toEqual([[40 * FRAMES, FRAMES]]);
    for (let n = 41; n < 60; n++) sender.send(n, { as: n % 20 });
    expect(sender.stats.resyncs).toBe(0);
  });
});
