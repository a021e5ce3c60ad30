import { expect, test } from "vitest";
import { joinParts, Ring } from "../../src/broadcast/ring.ts";
import { type Part, samples } from "../../src/media.ts";

/** The parts that are in memory, by name. */

const part = (msn: number, index: number): Part => ({
  msn,
  index,
  at: samples(0),
  duration: samples(1024),
  bytes: Uint8Array.of(msn, index),
});

test("parts are found by their names, until their segment is pruned", () => {
  const ring = new Ring();
  for (const [msn, index] of [
    [3, 0],
    [3, 1],
    [4, 0],
  ] as const)
    ring.add(part(msn, index));
  expect(ring.part(3, 1)).toEqual(Uint8Array.of(3, 1));
  expect(ring.part(3, 2)).toBeNull();
  expect(ring.part(5, 0)).toBeNull();
  ring.prune(4);
  expect(ring.part(3, 0)).toBeNull();
  expect(ring.part(4, 0)).toEqual(Uint8Array.of(4, 0));
});

test("a segment's bytes are those of its parts, in order", () => {
  expect(joinParts([part(1, 0), part(1, 1)])).toEqual(Uint8Array.of(1, 0, 1, 1));
  expect(joinParts([])).toEqual(new Uint8Array(0));
});
