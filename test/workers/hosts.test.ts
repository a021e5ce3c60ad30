import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publish } from "../../local/host/publisher.ts";
import { startSfu } from "../../local/sfu/server.ts";
import { mintId } from "../../src/access/id.ts";
import { hostKey } from "../../src/access/keys.ts";
import { Secret } from "../../src/access/secret.ts";
import type { HostDescription } from "../../src/broadcast-api.ts";
import { parseStatus } from "../../src/web/status.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT, EARSHOT_SECRET, SFU_SECRET } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, silence, tone } from "../kit/host.ts";
import { chromium } from "../kit/offers.ts";
import { Runtime } from "../kit/runtime.ts";

/**
 * Hosts by name and key in the real runtime: they are made, listed and changed, and are off the air within 2 s of
 * losing their key.
 */

let relay: Runtime;
let sfu: FakeSfu;
let standIn: { url: string; close(): Promise<void> };
let withStandIn: Runtime;
// One after the other: starting a runtime runs the build.
beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }], { opensStorage: true });
  standIn = await startSfu({ port: 0, appId: "local", appSecret: SFU_SECRET });
  withStandIn = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: standIn.url } }]);
});
afterAll(async () => {
  await relay.close();
  sfu.close();
  await withStandIn.close();
  await standIn.close();
});

const WAIT = { timeout: 20_000, interval: 50 };
/** How soon a replaced or revoked key has to be refused everywhere, ms. */
const REFUSED_WITHIN_MS = 2_000;

/** Makes an operator's call to a path below a broadcast's. */
async function api<T>(
  method: string,
  { id }: CreatedBroadcast,
  path: string,
  body?: unknown,
  on = relay,
): Promise<T> {
  const response = await on.api(method, `/broadcasts/${id}/${path}`, body);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (response.status === 204 ? null : await response.json()) as T;
}
const make = (show: CreatedBroadcast, settings: object, on = relay) =>
  api<HostDescription>("POST", show, "hosts", settings, on);
const list = async (show: CreatedBroadcast, on = relay) =>
  (await api<{ hosts: HostDescription[] }>("GET", show, "hosts", undefined, on)).hosts;
const look = (show: CreatedBroadcast, { hostId }: Pick<HostDescription, "hostId">, on = relay) =>
  api<HostDescription>("GET", show, `hosts/${hostId}`, undefined, on);

/** Returns status and code of a refusal. */
async function refusal(asked: Response | Promise<Response>): Promise<string> {
  const response = await asked;
  const { status } = response;
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error.message).toMatch(/^[A-Z].*\.$/);
  return `${status} ${error.code}`;
}

/** Makes a WHIP call with a host's key. */
function call(method: string, url: string, key: string): Promise<Response> {
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/sdp",
    "user-agent": "Test/1",
  };
  return fetch(url, { method, headers, ...(method === "POST" && { body: chromium }) });
}

/** Publishes with a host's key and talks. Returns the URL of its WHIP session, among others. */
async function goOn(host: Pick<HostDescription, "whipUrl" | "hostKey">, sound = tone(440)) {
  const response = await call("POST", host.whipUrl, host.hostKey);
  expect(response.status).toBe(201);
  const url = new URL(response.headers.get("location") ?? "", host.whipUrl).href;
  const endpoint = await sfu.endpointOf(url.split("/").at(-1) ?? "");
  const socket = await Host.connect(endpoint);
  socket.talk(sound);
  return { url, endpoint, socket, name: decodeURIComponent(response.headers.get("earshot-host") ?? "") };
}

const status = async ({ statusUrl }: CreatedBroadcast) =>
  (await (await fetch(`${statusUrl}?${Math.random()}`)).json()) as { hosts: number; onAir: string[] };

/** Returns what a studio is told about its own WHIP session: whether it is heard, and its warnings. */
async function ownState(session: string, key: string): Promise<string> {
  const { status, headers } = await call("HEAD", session, key);
  return `${status} ${headers.get("earshot-audible")} ${headers.get("earshot-warnings")}`;
}

