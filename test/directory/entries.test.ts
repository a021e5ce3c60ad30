import { describe, expect, test } from "vitest";
import { Entries } from "../../src/directory/entries.ts";
import { type Cursor, type Entry, type Query, STATES } from "../../src/directory-api.ts";
import { sqlite } from "../kit/sqlite.ts";

/** The list of broadcasts: its order, its pages while it changes, and that it is read by an index. */

const NOW = Date.UTC(2026, 10, 25, 12);

function entry(n: number, changes: Partial<Entry> = {}): Entry {
  return {
    id: `show-${n}`,
    title: `Show ${n}`,
    state: "announced",
    latency: "balanced",
    createdAt: NOW + n,
    endedAt: null,
    ...changes,
  };
}

const all: Query = { state: null, limit: 100, after: null };

/** All ids, page by page; throws where the pages do not end. */
function walk(entries: Entries, query: Partial<Query>, between = () => {}): string[] {
  const ids: string[] = [];
  for (let after: Cursor | null = null, more = true; more; between()) {
    const page = entries.page({ ...all, ...query, after });
    ids.push(...page.entries.map(({ id }) => id));
    if (ids.length > 10_000) throw new Error("the pages do not end");
    after = page.next;
    more = after !== null;
  }
  return ids;
}

test("an empty list is a page without a next one", () => {
  expect(new Entries(sqlite()).page(all)).toEqual({ entries: [], next: null });
});

test("an entry is returned as it was stored, replaces the previous one, and is gone when it is removed", () => {
  const entries = new Entries(sqlite());
  entries.put(entry(1));
  const ended = entry(1, { title: "Übersee — “live”", state: "ended", latency: "low", endedAt: NOW + 9 });
  entries.put(ended);
  expect(entries.page(all)).toEqual({ entries: [ended], next: null });
  const again = entry(1, { createdAt: NOW + 99 });
  entries.put(again);
  expect(entries.page(all).entries).toEqual([again]);
  entries.remove("show-2");
  expect(entries.page(all).entries).toHaveLength(1);
  entries.remove("show-1");
  entries.remove("show-1");
  expect(entries.page(all).entries).toEqual([]);
});

test("an entry that has not changed writes no row", () => {
  const sql = sqlite();
  const entries = new Entries(sql);
  const changes = () => sql.exec<{ n: number }>("SELECT total_changes() AS n").toArray()[0]?.n;
  entries.put(entry(1, { state: "ended", endedAt: NOW }));
  const before = changes();
  entries.put(entry(1, { state: "ended", endedAt: NOW }));
  expect(changes()).toBe(before);
  for (const changed of [
    { title: "Other" },
    { state: "live" },
    { latency: "economy" },
    { createdAt: 0 },
    { endedAt: null },
  ] as const) {
    const was = changes() ?? 0;
    entries.put(entry(1, { state: "ended", endedAt: NOW, ...changed }));
    expect(entries.page(all).entries[0]).toMatchObject(changed);
    expect(changes(), JSON.stringify(changed)).toBe(was + 1);
    entries.put(entry(1, { state: "ended", endedAt: NOW }));
  }
});

describe("a thousand entries", () => {
  const put = () => {
    const entries = new Entries(sqlite());
    // Five in each millisecond, stored in an order that is neither theirs nor its reverse.
    const rows = Array.from({ length: 1_000 }, (_, n) =>
      entry(n, { state: STATES[n % 4] ?? "open", createdAt: NOW + Math.floor(n / 5) }),
    );
    for (let n = 0; n < 1_000; n++) entries.put(rows[(n * 387) % 1_000] as Entry);
    const sorted = rows.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    return { entries, sorted };
  };

  test.each([1, 2, 7, 100])("are read newest first, %i at a time, each once", (limit) => {
    const { entries, sorted } = put();
    expect(walk(entries, { limit })).toEqual(sorted.map(({ id }) => id));
  });

  test.each(STATES)("are filtered: those that are %s are read alone", (state) => {
    const { entries, sorted } = put();
    const wanted = sorted.filter((one) => one.state === state).map(({ id }) => id);
    expect(wanted).toHaveLength(250);
    expect(walk(entries, { limit: 50, state })).toEqual(wanted);
    expect(walk(entries, { limit: 33, state })).toEqual(wanted);
  });

  test("have no page after the last one, not even an empty one", () => {
    const { entries } = put();
    let pages = 0;
    walk(entries, { limit: 100 }, () => pages++);
    expect(pages).toBe(10);
  });

  test("are read through while entries come and go, even the entry with which a page ended", () => {
    const { entries, sorted } = put();
    let [page, come] = [0, 0];
    const read = walk(entries, { limit: 100 }, () => {
      page += 1;
      entries.remove(sorted[100 * page - 1]?.id ?? "");
      entries.put(entry(2_000 + ++come));
    });
    expect(read).toEqual(sorted.map(({ id }) => id));
  });
});

test.each([
  ["all", null, null, "entry_by_time"],
  ["all after a place", null, { createdAt: NOW, id: "show-1" }, "entry_by_time"],
  ["those in a state", "ended", null, "entry_by_state"],
  ["those in a state after a place", "ended", { createdAt: NOW, id: "show-1" }, "entry_by_state"],
] as const)("%s are read from their index in its order, without sorting", (_, state, after, index) => {
  const sql = sqlite();
  const entries = new Entries(sql);
  const plans: string[] = [];
  const { exec } = sql;
  sql.exec = ((query: string, ...values: unknown[]) => {
    const plan = exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values).toArray();
    plans.push(...plan.map(({ detail }) => detail));
    return exec(query, ...values);
  }) as SqlStorage["exec"];
  entries.page({ state, limit: 50, after });
  expect(plans).toEqual([expect.stringContaining(`USING INDEX ${index}`)]);
  expect(plans[0]).toMatch(state === null && after === null ? /^SCAN / : /^SEARCH /);
  if (after !== null) expect(plans[0]).toContain("(createdAt,id)<");
});
