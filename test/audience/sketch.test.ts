import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_SKETCH_BYTES, MAX_SKETCH_MEMORY, Sketch } from "../../src/audience/sketch.ts";
import { hashes, random } from "../kit/random.ts";
import { drawUpTo, hashOf, readHash } from "./draw.ts";

/** The HyperLogLog sketch: its definition, its merging, its bytes and its error. */

function sketchOf(seed: number, count: number): Sketch {
  const sketch = new Sketch();
  for (const { high, low } of hashes(seed, count)) sketch.add(high, low);
  return sketch;
}

/** Sketches of few ids, which overlap, and of many: empty, sparse, at the border between the two forms, dense. */
const sketches = fc
  .record({ seed: fc.integer({ min: 1, max: 5 }), count: fc.oneof(fc.nat(40), fc.nat(3000), fc.nat(20_000)) })
  .map(({ seed, count }) => sketchOf(seed, count));

const bytesOf = (...all: Sketch[]) => Buffer.from(Sketch.union(all).toBytes()).toString("base64");

describe("registers", () => {
  test("are set from a hash as the definition says", () => {
    const next = random(7);
    const tails = [0, 1, 2, 0x3ffff, 0x20000, 0x80000000, 0xffffffff];
    for (let i = 0; i < 2000; i += 1) {
      const high = i % 3 === 0 ? ((next() & 0xfffc0000) | (tails[i % 7] ?? 0)) >>> 0 : next();
      const low = i % 4 === 0 ? (tails[(i >> 2) % 7] ?? 0) : next() >>> (i % 32);
      const [index, rank] = readHash(high, low);
      const [a, b] = [new Sketch(), new Sketch()];
      a.add(high, low);
      b.add(...hashOf(index, rank));
      expect(a.toBytes(), `${high} ${low}`).toEqual(
        Uint8Array.of(1, 14, 0, index >> 10, (index >> 2) & 0xff, ((index & 3) << 6) | rank),
      );
      expect(b.toBytes()).toEqual(a.toBytes());
    }
  });

  test("report whether adding a hash changed anything, sparse and dense", () => {
    for (const count of [100, 50_000]) {
      const sketch = sketchOf(1, count);
      for (const { high, low } of hashes(1, count)) expect(sketch.add(high, low)).toBe(false);
      const before = bytesOf(sketch);
      const changes = hashes(2, 1000).filter(({ high, low }) => sketch.add(high, low)).length;
      expect(changes).toBeGreaterThan(100);
      expect(bytesOf(sketch)).not.toBe(before);
      expect(sketch.merge(sketchOf(2, 1000))).toBe(false);
      expect(sketch.merge(sketchOf(3, 1000))).toBe(true);
      const many = sketchOf(4, 60_000);
      expect([sketch.merge(many), sketch.merge(many)]).toEqual([true, false]);
    }
  });

  test("take memory that grows with the listeners up to the bound", () => {
    const memory = [0, 6, 7, 190, 1500, 1700, 100_000].map((count) => sketchOf(1, count).memory());
    expect(memory).toEqual([32, 32, 64, 1024, 8192, 16_384, 16_384]);
    expect(MAX_SKETCH_MEMORY).toBe(16_384);
  });
});

