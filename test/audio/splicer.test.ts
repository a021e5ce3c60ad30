import { describe, expect, test } from "vitest";
import { freshStats } from "../../src/audio/aligner-stats.ts";
import { PacketQueue } from "../../src/audio/packet-queue.ts";
import { PlayoutBuffer } from "../../src/audio/playout-buffer.ts";
import { Splicer } from "../../src/audio/splicer.ts";

/** Missing sound is concealed without a step. */

const FRAMES = 960;
const DELAY = 10_000;

/** The sender's sample at `media`: a different one for each. */
const sample = (media: number) => 1 + media / 1_024;
const sound = (from: number, count: number) => Array.from({ length: count }, (_, n) => sample(from + n));

/** A splicer with its queue and buffer; a position on the timeline minus its media time is {@link DELAY}. */
class Bench {
  readonly stats = freshStats();
  readonly queue = new PacketQueue();
  readonly buffer = new PlayoutBuffer();
  readonly splicer = new Splicer(this.queue, this.buffer, this.stats);
  #position = DELAY;

  /** Queues packets. */
  put(...numbers: number[]): this {
    const pcm = (n: number) =>
      Float32Array.from({ length: 2 * FRAMES }, (_, i) => sample(n * FRAMES + (i >> 1)));
    for (const n of numbers) this.queue.put(n * FRAMES, pcm(n));
    return this;
  }

  /** Moves `count` frames, and returns their left channel. */
  fill(count: number): number[] {
    const from = this.buffer.length;
    this.splicer.fill(count, this.#position, DELAY);
    this.#position += count;
    const moved = this.buffer.data.slice(2 * from, 2 * (from + count)).filter((_, i) => i % 2 === 0);
    this.buffer.trim(this.buffer.length);
    return [...moved];
  }
}

describe("packets that have come", () => {
  test("follow one another sample for sample, however they are cut for reading", () => {
    const bench = new Bench().put(0, 1, 2);
    bench.fill(500);
    expect(bench.fill(400)).toEqual(sound(500, 400));
    expect(bench.fill(100)).toEqual(sound(900, 100));
    expect(bench.splicer.media).toBe(1_000);
    expect(bench.fill(FRAMES)).toEqual(sound(1_000, FRAMES));
    expect(bench.stats).toMatchObject({ concealedSamples: 0, droppedSamples: 0 });
  });

  test("that overlap what was moved already give only their rest", () => {
    const bench = new Bench().put(0);
    bench.fill(FRAMES);
    const late = Float32Array.from({ length: 2 * FRAMES }, (_, i) => i >> 1);
    bench.queue.put(FRAMES - 100, late);
    expect(bench.fill(10)).toEqual(Array.from({ length: 10 }, (_, n) => 100 + n));
    expect(bench.splicer.media).toBe(FRAMES + 10);
  });
});

describe("a gap", () => {
  test("between two packets is concealed, and counted", () => {
    const bench = new Bench().put(0, 2);
    bench.fill(FRAMES);
    bench.fill(FRAMES);
    expect(bench.stats.concealedSamples).toBe(FRAMES);
    expect(bench.splicer.isDry).toBe(false);
    // Sound fades in over 5 ms.
    expect(bench.fill(FRAMES).slice(240)).toEqual(sound(2 * FRAMES + 240, FRAMES - 240));
  });

  test("of more than a second is taken for the host's silence, which is not counted", () => {
    const bench = new Bench().put(0);
    bench.fill(FRAMES);
    for (let n = 0; n < 100; n++) bench.fill(FRAMES);
    expect(bench.stats.concealedSamples).toBe(48_000);
    expect(bench.splicer.isDry).toBe(true);
  });

  test("before the first packet is silence, which is not counted either", () => {
    const bench = new Bench();
    expect(bench.fill(FRAMES)).toEqual(Array(FRAMES).fill(0));
    expect(bench.stats.concealedSamples).toBe(0);
  });
});

describe("a line that had run dry", () => {
  test("goes on with the next packet, in that packet's place", () => {
    const bench = new Bench().put(0);
    bench.fill(FRAMES);
    bench.fill(FRAMES);
    bench.put(2);
    expect(bench.splicer.isDry).toBe(true);
    expect(bench.fill(FRAMES).at(-1)).toBe(sample(3 * FRAMES - 1));
    expect(bench.splicer.isDry).toBe(false);
    expect(bench.splicer.media).toBe(3 * FRAMES);
  });

  test("does not play packets whose time is past: they are counted as dropped", () => {
    const bench = new Bench();
    for (let n = 0; n < 4; n++) bench.fill(FRAMES);
    bench.put(1, 2, 4);
    expect(bench.fill(FRAMES).at(-1)).toBe(sample(5 * FRAMES - 1));
    expect(bench.stats.droppedSamples).toBe(2 * FRAMES);
  });
});

test("a skip leaves out a number of samples and fades the seam; packets that end within it are counted as dropped", () => {
  const bench = new Bench().put(0, 1, 2, 3, 4);
  bench.fill(FRAMES + 1);
  bench.splicer.skip(2_500);
  expect(bench.splicer.media).toBe(FRAMES + 1 + 2_500);
  expect(bench.stats.droppedSamples).toBe(2 * FRAMES);
  const [first = 0, ...rest] = bench.fill(FRAMES);
  expect(first).toBeLessThan(sample(3_461) - 1);
  expect(rest[299]).toBe(sample(3_461 + 300));
});

test("the earliest position that can still be played is that of the line, or where a dry line would go on", () => {
  const bench = new Bench().put(0);
  expect(bench.splicer.earliest(-123)).toBe(-123);
  bench.fill(700);
  expect(bench.splicer.earliest(5_000)).toBe(700);
  bench.fill(2 * FRAMES);
  expect(bench.splicer.earliest(5_000)).toBe(5_000);
  // Never before what has been played.
  expect(bench.splicer.earliest(0)).toBe(FRAMES);
});

test("a host is active while it has sound, and for a second after", () => {
  const bench = new Bench();
  expect(bench.splicer.active(0)).toBe(false);
  bench.put(0).fill(FRAMES);
  bench.fill(FRAMES);
  expect(bench.splicer.active(DELAY + FRAMES + 47_999)).toBe(true);
  expect(bench.splicer.active(DELAY + FRAMES + 48_000)).toBe(false);
});
