import { describe, expect, test } from "vitest";
import { CAP, COARSE, networkUnder, seatingOf } from "../../src/audience/cap.ts";
import { sipKey } from "../../src/audience/siphash.ts";
import { Sketch } from "../../src/audience/sketch.ts";

/** An address can not raise the count by inventing ids, and people who share an address are still counted. */

const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => 7 * i));

const place = (address: string, listener: string, cap = CAP) => {
  const { high, low } = seatingOf(key, address, listener, cap).seat;
  return `${high} ${low}`;
};

/** How many different seats `count` listeners have, when the i-th is at `address(i)`. */
function places(count: number, address: (i: number) => string, who = "listener"): number {
  return new Set(Array.from({ length: count }, (_, i) => place(address(i), `${who}-${i}`))).size;
}

/** The count that cap.ts promises for n listeners on s seats: s (1 - (1 - 1/s)^n). */
const expected = (n: number, s: number) => s * (1 - (1 - 1 / s) ** n);

describe("one address that invents ids", () => {
  test.each([
    ["198.51.100.7", 1024],
    ["2001:db8:1:2::7", 1024],
  ])("%s: 100,000 ids count as %i listeners", (address, bound) => {
    expect(places(100_000, () => address)).toBe(bound);
  });

  test.each([
    ["a /24", (i: number) => `198.51.100.${i % 256}`],
    ["a /48", (i: number) => `2001:db8:1:${(i % 65_536).toString(16)}::7`],
  ])("%s: 100,000 ids count as 4,096 listeners", (_, address) => {
    expect(places(100_000, address)).toBe(4096);
  });

  test("moves a count of 10,000 by no more than the bound, through seven isolates", () => {
    const isolates = Array.from({ length: 7 }, () => new Sketch());
    for (let i = 0; i < 10_000; i += 1) {
      const { high, low } = seatingOf(key, `10.${i >> 8}.${i & 255}.9`, `honest-${i}`).seat;
      isolates[i % 7]?.add(high, low);
    }
    const before = Sketch.union(isolates).estimate();
    for (let i = 0; i < 100_000; i += 1) {
      const { high, low } = seatingOf(key, "198.51.100.7", `forged-${i}`).seat;
      isolates[i % 7]?.add(high, low);
    }
    const moved = Sketch.union(isolates).estimate() - before;
    console.log(`100,000 forged ids move a count of 10,000 by ${moved.toFixed(0)}`);
    expect(Math.abs(before / 10_000 - 1)).toBeLessThan(0.02);
    expect(moved).toBeGreaterThan(800);
    expect(moved).toBeLessThanOrEqual(CAP.address);
  });
});

describe("honest listeners", () => {
  test("behind one address are counted as promised", () => {
    const table = [1, 10, 50, 100, 500, 2000].map((n) => {
      const trials = Array.from({ length: 40 }, (_, trial) =>
        places(n, () => `203.0.${trial}.1`, `trial-${trial}`),
      );
      return [n, trials.reduce((sum, x) => sum + x, 0) / 40] as const;
    });
    console.log(`one address, counted of: ${table.map(([n, got]) => `${n}: ${got}`).join(", ")}`);
    for (const [n, got] of table) {
      expect(Math.abs(got / expected(n, CAP.address) - 1), String(n)).toBeLessThan(0.01);
    }
  });

  test("each in a network of their own are all counted: no two share a seat", () => {
    expect(places(65_536, (i) => `${i >> 8}.${i & 255}.7.1`)).toBe(65_536);
    expect(places(65_536, (i) => `2001:db8:${i.toString(16)}::1`)).toBe(65_536);
  });

  test("keep their seat, whatever the time and the isolate; another key gives another seat", () => {
    expect(place("203.0.113.9", "a")).toBe(place("203.0.113.9", "a"));
    expect(place("203.0.113.9", "a")).not.toBe(place("203.0.113.9", "b"));
    const other = seatingOf(sipKey(new Uint8Array(16)), "203.0.113.9", "a").seat;
    expect(`${other.high} ${other.low}`).not.toBe(place("203.0.113.9", "a"));
  });
});

test("the input of a hash is cut: a header of 100 KB takes as long as one of 256 characters", () => {
  const agent = "a".repeat(256);
  const own = place("203.0.113.9", agent);
  for (const more of ["b", "c".repeat(100_000)]) expect(place("203.0.113.9", agent + more)).toBe(own);
  expect(place("203.0.113.9", agent.slice(1))).not.toBe(own);
  // Nor is a text read that is too long to be an address.
  expect(place(`203.0.113.9${" ".repeat(100_000)}`, agent)).toBe(place("", agent));
});

test("a place is a seat, a seat among a quarter as many, and the address's hash", () => {
  const { seat: own, coarse, network } = seatingOf(key, "203.0.113.9", "a");
  // This seat was computed by another deploy: while one replaces another, the isolates of both report the same listeners.
  expect(own).toEqual({ high: 4_134_664_899, low: 1_209_905_801 });
  expect(networkUnder(key, "203.0.113.9")).toBe(network);
  expect(networkUnder(key, "203.0.113.10")).not.toBe(network);
  const seats = new Set<number>();
  const coarser = new Set<number>();
  for (let i = 0; i < 20_000; i += 1) {
    const { seat, coarse } = seatingOf(key, "198.51.100.7", `listener-${i}`);
    seats.add(seat.low);
    coarser.add(coarse.low);
  }
  expect([seats.size, coarser.size]).toEqual([CAP.address, COARSE.address]);
  expect(coarse).not.toEqual(own);
});

describe("networks", () => {
  /** With one seat per address and as many as possible per prefix, equal places mean equal addresses. */
  const onePerAddress = { address: 1, prefix: 2 ** 32 };
  const onePerPrefix = { address: 2 ** 32, prefix: 1 };

  test.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", true],
    ["2001:db8:1:2::1", "2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", true],
    ["2001:db8::1", "2001:db8:0:0:1::", true],
    ["2001:db8::1", "2001:db8:0:1::1", false],
    ["::1", "0:0:0:0:9:9:9:9", true],
    ["::1", "1::", false],
    ["::ffff:192.0.2.1", "192.0.2.1", true],
    ["64:ff9b::192.0.2.1", "64:ff9b::", true],
    ["1:2:3:4:5:6:192.0.2.1", "1:2:3:4::", true],
    ["fe80::1%eth0", "fe80::2", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["192.0.2.256", "", true],
    ["192.0.2", "not an address", true],
    ["1::2::3", "", true],
    ["1:2:3:4:5:6:7:8:9", "", true],
    ["1:2:3:4:5:6:7", "", true],
    ["1:2:3:4::5:6:7:8", "", true],
    ["12345::", "", true],
    ["0.0.0.0", "", false],
    ["0.0.0.0", "::", false],
  ])("addresses %j and %j share a seat: %j", (a, b, same) => {
    expect(place(a, "x", onePerAddress) === place(b, "x", onePerAddress)).toBe(same);
  });

  test.each([
    ["192.0.2.1", "192.0.2.255", true],
    ["192.0.2.1", "192.0.3.1", false],
    ["2001:db8:1:2::", "2001:db8:1:ffff::", true],
    ["2001:db8:1:2::", "2001:db8:2:2::", false],
  ])("prefixes of %j and %j share a seat: %j", (a, b, same) => {
    expect(place(a, "x", onePerPrefix) === place(b, "y", onePerPrefix)).toBe(same);
  });
});