test("two people with the broadcast's own key are each told of their own sound, and not of the other's", async () => {
  const show = await relay.create({ latency: "low" });
  const heard = await goOn(show);
  const dead = await goOn(show, silence);
  const response = await call("POST", show.whipUrl, show.hostKey);
  const silentUrl = new URL(response.headers.get("location") ?? "", show.whipUrl).href;
  await expect.poll(() => ownState(heard.url, show.hostKey)).toBe("204 yes ");
  await expect
    .poll(() => ownState(dead.url, show.hostKey), { timeout: 20_000 })
    .toBe("204 yes microphone-dead");
  expect(await ownState(heard.url, show.hostKey)).toBe("204 yes ");
  expect(await ownState(silentUrl, show.hostKey), "no packet of this one has come").toBe("204 not-yet ");
  await api("PATCH", show, "hosts/host", { muted: true });
  await expect.poll(() => ownState(heard.url, show.hostKey)).toBe("204 muted ");
  for (const { socket } of [heard, dead]) socket.leave();
});

describe("POST /api/broadcasts/:id/hosts", () => {
  test("makes a host with a key, a WHIP URL and a studio URL, which has the key only in its fragment", async () => {
    const show = await relay.create();
    const ada = await make(show, { name: " Ada Lovelace " });
    expect(ada).toEqual({
      hostId: expect.stringMatching(/^[0-9a-z]{8}$/),
      name: "Ada Lovelace",
      muted: false,
      gainDb: 0,
      level: true,
      createdAt: expect.any(Number),
      hostKey: expect.stringMatching(/^[0-9a-z]{8}\.0\.[\w-]{22}$/),
      whipUrl: show.whipUrl,
      studioUrl: `${relay.url}/studio/${show.id}#key=${ada.hostKey}`,
      connected: false,
      heard: false,
      state: null,
      loudness: null,
      levelDb: null,
      loss: null,
      jitter: null,
      codec: null,
      client: null,
    });
    const response = await call("GET", ada.whipUrl, ada.hostKey);
    expect([response.status, response.headers.get("earshot-host")]).toEqual([204, "Ada%20Lovelace"]);
    const ben = await make(show, { name: "Бен 🎙", muted: true, gainDb: -3.5, level: false });
    expect(ben).toMatchObject({ name: "Бен 🎙", muted: true, gainDb: -3.5, level: false });
    expect(
      decodeURIComponent((await call("HEAD", ben.whipUrl, ben.hostKey)).headers.get("earshot-host") ?? ""),
    ).toBe("Бен 🎙");
    expect((await list(show)).map(({ name }) => name)).toEqual(["Host", "Ada Lovelace", "Бен 🎙"]);
    expect((await list(show))[0]).toMatchObject({ hostId: "host", hostKey: show.hostKey });
  });

  test.each<[object | string, string]>([
    ["garbage", "body"],
    [[], "body"],
    [{}, "name"],
    [{ name: "" }, "name"],
    [{ name: "   " }, "name"],
    [{ name: 7 }, "name"],
    [{ name: "x".repeat(65) }, "name"],
    [{ name: "two\nlines" }, "name"],
    [{ name: "\u202eadA" }, "name"],
    [{ name: "\ud800" }, "name"],
    [{ name: "A", muted: 1 }, "muted"],
    [{ name: "A", gainDb: 24.1 }, "gainDb"],
    [{ name: "A", gainDb: "0" }, "gainDb"],
    [{ name: "A", level: null }, "level"],
    [{ name: "A", hostId: "host" }, "hostId"],
  ])("refuses %j and names the field", async (body, field) => {
    const show = await relay.create();
    for (const [method, path] of [
      ["POST", "hosts"],
      ["PATCH", "hosts/host"],
    ] as const) {
      // A PATCH that changes nothing is valid.
      if (method === "PATCH" && JSON.stringify(body) === "{}") continue;
      const response = await relay.api(method, `/broadcasts/${show.id}/${path}`, body);
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      expect([response.status, error.code]).toEqual([400, "invalid_settings"]);
      expect(error.message).toContain(field);
    }
    expect(await list(show)).toHaveLength(1);
  });

  test("accepts 32 names of 64 characters, also equal ones, and no more", async () => {
    const show = await relay.create();
    for (let n = 0; n < 32; n++) await make(show, { name: "x".repeat(64) });
    const more = relay.api("POST", `/broadcasts/${show.id}/hosts`, { name: "x" });
    expect(await refusal(more)).toBe("409 too_many_host_keys");
    const hosts = await list(show);
    expect([hosts.length, new Set(hosts.map(({ hostKey }) => hostKey)).size]).toEqual([33, 33]);
  });

  test("and the routes below it are for operators, and report missing hosts and broadcasts", async () => {
    const show = await relay.create();
    const ada = await make(show, { name: "Ada" });
    for (const [method, path] of [
      ["GET", "hosts"],
      ["POST", "hosts"],
      ["PATCH", `hosts/${ada.hostId}`],
      ["DELETE", `hosts/${ada.hostId}`],
      ["POST", `hosts/${ada.hostId}/rotate`],
    ] as const)
      for (const key of [ada.hostKey, show.hostKey]) {
        const headers = { authorization: `Bearer ${key}` };
        const url = `${relay.url}/api/broadcasts/${show.id}/${path}`;
        expect((await fetch(url, { method, headers })).status, `${method} ${path}`).toBe(401);
      }
    const at = (method: string, path: string) =>
      relay.api(method, `/broadcasts/${path}`, method === "PATCH" ? {} : undefined);
    for (const method of ["GET", "PATCH", "DELETE"])
      expect(await refusal(at(method, `${show.id}/hosts/nobody00`)), method).toBe("404 no_such_host");
    expect(await refusal(at("POST", `${show.id}/hosts/nobody00/rotate`))).toBe("404 no_such_host");
    expect(await refusal(at("GET", "nothing-000000/hosts"))).toBe("404 unknown_broadcast");
    expect(await refusal(at("PUT", `${show.id}/hosts`))).toBe("405 method_not_allowed");
    expect(await refusal(at("PUT", `${show.id}/hosts/host`))).toBe("405 method_not_allowed");
    expect(await refusal(at("GET", `${show.id}/hosts/host/rotate`))).toBe("405 method_not_allowed");
    expect(await look(show, ada)).toMatchObject({ name: "Ada" });
  });
});

