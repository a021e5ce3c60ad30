import { describe, expect, test } from "vitest";
import { DeliveryLimiter, TAKE_MEMORY_MS } from "../../src/audience/delivery-limiter.ts";
import { hashes, random } from "../kit/random.ts";

/** Listeners counted by the media they fetch: what counts as one take, also where many share an address. */

const T = 100 * TAKE_MEMORY_MS;
const next = random(7);
const networks = Array.from({ length: 50_000 }, next);
const [HOME = 0, OFFICE = 0] = networks;

/** How many of `count` whole takes are counted. */
function takes(own: DeliveryLimiter, network: number, name: number, count: number, ms = T): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += own.take(network, name, 1, ms);
  return sum;
}

describe("a part that one listener fetches", () => {
  test("counts once, however often it is fetched", () => {
    const own = new DeliveryLimiter();
    for (let part = 0; part < 50; part += 1) expect(takes(own, HOME, part, 600), String(part)).toBe(1);
  });

  test("counts once for as long as it can count, even when the memory of earlier takes is turned over", () => {
    for (const from of [0, 0.5, 0.999]) {
      const own = new DeliveryLimiter();
      let sum = 0;
      for (let ms = 0; ms < TAKE_MEMORY_MS; ms += 1000)
        sum += own.take(HOME, 3, 1, T + from * TAKE_MEMORY_MS + ms);
      expect(sum).toBe(1);
    }
  });

  test("counts by the share that was fetched where it is a range, and never more than once in all", () => {
    const own = new DeliveryLimiter();
    expect(own.take(HOME, 1, 1 / 1000, T)).toBe(1 / 1000);
    const quarters = [1, 2, 3, 4, 5, 6].map(() => own.take(HOME, 2, 0.25, T));
    expect(quarters).toEqual([0.25, 0.25, 0.25, 0.25, 0, 0]);
  });
});

describe("players behind one address", () => {
  const ids = hashes(3, 3000);

  test.each([2, 95, 600])("count as the %i listeners that were seen there", (seen) => {
    const own = new DeliveryLimiter();
    for (const id of ids.slice(0, seen)) for (let again = 0; again < 3; again += 1) own.see(OFFICE, id, T);
    const counted = takes(own, OFFICE, 1, seen);
    expect(counted / seen).toBeGreaterThan(0.99);
    // A listener there who fetches one part again and again adds nothing.
    expect(takes(own, OFFICE, 1, 5000)).toBeLessThanOrEqual(0.01 * seen);
    expect(takes(own, HOME, 1, 5000)).toBe(1);
  });

  test("stay known for as long as they keep asking, across turns of the memory", () => {
    const own = new DeliveryLimiter();
    for (let second = 0; second < 120; second += 1) {
      const ms = T + 1000 * second;
      if (second % 4 === 0) for (const id of ids.slice(0, 100)) own.see(OFFICE, id, ms);
      expect(takes(own, OFFICE, second, 100, ms), String(second)).toBeGreaterThan(98);
    }
  });

  test("are forgotten after they have gone", () => {
    const own = new DeliveryLimiter();
    for (const id of ids.slice(0, 100)) own.see(OFFICE, id, T);
    expect(takes(own, OFFICE, 1, 100, T + 2 * TAKE_MEMORY_MS)).toBe(1);
  });
});

test("at a thousand takes a second, less than 0.5 % are lost because they share another's counter", () => {
  const own = new DeliveryLimiter();
  let counted = 0;
  let taken = 0;
  for (let second = 0; second < 60; second += 1) {
    for (let i = 0; i < 1000; i += 1) {
      counted += own.take(networks[i] ?? 0, second, 1, T + 1000 * second);
      taken += 1;
    }
  }
  console.log(`${taken - counted} of ${taken} takes are lost`);
  expect(taken - counted).toBeLessThan(0.005 * taken);
});
