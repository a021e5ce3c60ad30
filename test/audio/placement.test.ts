import { describe, expect, test } from "vitest";
import { freshStats } from "../../src/audio/aligner-stats.ts";
import { Placement } from "../../src/audio/placement.ts";
import { PlayoutDelay } from "../../src/audio/playout-delay.ts";
import { fromMillis } from "../../src/media.ts";

/** Where on the show's line a packet belongs. */

const FRAMES = 960;
/** Where packet 0 is complete on the timeline; its sender's media time begins a packet before. */
const FIRST = 48_000;

/** Packets of one sender: where each is placed, in order. */
class Sender {
  readonly stats = freshStats();
  readonly delay = new PlayoutDelay();
  readonly #placement = new Placement(this.delay, this.stats);
  /** The first position that can still be played. */
  earliest = Number.NEGATIVE_INFINITY;

  /** Packet `n`, `late` samples after it was complete; its marks are those of packet `as`. */
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

  /** Packets from `from` up to `to`, each on time. */
  run(from: number, to: number, options = {}): void {
    for (let n = from; n < to; n++) this.send(n, options);
  }
}

/** A sender of whom 20 packets have come on time. */
function running(): Sender {
  const sender = new Sender();
  for (let n = 0; n < 20; n++) expect(sender.send(n)).toEqual([[n * FRAMES, FRAMES]]);
  return sender;
}

describe("a packet", () => {
  test("that comes after a later one has its own place, and is counted", () => {
    const sender = running();
    expect(sender.send(21)).toEqual([[21 * FRAMES, FRAMES]]);
    expect(sender.send(20, { late: 2 * FRAMES })).toEqual([[20 * FRAMES, FRAMES]]);
    expect(sender.stats).toMatchObject({ reordered: 1, duplicate: 0, late: 0 });
  });

  test("that came before has none", () => {
    const sender = running();
    expect(sender.send(19, { late: 500 })).toEqual([]);
    expect(sender.stats).toMatchObject({ duplicate: 1, late: 0 });
  });

  test("whose place has been played has none, and one that has been played in part has the rest", () => {
    const sender = running();
    sender.earliest = 21 * FRAMES;
    expect(sender.send(20)).toEqual([]);
    expect(sender.stats).toMatchObject({ late: 1 });
    sender.earliest += 100;
    expect(sender.send(21)).toEqual([[sender.earliest, FRAMES - 100]]);
    expect(sender.stats).toMatchObject({ late: 1 });
  });
});

describe("a packet that waited for us", () => {
  test("does not count as late for as long as it waited", () => {
    const sender = running();
    const late = fromMillis(300);
    sender.send(20, { late, excused: late });
    expect(sender.delay.target).toBe(sender.delay.base);
  });

  test("counts as late for the rest", () => {
    const sender = running();
    sender.send(20, { late: fromMillis(300), excused: fromMillis(150) });
    // 20 ms of the packet, 150 of lateness, 25 to spare, 120 of which are waited for.
    expect(sender.delay.target - sender.delay.base).toBe(fromMillis(75));
  });

  test("cannot have waited for longer than it is late: the base stays", () => {
    const sender = running();
    const { base } = sender.delay;
    sender.send(20, { excused: fromMillis(300) });
    expect(sender.delay.base).toBe(base);
  });
});

describe("a new time line", () => {
  test("is what two packets in sequence make that are far off; both are placed as if nothing had delayed them", () => {
    const sender = running();
    expect(sender.send(20, { zero: 7e8 })).toEqual([]);
    expect(sender.send(21, { zero: 7e8 })).toEqual([
      [20 * FRAMES, FRAMES],
      [21 * FRAMES, FRAMES],
    ]);
    expect(sender.send(22, { zero: 7e8 })).toEqual([[22 * FRAMES, FRAMES]]);
    expect(sender.stats).toMatchObject({ resyncs: 1, duplicate: 0, late: 0 });
  });

  test("is found as well where the sequence number wraps between the two", () => {
    const sender = new Sender();
    sender.run(0, 20, { zero: 1e9 });
    expect(sender.send(20, { zero: 2 ** 32 - 21 })).toEqual([]);
    expect(sender.send(21, { zero: 2 ** 32 - 21 })).toHaveLength(2);
    expect(sender.stats.resyncs).toBe(1);
  });

  test("is not what strays make that do not follow each other", () => {
    const sender = running();
    expect(sender.send(20, { zero: 7e8 })).toEqual([]);
    expect(sender.send(21, { zero: 9e8 })).toEqual([]);
    expect(sender.send(22)).toEqual([[22 * FRAMES, FRAMES]]);
    // Nor two that do, with an ordinary packet between them.
    expect(sender.send(23, { zero: 9e8 })).toEqual([]);
    expect(sender.send(23)).toEqual([[23 * FRAMES, FRAMES]]);
    expect(sender.send(24, { zero: 9e8 })).toEqual([]);
    expect(sender.stats.resyncs).toBe(0);
  });

  test("is what follows half a second of nothing but duplicates", () => {
    const sender = running();
    const again = (n: number) => sender.send(n, { as: n % 20 });
    for (let n = 20; n <= 45; n++) expect(again(n), `${n}`).toEqual([]);
    expect(again(46)).toEqual([[46 * FRAMES, FRAMES]]);
    expect(sender.stats).toMatchObject({ resyncs: 1, duplicate: 27 });
  });

  test("is not what a packet begins that is the first to be taken after duplicates", () => {
    const sender = running();
    for (let n = 20; n < 40; n++) sender.send(n, { as: n % 20 });
    expect(sender.send(40)).toEqual([[40 * FRAMES, FRAMES]]);
    for (let n = 41; n < 60; n++) sender.send(n, { as: n % 20 });
    expect(sender.stats.resyncs).toBe(0);
  });
});
