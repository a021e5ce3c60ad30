import { PRECISION, type Sketch } from "../../src/audience/sketch.ts";
import { unit } from "../kit/random.ts";

const REGISTERS = 2 ** PRECISION;
const TAIL = 64 - PRECISION;
/** The probability that a uniform hash exceeds each rank. */
const CHANCE = Float64Array.from({ length: TAIL + 2 }, (_, rank) => 2 ** -rank);

/**
 * Takes a sketch of `from` uniform hashes to one of `to` hashes, and adds only the hashes that change it.
 * The result has the same distribution as adding them all. The registers are a Markov chain: a uniform hash meets register j
 * with probability 1/m and exceeds its rank r with 2^-r (0 once r is the largest), independently of earlier hashes. So the
 * number of hashes up to and including the next one that changes anything is geometric with p = sum of 2^-r / m. That hash is
 * in register j with probability 2^-r / (m p). Its rank is r plus a geometric number with parameter 1/2, cut off at the largest
 * rank (memorylessness). The hashes in between leave the sketch as it is and need not be made.
 */
export function drawUpTo(
  sketch: Sketch,
  ranks: Uint8Array,
  from: number,
  to: number,
  next: () => number,
): void {
  const byRank: number[][] = Array.from({ length: TAIL + 2 }, () => []);
  for (const [index, rank] of ranks.entries()) byRank[rank]?.push(index);
  let lowest = 0;
  let highest = byRank.findLastIndex((held) => held.length > 0);
  for (let added = from; ; ) {
    while (byRank[lowest]?.length === 0) lowest += 1;
    const top = Math.min(highest, TAIL);
    let weights = 0;
    for (let rank = lowest; rank <= top; rank += 1)
      weights += (byRank[rank]?.length ?? 0) * (CHANCE[rank] ?? 0);
    added += 1 + Math.floor(Math.log(unit(next)) / Math.log1p(-weights / REGISTERS));
    if (added > to) return;
    let place = unit(next) * weights;
    let rank = lowest;
    for (; rank < top; rank += 1) {
      const weight = (byRank[rank]?.length ?? 0) * (CHANCE[rank] ?? 0);
      if (place <= weight) break;
      place -= weight;
    }
    const held = byRank[rank] ?? [];
    const at = Math.floor((next() / 2 ** 32) * held.length);
    const index = held[at] ?? 0;
    held[at] = held.at(-1) ?? 0;
    held.pop();
    const reached = Math.min(TAIL + 1, rank + 1 + Math.clz32(next()));
    byRank[reached]?.push(index);
    ranks[index] = reached;
    highest = Math.max(highest, reached);
    sketch.add(...hashOf(index, reached));
  }
}

/** A hash that falls into register `index` with this rank. */
export function hashOf(index: number, rank: number): [high: number, low: number] {
  const bit = TAIL - rank;
  const high = (index << (TAIL - 32)) | (bit >= 32 ? 1 << (bit - 32) : 0);
  return [high >>> 0, bit >= 0 && bit < 32 ? (1 << bit) >>> 0 : 0];
}

/** The register index and rank of a hash, by the definition, read from its 64 bits as text. */
export function readHash(high: number, low: number): readonly [index: number, rank: number] {
  const bits = high.toString(2).padStart(32, "0") + low.toString(2).padStart(32, "0");
  const one = bits.indexOf("1", PRECISION);
  return [Number.parseInt(bits.slice(0, PRECISION), 2), one < 0 ? TAIL + 1 : one - PRECISION + 1];
}