describe("a host's key", () => {
  test("that is replaced is dead within 2 s and its session cut, without effect on other hosts", async () => {
    const show = await relay.open({ latency: "low" });
    const [ada, ben] = [await make(show, { name: "Ada" }), await make(show, { name: "Ben" })];
    const [first, second] = [await goOn(ada), await goOn(ben)];
    await expect.poll(async () => (await status(show)).onAir, WAIT).toEqual(["Ada", "Ben"]);

    const from = performance.now();
    const rotated = await api<HostDescription>("POST", show, `hosts/${ada.hostId}/rotate`);
    expect((await first.socket.farewell()).reason).toBe("the host key has been replaced");
    for (const [method, url] of [
      ["POST", ada.whipUrl],
      ["GET", ada.whipUrl],
      ["DELETE", first.url],
    ] as const)
      expect(await refusal(call(method, url, ada.hostKey)), `${method} ${url}`).toBe("401 unauthorized");
    const millis = performance.now() - from;
    console.log(`A key that was replaced was dead, and its session cut, after ${Math.round(millis)} ms.`);
    expect(millis).toBeLessThan(REFUSED_WITHIN_MS);
    expect(await Host.dial(first.endpoint)).toBe(410);

    expect(rotated).toMatchObject({ hostId: ada.hostId, name: "Ada", connected: false });
    expect(rotated.hostKey).toMatch(new RegExp(`^${ada.hostId}\\.1\\.`));
    expect(await look(show, ben)).toMatchObject({ connected: true, heard: true, hostKey: ben.hostKey });
    const back = await goOn(rotated);
    await expect.poll(async () => (await status(show)).onAir, WAIT).toEqual(["Ben", "Ada"]);
    for (const { socket } of [second, back]) socket.leave();
  });

  test("that is replaced or revoked stays so when the object is made anew", async () => {
    const show = await relay.create();
    const [ada, ben] = [await make(show, { name: "Ada" }), await make(show, { name: "Ben" })];
    const rotated = await api<HostDescription>("POST", show, `hosts/${ada.hostId}/rotate`);
    await api("DELETE", show, `hosts/${ben.hostId}`);
    await relay.evict("Broadcast", show.id);
    for (const [key, expected] of [
      [ada.hostKey, 401],
      [rotated.hostKey, 204],
      [ben.hostKey, 401],
      [show.hostKey, 204],
    ] as const)
      expect((await call("GET", show.whipUrl, key)).status).toBe(expected);
    expect((await list(show)).map(({ name }) => name)).toEqual(["Host", "Ada"]);
  });

  test("of the first host is replaced by both routes alike, which cut off only that host", async () => {
    const show = await relay.open({ latency: "low" });
    const ada = await make(show, { name: "Ada" });
    const [first, hers] = [await goOn(show), await goOn(ada)];
    const rotated = await api<HostDescription>("POST", show, "hosts/host/rotate");
    expect((await first.socket.farewell()).reason).toBe("the host key has been replaced");
    expect(rotated.hostKey).toMatch(/^1\.[\w-]{22}$/);
    expect((await relay.describe(show.id)).hostKey).toBe(rotated.hostKey);
    const again = await api<CreatedBroadcast>("POST", show, "rotate-key");
    expect(again.hostKey).toMatch(/^2\./);
    expect((await list(show))[0]?.hostKey).toBe(again.hostKey);
    expect((await look(show, ada)).connected).toBe(true);
    const kept = relay.api("DELETE", `/broadcasts/${show.id}/hosts/host`);
    expect(await refusal(kept)).toBe("409 first_host");
    hers.socket.leave();
  });

  test("whose host is revoked is dead within 2 s, and its session cut", async () => {
    const show = await relay.open({ latency: "low" });
    const ada = await make(show, { name: "Ada" });
    const { url, socket } = await goOn(ada);
    await expect.poll(async () => (await look(show, ada)).heard, WAIT).toBe(true);
    const from = performance.now();
    await api("DELETE", show, `hosts/${ada.hostId}`);
    expect((await socket.farewell()).reason).toBe("the host has been revoked");
    for (const [method, at] of [
      ["POST", ada.whipUrl],
      ["DELETE", url],
    ] as const)
      expect(await refusal(call(method, at, ada.hostKey))).toBe("401 unauthorized");
    expect(performance.now() - from).toBeLessThan(REFUSED_WITHIN_MS);
    expect(await refusal(relay.api("GET", `/broadcasts/${show.id}/hosts/${ada.hostId}`))).toBe(
      "404 no_such_host",
    );
    await expect.poll(async () => (await status(show)).onAir, WAIT).toEqual([]);
  });

  test("does not open a session if its host is revoked during the SFU's answer: nothing of it stays", async () => {
    const show = await relay.create();
    const ada = await make(show, { name: "Ada" });
    let own: string | null = null;
    sfu.react = async ({ path, session }) => {
      if (path !== "/sessions/:id/tracks/new") return undefined;
      own = session;
      await api("DELETE", show, `hosts/${ada.hostId}`);
      return undefined;
    };
    try {
      expect((await call("POST", ada.whipUrl, ada.hostKey)).status).toBe(401);
    } finally {
      sfu.react = () => undefined;
    }
    await expect.poll(() => sfu.closed, WAIT).toContain(own);
    expect(await relay.describe(show.id)).toMatchObject({ state: "announced", hosts: [] });
  });

  test("has no access to another host's session: it gets a 404", async () => {
    const show = await relay.open({ latency: "low" });
    const [ada, ben] = [await make(show, { name: "Ada" }), await make(show, { name: "Ben" })];
    const { url, socket } = await goOn(ada);
    for (const key of [ben.hostKey, show.hostKey])
      for (const method of ["GET", "PATCH", "DELETE"])
        expect((await call(method, url, key)).status, method).toBe(404);
    expect((await call("GET", url, ada.hostKey)).status).toBe(204);
    expect((await call("PATCH", url, ada.hostKey)).status).toBe(405);
    expect((await call("DELETE", url, ada.hostKey)).status).toBe(200);
    expect((await socket.farewell()).reason).toBe("the host has left");
  });

  test("that is forged, or is another broadcast's, is refused at the edge: no Broadcast is called or made", async () => {
    const [show, other] = [await relay.create(), await relay.create()];
    const [ada, theirs] = [await make(show, { name: "Ada" }), await make(other, { name: "Ada" })];
    const mac = ada.hostKey.split(".").at(-1) ?? "";
    // The object of this id would answer that there is no such broadcast, if it were called.
    const neverMade = await mintId(new Secret(EARSHOT_SECRET), "never-made");
    await relay.sql(show.id, "DELETE FROM show");
    await relay.evict("Broadcast", show.id);
    for (const key of [
      theirs.hostKey,
      mac,
      `1.${mac}`,
      `host.0.${mac}`,
      `${ada.hostId}.1.${mac}`,
      `${theirs.hostId}.0.${mac}`,
      `${ada.hostId}.0.${"A".repeat(22)}`,
      `${ada.hostId}.0.`,
    ])
      for (const id of [show.id, neverMade])
        for (const method of ["POST", "GET"])
          expect((await call(method, `${relay.url}/whip/${id}`, key)).status, `${method} ${key}`).toBe(401);
    // With the genuine key the object is called.
    expect((await call("GET", show.whipUrl, ada.hostKey)).status).toBe(404);
  });

  test("is in no log, and in no answer but the operator's", async () => {
    const show = await relay.open({ latency: "low" });
    const ada = await make(show, { name: "Ada" });
    const { url, socket } = await goOn(ada);
    const texts = await Promise.all(
      [show.statusUrl, show.playbackUrl, url, `${relay.url}/studio/${show.id}`].map(async (from) => {
        const response = await fetch(from);
        return `${JSON.stringify([...response.headers])}${await response.text()}`;
      }),
    );
    for (const text of [...texts, relay.log()]) {
      expect(text).not.toContain(ada.hostKey);
      expect(text).not.toContain(ada.hostKey.split(".").at(-1));
      expect(text).not.toContain(show.hostKey);
    }
    socket.leave();
  });
});

