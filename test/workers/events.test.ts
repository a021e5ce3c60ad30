import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostDescription } from "../../src/broadcast-api.ts";
import { type Event, type PublicEvents, publicOf } from "../../src/events.ts";
import { readListedEvent, statusAfter } from "../../src/web/listed-events.ts";
import { parseStatus } from "../../src/web/status.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { type Following, follow as followOn } from "../kit/follower.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";
import { attributes } from "../validator/list.ts";

/** The events of a show, as operators, listeners and players are told of them, in the real runtime. */

let relay: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
});
afterAll(async () => {
  await relay.close();
  sfu.close();
});

/** Follows a show's events, and checks the stream's headers each time. */
async function follow(
  show: Pick<CreatedBroadcast, "id">,
  enough: (events: readonly Event[]) => boolean,
  how: Following = {},
) {
  const followed = await followOn(relay, show, enough, how);
  const { headers } = followed;
  expect([headers.get("content-type"), headers.get("cache-control")]).toEqual([
    "text/event-stream",
    "no-store",
  ]);
  return followed;
}

const kinds = (events: readonly Event[]) => events.map(({ kind }) => kind);
const has = (kind: string) => (events: readonly Event[]) => kinds(events).includes(kind as never);

async function publicEvents({ statusUrl }: CreatedBroadcast): Promise<PublicEvents> {
  const response = await fetch(new URL("events.json", statusUrl));
  expect([response.status, response.headers.get("cache-control")]).toEqual([
    200,
    "public, max-age=1, stale-if-error=0",
  ]);
  return (await response.json()) as PublicEvents;
}

const datesIn = (text: string) => text.split("\n").filter((line) => line.startsWith("#EXT-X-DATERANGE"));

