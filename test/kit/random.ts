import type { Hash } from "../../src/audience/siphash.ts";

/** Seeded 32-bit words: sfc32 (Doty-Humphrey, PractRand), after 21 discarded words. The same seed gives the same words. */
export function random(seed: number): () => number {
  let a = seed >>> 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let count = 1;
  const next = (): number => {
    const word = (a + b + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + word;
    return word >>> 0;
  };
  for (let i = 0; i < 21; i += 1) next();
  return next;
}

/** The next uniform number in (0, 1]. */
export function unit(next: () => number): number {
  return (next() + 1) / 2 ** 32;
}

/** `count` pseudo-random hashes. */
export function hashes(seed: number, count: number): Hash[] {
  const next = random(seed);
  return Array.from({ length: count }, () => ({ high: next(), low: next() }));
}

/** A seeded generator of uniform numbers in [0, 1) (mulberry32). */
export function uniforms(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