describe("a host that is on", () => {
  test("is listed with its connection's facts; its name is public while it is heard, and changes at once", async () => {
    const show = await relay.open({ latency: "low" });
    const ada = await make(show, { name: "Ada" });
    expect((await status(show)).onAir).toEqual([]);
    const { socket, name } = await goOn(ada);
    expect(name).toBe("Ada");
    await expect.poll(async () => (await look(show, ada)).heard, WAIT).toBe(true);
    await expect
      .poll(() => look(show, ada), WAIT)
      .toMatchObject({
        connected: true,
        state: "heard",
        loudness: { momentary: expect.any(Number), truePeakDb: expect.any(Number) },
        levelDb: expect.any(Number),
        loss: expect.any(Number),
        jitter: expect.any(Number),
        codec: null,
        client: "Test/1",
      });
    await api("PATCH", show, `hosts/${ada.hostId}`, { name: "<b>Countess</b>" });
    await expect.poll(async () => (await status(show)).onAir, WAIT).toEqual(["<b>Countess</b>"]);
    expect((await relay.describe(show.id)).hosts).toMatchObject([
      { hostId: ada.hostId, name: "<b>Countess</b>", muted: false, gainDb: 0, level: true, heard: true },
    ]);
    await api("PATCH", show, `hosts/${ada.hostId}`, { muted: true });
    await expect.poll(() => status(show), WAIT).toMatchObject({ hosts: 1, onAir: [] });
    socket.leave();
    await expect.poll(() => status(show), WAIT).toMatchObject({ hosts: 0, onAir: [] });
    expect(await look(show, ada)).toMatchObject({
      connected: false,
      heard: false,
      state: null,
      client: null,
    });
  });

  test("is in status.json, which has every field that the pages read", async () => {
    const show = await relay.open({
      latency: "low",
      description: "About it",
      opensAt: "2040-01-01T00:00:00Z",
    });
    const ada = await make(show, { name: "Ada" });
    const { socket } = await goOn(ada);
    await expect.poll(async () => (await status(show)).onAir, WAIT).toEqual(["Ada"]);
    const said = (await (await fetch(show.statusUrl)).json()) as Record<string, unknown>;
    const seen = parseStatus(said);
    // A field that the relay does not send would be null, or the pages' default.
    expect(seen).toEqual(Object.fromEntries(Object.keys(seen ?? {}).map((field) => [field, said[field]])));
    expect(seen).toMatchObject({ state: "live", hosts: 1, onAir: ["Ada"], description: "About it" });
    expect(seen).toMatchObject({ listeners: 0, error95: expect.any(Number), confidence: "low" });
    socket.leave();
  });

  test("is heard with its settings, at once after a change and after a restart of its show", async () => {
    const show = await relay.open({ latency: "low" });
    const ada = await make(show, { name: "Ada", level: false });
    const set = (changes: object) => api("PATCH", show, `hosts/${ada.hostId}`, changes);
    const peak = async () => {
      const { meter } = (await status(show)) as unknown as { meter: { peakDb: number } | null };
      return meter?.peakDb ?? 0;
    };
    // 0.1 is -20 dBFS.
    const { url, socket } = await goOn(ada, tone(440, 0.1));
    await expect.poll(peak, WAIT).toBeCloseTo(-20, 0);
    await set({ gainDb: 6 });
    await expect.poll(peak, WAIT).toBeCloseTo(-14, 0);
    await set({ muted: true });
    await expect.poll(peak, WAIT).toBeLessThan(-90);
    expect(await look(show, ada)).toMatchObject({ heard: true, muted: true, gainDb: 6 });

    await relay.restart();
    // A request brings the object back.
    expect(await look(show, ada)).toMatchObject({ connected: true, muted: true, gainDb: 6, level: false });
    const back = await Host.connect(await sfu.endpointOf(url.split("/").at(-1) ?? "", 2));
    back.talk(tone(440, 0.1));
    await expect.poll(async () => (await look(show, ada)).heard, WAIT).toBe(true);
    await sleep(1_500);
    expect(await peak()).toBeLessThan(-90);
    await set({ muted: false });
    await expect.poll(peak, WAIT).toBeCloseTo(-14, 0);
    socket.hush();
    back.leave();
  });

  test("is levelled by default", async () => {
    const show = await relay.open({ latency: "low" });
    const ada = await make(show, { name: "Ada" });
    const { socket } = await goOn(ada, tone(440, 0.05));
    // About -27 LUFS: 9 dB are to be added, 2 dB per second.
    await expect.poll(async () => (await look(show, ada)).levelDb, WAIT).toBeGreaterThan(3);
    expect((await look(show, ada)).loudness?.momentary).toBeLessThan(-25);
    await api("PATCH", show, `hosts/${ada.hostId}`, { level: false });
    await expect.poll(async () => (await look(show, ada)).levelDb, WAIT).toBe(0);
    socket.leave();
  });

  test("by real WebRTC is listed with the negotiated codec", { timeout: 60_000 }, async () => {
    const show = await withStandIn.create({ latency: "low" });
    const ada = await make(show, { name: "Ada" }, withStandIn);
    const square = (frames: number) =>
      Int16Array.from({ length: 2 * frames }, (_, n) => (n % 192 < 96 ? 9_000 : -9_000));
    const host = await publish({ url: ada.whipUrl, key: ada.hostKey, source: square });
    await expect.poll(async () => (await look(show, ada, withStandIn)).heard, WAIT).toBe(true);
    expect(await look(show, ada, withStandIn)).toMatchObject({ codec: "opus/48000/2", state: "heard" });
    await host.close();
  });
});

