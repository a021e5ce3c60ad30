import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeS16, frameCount, frameCountS16, peakOf } from "../../src/audio/pcm.ts";

/** The SFU's bytes are decoded to samples. */

test("s16le becomes floats in [-1, 1)", () => {
  const bytes = Uint8Array.of(0, 0, 0xff, 0x7f, 0x00, 0x80, 0x01, 0x00);
  expect([...decodeS16(bytes)]).toEqual([0, 32_767 / 32_768, -1, 1 / 32_768]);
});

test("bytes at odd offsets decode like any others", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(5), (bytes, offset) => {
      const held = new Uint8Array(bytes.length + offset);
      held.set(bytes, offset);
      expect(decodeS16(held.subarray(offset))).toEqual(decodeS16(bytes));
    }),
  );
});

test("a truncated sample frame at the end is left out", () => {
  expect(decodeS16(new Uint8Array(7))).toHaveLength(2);
  expect(decodeS16(new Uint8Array(3))).toHaveLength(0);
  expect(frameCountS16(3843)).toBe(960);
});

test("frames are counted, and the peak is the largest magnitude", () => {
  expect(frameCount(new Float32Array(1920))).toBe(960);
  expect(peakOf(Float32Array.of(0.25, -0.75, 0.5))).toBe(0.75);
  expect(peakOf(new Float32Array(0))).toBe(0);
});