describe.concurrent("the events of a show", () => {
  test("are told in order, from its opening to its end, and again from any id on", async ({ expect }) => {
    const show = await relay.create({ latency: "low", title: "First" });
    await relay.api("POST", `/broadcasts/${show.id}/open`);
    const host = await Host.publish(show, sfu);
    host.talk(tone(440));
    const on = await follow(show, has("host-on"));
    await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "Second" });
    const marked = await relay.api("POST", `/broadcasts/${show.id}/markers`, { title: "The vote" });
    expect(marked.status).toBe(201);
    expect(await marked.json()).toMatchObject({ kind: "marker", title: "The vote" });
    host.leave();
    const off = await follow(show, has("host-off"), { lastId: on.events.at(-1)?.id ?? 0, millis: 15_000 });
    await relay.api("POST", `/broadcasts/${show.id}/end`);
    const all = await follow(show, has("ended"));
    expect(kinds(all.events)).toEqual(["opened", "live", "host-on", "title", "marker", "host-off", "ended"]);
    expect(all.events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const times = all.events.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(all.events[2]).toMatchObject({ host: { hostId: "host", name: "Host" }, onAir: ["Host"] });
    expect(kinds(off.events)).toEqual(["title", "marker", "host-off"]);
    await expect.poll(() => publicEvents(show)).toEqual({ id: show.id, events: all.events.map(publicOf) });
  }, 40_000);

  test("name every host to the producer, but no muted host to anyone else", async ({ expect }) => {
    const show = await relay.open({ latency: "low" });
    const add = async (settings: { name: string; muted: boolean }) => {
      const made = await relay.api("POST", `/broadcasts/${show.id}/hosts`, settings);
      const host = await Host.publish({ ...show, ...((await made.json()) as HostDescription) }, sfu);
      host.talk(tone(440));
      return host;
    };
    const listener = await Listener.join(show.playbackUrl);
    const hosts = [
      await add({ name: "Secret Sue", muted: true }),
      await add({ name: "Open Olga", muted: false }),
    ];
    const count = (kind: string, number: number) => (events: readonly Event[]) =>
      events.filter((event) => event.kind === kind).length === number;
    await follow(show, count("host-on", 2));
    for (const host of hosts) host.leave();
    const { events } = await follow(show, count("host-off", 2), { millis: 20_000 });
    const told = events.filter(({ kind }) => kind.startsWith("host-"));
    expect(told.map((event) => "host" in event && event.host?.name).toSorted()).toEqual([
      ...["Open Olga", "Open Olga"],
      ...["Secret Sue", "Secret Sue"],
    ]);
    const known = JSON.stringify(
      (await publicEvents(show)).events.filter(({ kind }) => kind.startsWith("host-")),
    );
    const dates = async () => datesIn(await (await listener.get()).text());
    // Theirs, and that the show is live.
    await expect.poll(async () => (await dates()).length, { timeout: 5_000 }).toBe(5);
    const text = `${known}${(await dates()).join()}`;
    expect(text).toContain("Open Olga");
    expect(text).not.toContain("Sue");
    expect(known).not.toContain('"host":');
  }, 40_000);

  test("tell a page by its playlist that a show is live when its muted host is heard, and who is on the air", async ({
    expect,
  }) => {
    const show = await relay.create({ latency: "low", hold: "default" });
    const mute = (muted: boolean) => relay.api("PATCH", `/broadcasts/${show.id}/hosts/host`, { muted });
    const status = async () => parseStatus(await (await fetch(show.statusUrl)).json()) ?? expect.fail();
    await mute(true);
    const listener = await Listener.join(show.playbackUrl);
    const seen = await status();
    /** Returns what a page that asked for the status only then knows by the newest playlist. Caches keep a later status for 1 s. */
    const known = async () => {
      const texts = datesIn(await (await listener.get()).text()).map((line) =>
        line.slice(line.indexOf(":") + 1),
      );
      const events = texts.map((text) => readListedEvent(Object.fromEntries(attributes(text))));
      const { state, hosts, onAir, line } = statusAfter(
        seen,
        events.flatMap((event) => event ?? []),
      );
      return { state, hosts, onAir, line };
    };
    const host = await Host.publish(show, sfu);
    host.talk(tone(440));
    const soon = { timeout: 10_000 };
    await expect.poll(known, soon).toEqual({ state: "open", hosts: 1, onAir: [], line: "hold" });
    await expect.poll(status, soon).toMatchObject(await known());
    const unmutedAt = Date.now();
    await mute(false);
    await expect.poll(known, soon).toEqual({ state: "live", hosts: 1, onAir: ["Host"], line: "hosts" });
    await expect.poll(status, soon).toMatchObject(await known());
    const told = async () => (await publicEvents(show)).events.find(({ kind }) => kind === "live");
    await expect.poll(told, soon).toBeDefined();
    const live = await told();
    const line = datesIn(await (await listener.get()).text()).find((text) => text.includes('"live"'));
    const date = new Date(Math.round(live?.at ?? 0));
    expect(line).toBe(
      `#EXT-X-DATERANGE:ID="${live?.id}",CLASS="earshot",START-DATE="${date.toISOString()}",DURATION=0,X-KIND="live"`,
    );
    expect(date.getTime() - unmutedAt).toBeGreaterThan(0);
    expect(date.getTime() - unmutedAt).toBeLessThan(3_000);
    await mute(true);
    await expect.poll(async () => (await known()).onAir, soon).toEqual([]);
    host.leave();
  }, 60_000);

  test("reach a waiting follower as they happen", async ({ expect }) => {
    const show = await relay.create({ title: "A" });
    const begun = Promise.withResolvers<void>();
    const following = follow(show, has("title"), { millis: 20_000, begun: begun.resolve });
    await Promise.race([begun.promise, following]);
    await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "B" });
    const changed = Date.now();
    const { events, text } = await following;
    expect(Date.now() - changed).toBeLessThan(10_000);
    expect(events).toMatchObject([{ id: 1, kind: "title", title: "B" }]);
    expect(text).toMatch(/^retry: 2000\n\n/);
  }, 30_000);

  test("come with a comment every 30 s, so that nobody takes the stream for dead", async ({ expect }) => {
    const show = await relay.create();
    const { text } = await follow(show, () => false, { millis: 33_000 });
    expect(text).toBe("retry: 2000\n\n:\n\n");
  }, 45_000);

  test("say once that it is late, if no host has come at its time", async ({ expect }) => {
    const show = await relay.create({ opensAt: new Date(Date.now() + 1_500).toISOString() });
    const { events } = await follow(show, has("late"), { millis: 15_000 });
    expect(kinds(events)).toEqual(["opened", "late"]);
    const { events: later } = await follow(show, () => false, { millis: 3_500 });
    expect(kinds(later)).toEqual(["opened", "late"]);
  }, 30_000);
});