describe("when maxHosts are on", () => {
  test("another host is told when to come again; one that takes over gets its own older session's place", async () => {
    const show = await relay.open({ latency: "low", maxHosts: 2 });
    const [ada, ben] = [await make(show, { name: "Ada" }), await make(show, { name: "Ben" })];
    const [hers, his] = [await goOn(ada), await goOn(ben)];
    await expect.poll(async () => (await status(show)).hosts, WAIT).toBe(2);
    const full = await call("POST", ada.whipUrl, ada.hostKey);
    expect([full.status, full.headers.get("retry-after")]).toEqual([409, "1"]);
    expect(await refusal(full)).toBe("409 too_many_hosts");

    const again = await goOn({ ...ada, whipUrl: `${ada.whipUrl}?takeover=1` });
    expect((await hers.socket.farewell()).reason).toBe("superseded by a new connection");
    expect(await look(show, ben)).toMatchObject({ connected: true });
    // The show's own key can take a place too: the oldest session's, since nobody is quiet.
    const third = await goOn({ ...show, whipUrl: `${show.whipUrl}?takeover=1` }, silence);
    expect((await his.socket.farewell()).reason).toBe("superseded by a new connection");
    expect((await relay.describe(show.id)).hosts.map(({ name }) => name)).toEqual(["Ada", "Host"]);

    // With a higher limit, one more host may come.
    await relay.api("PATCH", `/broadcasts/${show.id}`, { maxHosts: 3 });
    const back = await goOn(ben);
    for (const { socket } of [again, third, back]) socket.leave();
  });
});

test("the keys in this test are those that the relay makes", async () => {
  const show = await relay.create();
  const ada = await make(show, { name: "Ada" });
  const secret = new Secret(EARSHOT_SECRET);
  expect(ada.hostKey).toBe(await hostKey(secret, show.id, { hostId: ada.hostId, generation: 0 }));
  expect(show.hostKey).toBe(await hostKey(secret, show.id, { hostId: "host", generation: 0 }));
});
