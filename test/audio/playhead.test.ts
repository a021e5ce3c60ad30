import { describe, expect, test } from "vitest";
import { MAX_SPEED, Playhead } from "../../src/audio/playhead.ts";

/** How fast a host's line is played so that it keeps its place on the timeline. */

const COUNT = 960;

/** Plays a line that is `error` samples late for `chunks` chunks. Returns the remaining error and the speed of each chunk. */
function play(playhead: Playhead, error: number, chunks: number, isQuiet = false, drift = 0) {
  const speeds: number[] = [];
  let left = error;
  for (let n = 0; n < chunks; n++) {
    const speed = playhead.speed(left, isQuiet, COUNT);
    const from = playhead.position;
    playhead.advance(COUNT, speed);
    left += COUNT - (playhead.position - from) + drift;
    speeds.push(speed);
  }
  return { error: left, speeds };
}

describe("a line in its place", () => {
  test("is played at a speed of exactly 1, from whole positions", () => {
    const playhead = new Playhead(1_200);
    const { speeds } = play(playhead, 0, 100);
    expect(new Set(speeds)).toEqual(new Set([1]));
    expect(playhead.position).toBe(1_200 + 100 * COUNT);
  });

  test("is left alone until it is 24 samples off, and then brought back to its place", () => {
    const playhead = new Playhead(0);
    expect(play(playhead, 0, 1).speeds).toEqual([1]);
    expect(play(playhead, 24, 1).speeds).toEqual([1]);
    expect(playhead.speed(25, false, COUNT)).toBeGreaterThan(1);
    // When it is within a sample of its place, it is put there at once.
    expect(playhead.speed(2, false, COUNT)).not.toBe(1);
    playhead.advance(COUNT, playhead.speed(1, false, COUNT));
    expect(playhead.position % 1).toBe(0);
    expect(playhead.speed(20, false, COUNT)).toBe(1);
  });

  test("is put in its place from a position between two samples", () => {
    const playhead = new Playhead(100.25);
    playhead.advance(COUNT, playhead.speed(0.75, false, COUNT));
    expect(playhead.position).toBe(101 + COUNT);
  });
});

describe("a line that is off", () => {
  test.each([2_000, -2_000])(
    "by %d samples gets to its place and stays there, never more than 0.5 % faster or slower",
    (off) => {
      const playhead = new Playhead(0);
      const { error, speeds } = play(playhead, off, 4_000);
      expect(Math.abs(error)).toBeLessThanOrEqual(1);
      expect(speeds.at(-1)).toBe(1);
      expect(Math.max(...speeds.map((speed) => Math.abs(speed - 1)))).toBeLessThanOrEqual(0.005 + 1e-12);
    },
  );

  test("is played up to 2 % faster or slower where it is quiet", () => {
    const playhead = new Playhead(0);
    expect(playhead.speed(2_000, true, COUNT)).toBe(MAX_SPEED);
    expect(playhead.speed(-2_000, true, COUNT)).toBe(2 - MAX_SPEED);
  });

  test("is corrected over five seconds, over half a second where it is quiet", () => {
    const playhead = new Playhead(0);
    expect(playhead.speed(480, false, COUNT)).toBeCloseTo(1 + 480 / (5 * 48_000), 12);
    expect(playhead.speed(480, true, COUNT)).toBeCloseTo(1 + 480 / (0.5 * 48_000), 12);
  });
});

test("a drift of 200 ppm keeps the line within 3 ms of its place", () => {
  const playhead = new Playhead(0);
  for (let n = 0; n < 100; n++) {
    const { error } = play(playhead, 0, 1_000, false, COUNT * 200e-6);
    expect(Math.abs(error)).toBeLessThan(144);
  }
});

test("what the buffer drops moves the position and changes no speed", () => {
  const playhead = new Playhead(5_000.25);
  playhead.shift(1_000);
  expect(playhead.position).toBe(4_000.25);
});