test("after a restart, a follower goes on where its stream broke off", async () => {
  const show = await relay.create({ title: "A" });
  const broken = follow(show, () => false).then(
    () => false,
    () => true,
  );
  await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "B" });
  await relay.restart();
  expect(await broken).toBe(true);
  const lastId = 1;
  await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "C" });
  const { events } = await follow(show, has("title"), { lastId });
  expect(events).toMatchObject([{ id: 2, kind: "title", title: "C" }]);
}, 30_000);

test("a title is in the playlist from the next part on, also after a restart and at the end", async () => {
  const show = await relay.open({ latency: "low", title: "First" });
  let listener = await Listener.join(show.playbackUrl);
  const { firstMsn, segments } = await listener.list();
  const textOf = async (directives?: string) => (await listener.get(directives)).text();
  expect(datesIn(await textOf())).toEqual([]);
  await relay.api("PATCH", `/broadcasts/${show.id}`, { title: 'Second, "quoted"' });
  const { lastEvent } = (await (await fetch(show.statusUrl)).json()) as { lastEvent: number };
  expect(lastEvent).toBe(2);
  const next = `_HLS_msn=${firstMsn + segments.length + 1}&_HLS_part=0`;
  const [line, ...more] = datesIn(await textOf(next));
  expect(more).toEqual([]);
  expect(line).toMatch(
    /^#EXT-X-DATERANGE:ID="2",CLASS="earshot",START-DATE="[\dT:.-]+Z",DURATION=0,X-KIND="title",X-TITLE="Second, ″quoted″"$/,
  );
  await relay.restart();
  listener = await Listener.join(show.playbackUrl);
  expect(datesIn(await textOf())).toEqual([line]);
  await relay.api("POST", `/broadcasts/${show.id}/end`);
  await expect.poll(() => textOf()).toContain("#EXT-X-ENDLIST");
  expect(datesIn(await textOf())).toEqual([line]);
}, 30_000);

describe("a request for events", () => {
  test("that is invalid is refused, with a sentence", async () => {
    const { id } = await relay.create();
    const asked = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const response = await relay.api(method, `/broadcasts/${path}`, body, headers);
      const text = await response.text();
      return [response.status, (JSON.parse(text) as { error: { code: string } }).error.code];
    };
    expect(await asked("GET", "no-such-show/events")).toEqual([404, "unknown_broadcast"]);
    expect(await asked("GET", `${id}/events`, undefined, { "last-event-id": "x" })).toEqual([
      400,
      "invalid_query",
    ]);
    expect(await asked("POST", `${id}/events`)).toEqual([405, "method_not_allowed"]);
    expect(await asked("GET", `${id}/markers`)).toEqual([405, "method_not_allowed"]);
    expect(await asked("POST", `${id}/markers`, { title: "" })).toEqual([400, "invalid_settings"]);
    expect(await asked("POST", `${id}/markers`, { title: "x", at: 1 })).toEqual([400, "invalid_settings"]);
    expect(await asked("POST", "no-such-show/markers", { title: "x" })).toEqual([404, "unknown_broadcast"]);
    const events = await fetch(`${relay.url}/api/broadcasts/${id}/events`);
    expect(events.status, "no token").toBe(401);
    expect((await fetch(`${relay.url}/live/x/events.json`)).status).toBe(404);
  });

  test("with an id that the show has not reached gets all events from the beginning", async () => {
    const show = await relay.create();
    await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "B" });
    const { events } = await follow(show, has("title"), { lastId: 99 });
    expect(kinds(events)).toEqual(["title"]);
  });

  test("beyond 32 waiting ones is told to come again, and costs the others nothing", async () => {
    const show = await relay.create();
    const off = new AbortController();
    const headers = { authorization: `Bearer ${relay.adminToken}` };
    const ask = () => fetch(`${relay.url}/api/broadcasts/${show.id}/events`, { headers, signal: off.signal });
    try {
      const all = await Promise.all(Array.from({ length: 32 }, ask));
      expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
      await expect
        .poll(async () => {
          const extra = await ask();
          const retry = extra.headers.get("retry-after");
          if (extra.status === 200) await extra.body?.cancel();
          return [extra.status, retry];
        })
        .toEqual([429, "15"]);
    } finally {
      off.abort();
    }
  }, 20_000);
});
