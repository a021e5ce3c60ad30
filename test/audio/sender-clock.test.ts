import { describe, expect, test } from "vitest";
import { difference, type Marks, SenderClock } from "../../src/audio/sender-clock.ts";

/** A sender's clock against the show's, across wraps and restarts of its counters. */

const marks = (sequenceNumber: number, timestamp: number, frames = 960): Marks => ({
  sequenceNumber: sequenceNumber >>> 0,
  timestamp: timestamp >>> 0,
  frames,
});

/** Accepts the packet `one` and returns its start. */
function take(clock: SenderClock, one: Marks): number | null {
  const start = clock.locate(one);
  if (start !== null) clock.accept(one, start);
  return start;
}

/** A clock that has heard 20 packets, the last at 19 * 960, whose timestamps count `unit` per sample. */
function running(unit = 1, first = 0): SenderClock {
  const clock = new SenderClock();
  for (let n = 0; n < 20; n++) expect(take(clock, marks(first + n, first + n * 960 * unit))).toBe(n * 960);
  return clock;
}

test("the difference of two counters is right across the wrap", () => {
  expect(difference(2, 4_294_967_295)).toBe(3);
  expect(difference(4_294_967_295, 2)).toBe(-3);
});

describe("sender clock", () => {
  test("both counters may wrap in the middle of the stream", () => {
    running(1, 2 ** 32 - 10);
    running(1, 2 ** 32 - 10 * 960);
  });

  test("a packet that comes twice is a duplicate; a number used again for other sound is not", () => {
    const clock = running();
    expect(clock.locate(marks(10, 10 * 960))).toBeNull();
    expect(clock.locate(marks(19, 19 * 960))).toBeNull();
    expect(clock.locate(marks(19, 20 * 960))).toBe(20 * 960);
  });

  test("a lost packet leaves its place empty, and takes it where it comes late", () => {
    const clock = running();
    expect(take(clock, marks(21, 21 * 960))).toBe(21 * 960);
    const late = marks(20, 20 * 960);
    expect(clock.isAhead(late)).toBe(false);
    expect(take(clock, late)).toBe(20 * 960);
    expect(take(clock, marks(22, 22 * 960))).toBe(22 * 960);
  });

  test("timestamps tell how long a pause was that the sequence numbers do not show", () => {
    expect(running().locate(marks(20, 60 * 960))).toBe(60 * 960);
    expect(running(1_000 / 48).locate(marks(20, (60 * 960 * 1_000) / 48))).toBe(60 * 960);
  });

  test("timestamps in a unit too coarse for the packets leave no gaps between them", () => {
    // 2.5 ms packets, millisecond timestamps.
    const clock = new SenderClock();
    for (let n = 0; n < 400; n++) expect(take(clock, marks(n, Math.floor(n * 2.5), 120))).toBe(n * 120);
    expect(clock.locate(marks(400, 1_000, 120))).toBe(48_000);
  });

  test("before the unit is known, and where timestamps make no sense, sequence numbers count packets", () => {
    const young = new SenderClock();
    take(young, marks(5, 1_000));
    expect(young.locate(marks(8, 999_999_999))).toBe(3 * 960);
    const clock = new SenderClock();
    for (let n = 0; n < 40; n++) take(clock, marks(n, 77));
    expect(clock.locate(marks(50, 77))).toBe(50 * 960);
  });

  test("after a restart only the packet that it began with counts", () => {
    const clock = running();
    clock.restart(marks(3, 5_000), 100_000);
    expect(clock.locate(marks(4, 5_960))).toBe(100_960);
    expect(clock.locate(marks(10, 5_000 + 7 * 960))).toBe(100_000 + 7 * 960);
    expect(clock.locate(marks(3, 5_000))).toBeNull();
  });
});