describe("merge", () => {
  test("is commutative, associative and idempotent; the empty sketch is its neutral element", () => {
    fc.assert(
      fc.property(sketches, sketches, sketches, (a, b, c) => {
        expect(bytesOf(a, b)).toBe(bytesOf(b, a));
        expect(bytesOf(Sketch.union([a, b]), c)).toBe(bytesOf(a, Sketch.union([b, c])));
        expect(bytesOf(a, a)).toBe(bytesOf(a));
        expect(bytesOf(new Sketch(), a)).toBe(bytesOf(a));
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("gives the sketch of the union, and leaves the other sketch unchanged", () => {
    fc.assert(
      fc.property(fc.nat(8000), fc.nat(8000), fc.nat(8000), (first, from, length) => {
        const all = hashes(9, 16_000);
        const [a, b, both] = [new Sketch(), new Sketch(), new Sketch()];
        for (const [i, { high, low }] of all.entries()) {
          if (i < first) a.add(high, low);
          if (i >= from && i < from + length) b.add(high, low);
          if (i < first || (i >= from && i < from + length)) both.add(high, low);
        }
        const before = bytesOf(b);
        a.merge(b);
        expect(a.toBytes()).toEqual(both.toBytes());
        expect(a.estimate()).toBe(both.estimate());
        expect(bytesOf(b)).toBe(before);
      }),
      { seed: 2, numRuns: 40 },
    );
  });
});

describe("bytes", () => {
  test("golden: the empty sketch, three registers, and all of them packed", () => {
    expect(Buffer.from(new Sketch().toBytes()).toString("hex")).toBe("010e00");
    const three = new Sketch();
    for (const [index, rank] of [
      [16_383, 51],
      [0, 1],
      [5, 33],
    ] as const)
      three.add(...hashOf(index, rank));
    expect(Buffer.from(three.toBytes()).toString("hex")).toBe("010e000000010001610ffff3");
    const all = new Sketch();
    for (let index = 0; index < 16_384; index += 1) all.add(...hashOf(index, 1 + (index % 51)));
    const bytes = Buffer.from(all.toBytes());
    expect(bytes.length).toBe(MAX_SKETCH_BYTES);
    expect(bytes.subarray(0, 9).toString("hex")).toBe("010e010420c41461c8");
    expect(bytes.readUIntBE(bytes.length - 3, 3)).toBe((10 << 18) | (11 << 12) | (12 << 6) | 13);
  });

  test("are read back as they were written, and equal sketches have equal bytes", () => {
    fc.assert(
      fc.property(sketches, sketches, (a, b) => {
        for (const sketch of [a, Sketch.union([a, b])]) {
          const parsed = Sketch.fromBytes(sketch.toBytes());
          if (parsed.kind === "bad") throw new Error(parsed.why);
          expect(parsed.sketch.toBytes()).toEqual(sketch.toBytes());
          expect(parsed.sketch.estimate()).toBe(sketch.estimate());
        }
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  test("list the registers up to the length at which packing them is shorter", () => {
    const sketch = new Sketch();
    for (let index = 0; index < 4095; index += 1) sketch.add(...hashOf(index * 4, 2));
    expect([sketch.toBytes()[2], sketch.toBytes().length]).toEqual([0, 12_288]);
    sketch.add(...hashOf(1, 2));
    expect([sketch.toBytes()[2], sketch.toBytes().length]).toEqual([1, 12_291]);
  });

  test.each([
    ["length", ""],
    ["length", "010e"],
    ["length", "010e000000"],
    ["length", "010e01000000"],
    ["version", "020e00"],
    ["version", "000e00"],
    ["precision", "010c00"],
    ["form", "010e02"],
    ["form", `010e01${"00".repeat(12_288)}`],
    ["index", "010e00000041000041"],
    ["index", "010e00000081000041"],
    ["rank", "010e00000040"],
    ["rank", "010e00000074"],
    ["rank", `010e01${"fff".repeat(8192)}`],
    ["length", `010e00${"000001".repeat(4096)}`],
    ["index", "010e00100001"],
  ] as const)("are refused for their %s (%#)", (why, hex) => {
    expect(Sketch.fromBytes(Buffer.from(hex, "hex"))).toEqual({ kind: "bad", why });
  });

  test("of any content are refused, or are a sketch that writes just these bytes", () => {
    const real = [0, 3, 1000, 4000, 60_000].map((count) => sketchOf(4, count).toBytes());
    const damaged = fc
      .record({
        which: fc.nat(4),
        cut: fc.nat(13_000),
        at: fc.nat(12_290),
        value: fc.nat(255),
        extra: fc.nat(3),
      })
      .map(({ which, cut, at, value, extra }) => {
        const bytes = Uint8Array.from([
          ...(real[which] ?? new Uint8Array()).subarray(0, cut),
          ...new Uint8Array(extra),
        ]);
        if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    const headed = fc.uint8Array({ maxLength: 60 }).map((tail) => Uint8Array.of(1, 14, 0, ...tail));
    const seen = { sketch: 0, bad: 0 };
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), headed, damaged), (bytes) => {
        const parsed = Sketch.fromBytes(bytes);
        seen[parsed.kind] += 1;
        if (parsed.kind === "sketch") expect(parsed.sketch.toBytes()).toEqual(bytes);
      }),
      { seed: 4, numRuns: 3000 },
    );
    expect(seen.sketch).toBeGreaterThan(100);
    expect(seen.bad).toBeGreaterThan(1000);
  });
});

describe("estimate", () => {
  const POINTS = [10, 1e3, 1e5, 1e6, 8e6];
  const error95 = new Sketch().error95();
  const sigma = error95 / 1.96;

  /** The errors of `runs` seeded runs at each of POINTS. Hashes from number `drawn` on are drawn by draw.ts. */
  function errors(runs: number, drawn: number): number[][] {
    const found = POINTS.map((): number[] => []);
    for (let run = 1; run <= runs; run += 1) {
      const next = random(run);
      const sketch = new Sketch();
      const ranks = new Uint8Array(2 ** 14);
      let added = 0;
      for (const [i, count] of POINTS.entries()) {
        for (; added < Math.min(count, drawn); added += 1) {
          const high = next();
          const low = next();
          sketch.add(high, low);
          if (drawn < Infinity) {
            const rank = Math.min(high << 14 ? Math.clz32(high << 14) + 1 : 19 + Math.clz32(low), 51);
            ranks[high >>> 18] = Math.max(ranks[high >>> 18] ?? 0, rank);
          }
        }
        if (added < count) drawUpTo(sketch, ranks, added, count, next);
        added = count;
        found[i]?.push(sketch.estimate() / count - 1);
      }
    }
    return found;
  }

  function check(found: readonly number[][], runs: number): void {
    for (const [i, count] of POINTS.entries()) {
      const all = found[i] ?? [];
      const within = all.filter((error) => Math.abs(error) <= error95).length;
      const rms = Math.sqrt(all.reduce((sum, error) => sum + error ** 2, 0) / runs);
      const bias = all.reduce((sum, error) => sum + error, 0) / runs;
      const said = `${count}: bias ${(100 * bias).toFixed(3)} %, rms ${(100 * rms).toFixed(3)} %, ${within}/${runs} within`;
      console.log(said);
      // Allowed: three standard errors of a count of 95 in 100, of an rms and of a mean.
      expect(within, said).toBeGreaterThanOrEqual(0.95 * runs - 3 * Math.sqrt(runs * 0.95 * 0.05));
      expect(rms, said).toBeLessThan(sigma * (1 + 3 / Math.sqrt(2 * runs)));
      expect(Math.abs(bias), said).toBeLessThan((3 * sigma) / Math.sqrt(runs));
    }
  }

  test("of an empty sketch is 0, and the stated error is 1.59 %", () => {
    expect(new Sketch().estimate()).toBe(0);
    expect(error95).toBeCloseTo(0.01591, 5);
  });

  test("is Ertl's series where registers are at their largest rank, far beyond any audience", () => {
    const sketch = new Sketch();
    for (let index = 0; index < 16_384; index += 1) sketch.add(...hashOf(index, index % 2 ? 51 : 50));
    let tau = 1 - 0.5;
    for (let k = 1; k < 60; k += 1) tau -= (1 - 0.5 ** (2 ** -k)) ** 2 * 2 ** -k;
    const z = 2 ** -50 * (16_384 * (tau / 3) + 8192);
    expect(sketch.estimate() / (16_384 ** 2 / (2 * Math.LN2 * z))).toBeCloseTo(1, 9);
  });

  test("is within error95 over 100 seeded runs at each size", () => check(errors(100, 1e5), 100));

  /** SKETCH_RUNS=100 adds all 8e8 hashes one by one, as a check of draw.ts. */
  const runs = Number(process.env.SKETCH_RUNS ?? 4);
  test(`is within error95 over ${runs} runs that add every hash`, { timeout: 600_000 }, () =>
    check(errors(runs, Infinity), runs),
  );

  test("drawing only the hashes that change a sketch has the same distribution as adding all of them", () => {
    const sums = [0, 3000].map((from) =>
      Array.from({ length: 60 }, (_, run) => {
        const next = random(1000 + run + from);
        const sketch = new Sketch();
        const ranks = new Uint8Array(2 ** 14);
        if (from === 0) drawUpTo(sketch, ranks, 0, 40_000, next);
        else for (let i = 0; i < 40_000; i += 1) sketch.add(next(), next());
        return sketch.estimate();
      }),
    );
    const [drawn = [], added = []] = sums;
    const mean = (all: number[]) => all.reduce((sum, x) => sum + x, 0) / all.length;
    const spread = (all: number[]) => Math.sqrt(mean(all.map((x) => (x - mean(all)) ** 2)));
    expect(Math.abs(mean(drawn) / mean(added) - 1)).toBeLessThan(3 * sigma * Math.sqrt(2 / 60));
    expect(spread(drawn) / spread(added)).toBeGreaterThan(0.7);
    expect(spread(drawn) / spread(added)).toBeLessThan(1.4);
  });
});
