import { expect, test } from "vitest";
import { Log } from "../../src/broadcast/log.ts";
import type { Event, Note } from "../../src/events.ts";
import { samples } from "../../src/media.ts";
import { sqlite } from "../kit/sqlite.ts";

/** A show's log: its numbers, its bound, and what can be read of it after a restart or by another deploy. */

const host = { hostId: "host", name: "Host" };
const NOTES: Note[] = [
  { kind: "opened" },
  { kind: "host-on", host, hosts: 1, onAir: ["Host"] },
  { kind: "microphone-dead", raised: true, host },
  { kind: "dead-air", raised: true, host: null },
  { kind: "title", title: 'A "new" one' },
  { kind: "host-off", host, hosts: 0, onAir: [] },
  { kind: "ended" },
];

test("events are numbered from 1 on, and are read as they were added", () => {
  const sql = sqlite();
  const log = new Log(sql);
  expect(log.newest).toBe(0);
  const told = NOTES.map((note, n) => log.add(note, 1_000 + n, null));
  expect(told.map(({ id, at }) => [id, at])).toEqual(NOTES.map((_, n) => [n + 1, 1_000 + n]));
  expect(log.after(0, 100)).toEqual(told);
  expect(log.after(3, 2)).toEqual(told.slice(3, 5));
  expect(log.after(7, 100)).toEqual([]);
  expect(log.ofHosts()).toEqual([told[1], told[5]]);
  // A restart goes on with the next number.
  const again = new Log(sql);
  expect(again.newest).toBe(7);
  expect(again.add({ kind: "closed" }, 2_000, null).id).toBe(8);
});

test("public events explain the programme, and say nothing of a host's equipment", () => {
  const log = new Log(sqlite());
  for (const note of NOTES) log.add(note, 1, null);
  const kinds = (events: Event[]) => events.map(({ kind }) => kind);
  expect(kinds(log.newestPublic(100))).toEqual([
    "opened",
    "host-on",
    "dead-air",
    "title",
    "host-off",
    "ended",
  ]);
  expect(kinds(log.newestPublic(2)), "the newest").toEqual(["host-off", "ended"]);
});

test("the newest 2,000 events are kept, and no number is given twice", () => {
  const sql = sqlite();
  const log = new Log(sql);
  for (let n = 0; n < 2_100; n++) log.add({ kind: "marker", title: `Mark ${n}` }, n, null);
  const kept = log.after(0, 10_000);
  expect(kept).toHaveLength(2_000);
  expect([kept[0]?.id, kept.at(-1)?.id]).toEqual([101, 2_100]);
  expect(new Log(sql).add({ kind: "ended" }, 1, null).id).toBe(2_101);
});

test("an event that this code can not read is left out, and a missing field gets its default", () => {
  const sql = sqlite();
  const log = new Log(sql);
  log.add({ kind: "opened" }, 1, null);
  const put = (id: number, json: string) =>
    sql.exec(
      "INSERT INTO event (id, kind, json, epoch, listed) VALUES (?, 'host-on', ?, NULL, NULL)",
      id,
      json,
    );
  put(2, '{"id":2,"at":2,"kind":"of-tomorrow"}');
  put(3, "not JSON");
  put(4, JSON.stringify({ id: 4, at: 4, kind: "host-on", host }));
  expect(new Log(sql).after(0, 10)).toEqual([
    { id: 1, at: 1, kind: "opened" },
    { id: 4, at: 4, kind: "host-on", host, hosts: 1, onAir: [] },
  ]);
});

test("a timeline's events have their places on it, and only the newest are returned", () => {
  const log = new Log(sqlite());
  log.add({ kind: "marker", title: "another timeline's" }, 1, { epoch: "a", listed: samples(5) });
  log.add({ kind: "marker", title: "one" }, 2, { epoch: "b", listed: samples(10) });
  log.add({ kind: "late" }, 3, { epoch: "b", listed: samples(15) });
  log.add({ kind: "marker", title: "two" }, 4, { epoch: "b", listed: samples(20) });
  log.add({ kind: "marker", title: "nowhere" }, 5, null);
  log.add({ kind: "live" }, 6, { epoch: "b", listed: samples(30) });
  log.add({ kind: "on-air", hosts: 1, onAir: ["Host"] }, 7, { epoch: "b", listed: samples(30) });
  expect(log.inPlaylists("b", 10).map(({ event, listed }) => [event.id, listed])).toEqual([
    [2, 10],
    [4, 20],
    [6, 30],
    [7, 30],
  ]);
  expect(log.inPlaylists("b", 1).map(({ event }) => event.id)).toEqual([7]);
  expect(log.ofHosts()).toEqual([{ kind: "on-air", hosts: 1, onAir: ["Host"], id: 7, at: 7 }]);
});

test("events of a kind that only a later deploy knows are skipped, and their numbers are not given again", () => {
  const sql = sqlite();
  const log = new Log(sql);
  for (const note of NOTES) log.add(note, 1, null);
  sql.exec("UPDATE event SET kind = 'of-later' WHERE id IN (3, 6, 7)");
  const again = new Log(sql);
  expect(again.newest).toBe(5);
  expect(again.after(2, 2).map(({ id }) => id)).toEqual([4, 5]);
  expect(again.after(5, 10)).toEqual([]);
  expect(again.add({ kind: "closed" }, 2, null).id).toBe(8);
  expect([again.newest, again.after(5, 10).map(({ id }) => id)]).toEqual([8, [8]]);
});
