import { describe, expect, test } from "vitest";
import { PacketQueue } from "../../src/audio/packet-queue.ts";

/** Packets are queued in the order of media time, up to a bound. */

const pcm = (frames: number, value = 0.5) => new Float32Array(2 * frames).fill(value);

describe("the packet queue", () => {
  test("keeps the order of media time, whatever the order of arrival", () => {
    const queue = new PacketQueue();
    for (const start of [960, 0, 2_880, 1_920]) queue.put(start, pcm(960));
    expect([queue.first?.start, queue.end, queue.frames]).toEqual([0, 3_840, 3_840]);
    expect(queue.dropTo(1_919)).toBe(960);
    expect(queue.first?.start).toBe(960);
    expect(queue.dropTo(3_840)).toBe(2_880);
    expect([queue.first, queue.end, queue.frames]).toEqual([null, null, 0]);
  });

  test("tells whether a stretch is quiet: complete, and below a peak", () => {
    const queue = new PacketQueue();
    queue.put(0, pcm(960, 2 ** -10));
    queue.put(960, pcm(960, 0));
    queue.put(2_880, pcm(960, 0));
    expect(queue.isBelow(2 ** -10, 100, 1_920)).toBe(true);
    expect(queue.isBelow(2 ** -11, 100, 1_920)).toBe(false);
    expect(queue.isBelow(2 ** -11, 960, 1_920)).toBe(true);
    expect(queue.isBelow(2 ** -10, 100, 1_921)).toBe(false);
    expect(new PacketQueue().isBelow(1, 0, 1)).toBe(false);
  });

  test("holds 4 s and drops the oldest beyond that", () => {
    const queue = new PacketQueue();
    let gone = 0;
    for (let n = 0; n < 1_000; n++) gone += queue.put(n * 960, pcm(960));
    expect(queue.frames).toBe(192_000);
    expect(gone).toBe(1_000 * 960 - 192_000);
    expect(queue.end).toBe(960_000);
  });
});
