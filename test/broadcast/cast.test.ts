import { expect, test, vi } from "vitest";
import { Cast } from "../../src/broadcast/cast.ts";
import type { HostRow } from "../../src/broadcast/host-row.ts";
import { Store } from "../../src/broadcast/store.ts";
import type { HostSettings } from "../../src/broadcast-api.ts";
import { PROBLEMS } from "../../src/problem.ts";
import { sqlite } from "../kit/sqlite.ts";

/** The hosts of a broadcast, by name and key, also after a restart. */

const show = { keyGeneration: 3, createdAt: 1_000 };
const named = (name: string): HostSettings => ({ name, muted: false, gainDb: 0, level: true });

/** A cast, and a way to make it anew from its store. */
function rig() {
  const sql = sqlite();
  const again = () => new Cast(new Store(sql), () => show);
  const made = (cast: Cast, name: string, now = 2_000): HostRow => {
    const row = cast.make(named(name), now);
    if ("kind" in row) throw new Error(row.message);
    return row;
  };
  return { sql, cast: again(), again, made };
}

test("the first host exists from the beginning, and holds the show's own key", () => {
  const { cast } = rig();
  expect(cast.all).toEqual([{ hostId: "host", ...named("Host"), generation: 3, createdAt: 1_000 }]);
  expect(cast.holderOf({ hostId: "host", generation: 3 })?.name).toBe("Host");
  expect(cast.holderOf({ hostId: "host", generation: 2 })).toBe(null);
  expect(cast.remove("host")).toEqual(PROBLEMS.firstHostStays);
});

test("hosts stay in the order in which they were made, also two of one name, and also after a restart", () => {
  const { cast, again, made } = rig();
  const names = ["Zoe", "Ada", "Ada"];
  const ids = names.map((name) => made(cast, name).hostId);
  for (const { hostId } of cast.all) cast.change(hostId, { gainDb: -6 });
  expect(new Set(ids).size).toBe(3);
  for (const hostId of ids) expect(hostId).toMatch(/^[0-9a-z]{8}$/);
  expect(cast.all.map(({ hostId }) => hostId)).toEqual(["host", ...ids]);
  expect(again().all).toEqual(cast.all);
});

test("changes of a host last, also of the first one's name and gain", () => {
  const { cast, again, made } = rig();
  const { hostId } = made(cast, "Ada");
  cast.change(hostId, { muted: true, level: false });
  cast.change("host", { name: "Grace", gainDb: 3 });
  expect(again().of(hostId)).toMatchObject({
    name: "Ada",
    muted: true,
    level: false,
    gainDb: 0,
    generation: 0,
  });
  expect(again().first).toMatchObject({ name: "Grace", gainDb: 3, generation: 3 });
  expect(cast.change("nobody00", { muted: true })).toBe(null);
});

test("a replaced key and the key of a revoked host belong to nobody, also after a restart", () => {
  const { cast, again, made } = rig();
  const [ada, ben] = [made(cast, "Ada"), made(cast, "Ben")];
  cast.rotate(ada.hostId);
  expect(cast.remove(ben.hostId)).toBe(null);
  for (const now of [cast, again()]) {
    expect(now.holderOf({ hostId: ada.hostId, generation: 0 })).toBe(null);
    expect(now.holderOf({ hostId: ada.hostId, generation: 1 })?.name).toBe("Ada");
    expect(now.holderOf({ hostId: ada.hostId, generation: 2 })).toBe(null);
    expect(now.holderOf({ hostId: ben.hostId, generation: 0 })).toBe(null);
  }
  expect(cast.remove(ben.hostId)).toEqual(PROBLEMS.noHost);
});

test("32 hosts can be made beside the first, and another one when one is revoked", () => {
  const { cast, made } = rig();
  const rows = Array.from({ length: 32 }, (_, n) => made(cast, `Host ${n}`));
  expect(cast.make(named("One too many"), 2_000)).toMatchObject({ status: 409, code: "too_many_host_keys" });
  expect(cast.all).toHaveLength(33);
  cast.remove(rows[7]?.hostId ?? "");
  made(cast, "In its place");
  expect(cast.all).toHaveLength(33);
});

test("a damaged host row is left out, and a row without later fields is read with their defaults", () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const { sql, cast, again, made } = rig();
  const [ada, ben] = [made(cast, "Ada"), made(cast, "Ben")];
  sql.exec("UPDATE host SET json = 'garbage' WHERE hostId = ?", ada.hostId);
  sql.exec(
    "UPDATE host SET json = json_remove(json, '$.level', '$.gainDb', '$.muted') WHERE hostId = ?",
    ben.hostId,
  );
  expect(again().of(ada.hostId)).toBe(null);
  expect(again().of(ben.hostId)).toEqual(ben);
  expect(warn).toHaveBeenCalled();
  warn.mockRestore();
});

test("a WHIP session that was stored before hosts had names belongs to the first host", () => {
  const { sql } = rig();
  const old = {
    session: "s",
    sfuSession: "t",
    mid: "0",
    origin: "https://relay",
    generation: 1,
    connected: 1,
  };
  sql.exec("INSERT INTO publisher (session, json) VALUES ('s', ?)", JSON.stringify(old));
  const added = { hostId: "host", adapter: null, createdAt: 0, codec: null, client: null };
  expect(new Store(sql).publishers()).toEqual([{ ...old, ...added }]);
});
