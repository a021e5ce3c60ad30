import { describe, expect, test } from "vitest";
import { Shelf } from "../../src/audio/shelf.ts";

const pcm = (frames: number, value = 0.5) => new Float32Array(2 * frames).fill(value);

describe("shelf", () => {
  test("keeps the order of media time, whatever the order of arrival", () => {
    const shelf = new Shelf();
    for (const start of [960, 0, 2_880, 1_920]) shelf.put(start, pcm(960));
    expect([shelf.first?.start, shelf.end, shelf.frames]).toEqual([0, 3_840, 3_840]);
    expect(shelf.dropTo(1_919)).toBe(960);
    expect(shelf.first?.start).toBe(960);
    expect(shelf.dropTo(3_840)).toBe(2_880);
    expect([shelf.first, shelf.end, shelf.frames]).toEqual([undefined, undefined, 0]);
  });

  test("knows whether a stretch is quiet: whole and below a peak", () => {
    const shelf = new Shelf();
    shelf.put(0, pcm(960, 2 ** -10));
    shelf.put(960, pcm(960, 0));
    shelf.put(2_880, pcm(960, 0));
    expect(shelf.isBelow(2 ** -10, 100, 1_920)).toBe(true);
    expect(shelf.isBelow(2 ** -11, 100, 1_920)).toBe(false);
    expect(shelf.isBelow(2 ** -11, 960, 1_920)).toBe(true);
    expect(shelf.isBelow(2 ** -10, 100, 1_921)).toBe(false);
    expect(new Shelf().isBelow(1, 0, 1)).toBe(false);
  });

  test("holds 4 s and lets the oldest go beyond", () => {
    const shelf = new Shelf();
    let gone = 0;
    for (let n = 0; n < 1_000; n++) gone += shelf.put(n * 960, pcm(960));
    expect(shelf.frames).toBe(192_000);
    expect(gone).toBe(1_000 * 960 - 192_000);
    expect(shelf.end).toBe(960_000);
  });
});
