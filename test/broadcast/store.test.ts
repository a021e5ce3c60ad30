import { describe, expect, test, vi } from "vitest";
import { Outbox } from "../../src/broadcast/outbox.ts";
import { type MediaObject, Store } from "../../src/broadcast/store.ts";
import { type Part, samples } from "../../src/media.ts";
import { sqlite } from "../kit/sqlite.ts";

/** Values are read back from SQLite as they were stored, and no object that R2 is to have is lost. */

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

test("no more is read back than was asked for, however much waits for R2", () => {
  // An hour and a half in which R2 took nothing.
  const store = storeOf(3_000);
  const parts = store.parts(40);
  expect(parts).toHaveLength(39 * PARTS + 2);
  expect(parts[0]?.part).toMatchObject({ msn: 2_961, index: 0 });
  expect(parts.at(-1)).toMatchObject({ part: { msn: 3_000, index: 1 }, closes: false });
  expect(parts.filter(({ closes }) => closes).map(({ part }) => part.index)).toEqual(
    Array.from({ length: 39 }, () => PARTS - 1),
  );
  // All of it is still there for R2.
  expect(store.unkept()).toBe(0);
  expect(store.partsOf(0).map(({ bytes }) => [...bytes])).toEqual(
    Array.from({ length: PARTS }, (_, n) => [0, n]),
  );
});

test("a short show is read back whole, and an empty one is empty", () => {
  expect(storeOf(3).parts(40)).toHaveLength(3 * PARTS + 2);
  expect(new Store(sqlite()).parts(40)).toEqual([]);
});

test("pruning never drops a segment that R2 does not hold", () => {
  const store = storeOf(10);
  for (const msn of [0, 1, 3]) store.markKept(msn);
  store.prune(5);
  expect(store.unkept()).toBe(2);
  expect([...new Set(store.parts(40).map(({ part }) => part.msn))]).toEqual([2, 4, 5, 6, 7, 8, 9, 10]);
});

describe("a timeline that makes room for the next", () => {
  const INIT = Uint8Array.of(7);
  /** Takes everything from the outbox, as R2 does. */
  const emptied = (outbox: Outbox) => {
    const names: string[] = [];
    for (let item = outbox.next(); item !== null; item = outbox.next()) {
      names.push(`${item.epoch} ${item.msn ?? "init"} ${item.bytes.length}`);
      outbox.markKept(item);
    }
    return names;
  };

  test("leaves behind, under its own name, what R2 does not hold: its init segment, its segments, also the open one", () => {
    const store = storeOf(4);
    store.putInit(INIT);
    const outbox = new Outbox(store);
    outbox.turnTo("one", INIT);
    for (const msn of [0, 1]) store.markKept(msn);
    expect(store.setAside("one")).toBe(0);
    expect([store.parts(40), store.init(), store.unkept()]).toEqual([[], null, null]);
    // Media that a replay may be asked for; R2 has segment 1.
    const lengths = [null, 2, 4, 1].map((msn) => store.formerMedia("one", msn)?.length ?? null);
    expect([...lengths, store.formerMedia("two", 2)]).toEqual([1, 10, 4, null, null]);
    outbox.turnTo("two", Uint8Array.of(8, 8));
    expect(emptied(outbox)).toEqual(["two init 2", "one init 1", "one 2 10", "one 3 10", "one 4 4"]);
    expect(outbox.next()).toBe(null);
  });

  test("leaves nothing behind if R2 holds everything", () => {
    const store = storeOf(3);
    store.putInit(INIT);
    for (const msn of [0, 1, 2, 3]) store.putPart({ ...store.partsOf(msn)[0], msn } as Part, true);
    for (const msn of [0, 1, 2, 3]) store.markKept(msn);
    store.setAside("none");
    expect(new Outbox(store).next()).toBe(null);
  });

  test("is not mixed up with the next while one of its segments is on the way to R2", () => {
    const store = storeOf(2);
    const outbox = new Outbox(store);
    outbox.turnTo("one", INIT);
    outbox.markKept({ epoch: "one", msn: null, bytes: INIT });
    const onTheWay = outbox.next() as MediaObject;
    expect(onTheWay.msn).toBe(0);
    store.setAside("one");
    outbox.turnTo("two", INIT);
    outbox.markKept(onTheWay);
    expect(emptied(outbox)).toEqual(["two init 1", "one 1 10", "one 2 4"]);
  });

  test("gives up the oldest when more than 3,000 segments wait, and says how many", () => {
    const store = storeOf(3_004);
    expect(store.setAside("one")).toBe(5);
    expect(store.former()).toMatchObject({ epoch: "one", msn: 5 });
    expect(storeOf(1).setAside("two")).toBe(0);
    const part = { msn: 0, index: 0, at: samples(0), duration: samples(1024), bytes: Uint8Array.of(1) };
    store.putPart(part, true);
    expect(store.setAside("two")).toBe(1);
    expect(store.former()).toMatchObject({ epoch: "one", msn: 6 });
  });

  test("is dropped if its name is unknown", () => {
    const store = storeOf(3);
    store.setAside(null);
    expect([store.parts(40), store.former()]).toEqual([[], null]);
  });
});

test("an unreadable row is left out, and the others are not", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const sql = sqlite();
  const store = new Store(sql);
  sql.exec("INSERT INTO reads VALUES (1, 'garbage')");
  const row = {
    session: "b",
    sfuSession: "s",
    mid: "0",
    origin: "https://relay",
    generation: 1,
    createdAt: 5,
  };
  sql.exec("INSERT INTO publisher VALUES ('a', '{'), ('b', ?)", JSON.stringify(row));
  sql.exec(
    "INSERT INTO publisher VALUES ('c', ?)",
    JSON.stringify({ ...row, session: "c", generation: "1" }),
  );
  sql.exec("INSERT INTO timeline (epoch, startedAt, profile) VALUES ('mwq4uj3r', 1, '{}')");
  expect(store.originReads()).toEqual({});
  // What a deploy without named hosts has stored belongs to the first host.
  const added = { hostId: "host", connected: 0, adapter: null, codec: null, client: null };
  expect(store.publishers()).toEqual([{ ...row, ...added }]);
  expect(store.index.timelines()).toEqual([]);
  expect(warn).toHaveBeenCalledTimes(4);
  warn.mockRestore();
});
