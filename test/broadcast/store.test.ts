import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { expect, test } from "vitest";
import { Store } from "../../src/broadcast/store.ts";
import { samples } from "../../src/media.ts";

/** SQLite, by Node's binding in place of the runtime's; as much of it as the store uses. */
function sqlite(): SqlStorage {
  const database = new DatabaseSync(":memory:");
  const exec = (query: string, ...values: SQLInputValue[]) => {
    if (/^\s*CREATE/.test(query)) database.exec(query);
    const rows = /^\s*CREATE/.test(query) ? [] : database.prepare(query).all(...values);
    return { toArray: () => rows };
  };
  return { exec } as unknown as SqlStorage;
}

const PARTS = 5;

/** A store with `count` finished segments, and two parts of the next. */
function storeOf(count: number): Store {
  const store = new Store(sqlite());
  for (let n = 0; n < count * PARTS + 2; n++) {
    const [msn, index] = [Math.floor(n / PARTS), n % PARTS];
    const [at, duration] = [samples(n * 18 * 1024), samples(18 * 1024)];
    store.putPart({ msn, index, at, duration, bytes: Uint8Array.of(msn % 256, index) }, index === PARTS - 1);
  }
  return store;
}

test("what is read back is no more than was asked for, however much waits for R2 behind it", () => {
  // An hour and a half of which R2 took nothing.
  const store = storeOf(3_000);
  const parts = store.parts(40);
  expect(parts).toHaveLength(39 * PARTS + 2);
  expect(parts[0]?.part).toMatchObject({ msn: 2_961, index: 0 });
  expect(parts.at(-1)).toMatchObject({ part: { msn: 3_000, index: 1 }, closes: false });
  expect(parts.filter(({ closes }) => closes).map(({ part }) => part.index)).toEqual(
    Array.from({ length: 39 }, () => PARTS - 1),
  );
  // It is all still there for R2.
  expect(store.unkept(2)).toEqual([0, 1]);
  expect(store.partsOf(0).map(({ bytes }) => [...bytes])).toEqual(
    Array.from({ length: PARTS }, (_, n) => [0, n]),
  );
});

test("a short show is read back whole, and an empty one is empty", () => {
  expect(storeOf(3).parts(40)).toHaveLength(3 * PARTS + 2);
  expect(new Store(sqlite()).parts(40)).toEqual([]);
});

test("pruning never forgets what R2 does not hold", () => {
  const store = storeOf(10);
  for (const msn of [0, 1, 3]) store.markKept(msn);
  store.prune(5);
  expect(store.unkept(99)).toEqual([2, 4, 5, 6, 7, 8, 9]);
  expect(store.parts(40).map(({ part }) => part.msn)[0]).toBe(2);
});
