import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAME_SAMPLES, Framer } from "../../../local/sfu/frame.ts";

/** Blocks of sound become messages of 20 ms. */

/** A block whose samples are their own position on the timeline, so that any shift shows. */
function block(timestamp: number, length: number) {
  const data = Int16Array.from(
    { length: length * 2 },
    (_, i) => ((timestamp + (i >> 1)) % 10_000) + 1 + (i & 1) * 10_000,
  );
  return { timestamp, data };
}

describe("the framer", () => {
  test("cuts blocks of any length into whole frames, every sample in its place", () => {
    const lengths = fc.array(fc.constantFrom(120, 240, 480, 648, 960, 1920, 2880, 5760), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 0xffffffff - 200_000 }), (sizes, start) => {
        const framer = new Framer();
        const frames = [];
        let at = start;
        for (const size of sizes) {
          frames.push(...framer.push(block(at, size)));
          at += size;
        }
        expect(frames).toHaveLength(Math.floor((at - start) / FRAME_SAMPLES));
        for (const [i, frame] of frames.entries()) {
          expect(frame).toEqual(block(start + i * FRAME_SAMPLES, FRAME_SAMPLES));
        }
      }),
    );
  });

  test("fills the frame before a gap with silence, and dates the next frame after the gap", () => {
    const framer = new Framer();
    expect(framer.push(block(40, 960))).toHaveLength(1);
    expect(framer.push(block(1_000, 480))).toEqual([]);
    const frames = framer.push(block(50_000, 960));
    expect(frames.map(({ timestamp }) => timestamp)).toEqual([1_000, 50_000]);
    expect(frames[0]?.data.subarray(0, 960)).toEqual(block(1_000, 480).data);
    expect(frames[0]?.data.subarray(960).every((sample) => sample === 0)).toBe(true);
    expect(frames[1]).toEqual(block(50_000, 960));
  });

  test("lets timestamps wrap", () => {
    const framer = new Framer();
    const frames = [...framer.push(block(0xffffffff - 479, 480)), ...framer.push(block(0, 1_440))];
    expect(frames.map(({ timestamp }) => timestamp)).toEqual([0xffffffff - 479, 480]);
  });
});
