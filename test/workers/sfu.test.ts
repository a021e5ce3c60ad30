import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Publication, publish } from "../../local/host/publisher.ts";
import { startSfu } from "../../local/sfu/server.ts";
import { ingestToken } from "../../src/access/keys.ts";
import { Secret } from "../../src/access/secret.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT, EARSHOT_SECRET, SFU_SECRET } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import * as offers from "../kit/offers.ts";
import { Runtime } from "../kit/runtime.ts";

/** The SFU's socket in the real runtime: who may dial it, and what happens to its host. */

/** Long enough for a busy machine. */
const WAIT = { timeout: 30_000, interval: 100 };

let sfu: FakeSfu;
let withFake: Runtime;
let standIn: { url: string; close(): Promise<void> };
let withStandIn: Runtime;
/** Broadcasts whose hosts never connect to the fake SFU. */
const unconnected = new Set<string>();
/** Broadcasts for which the fake SFU never confirms that it has dialled. */
const silent = new Set<string>();
/** The stand-in's log lines about what has ended. */
const ended: string[] = [];

// One after the other: starting a runtime runs the build.
beforeAll(async () => {
  sfu = await FakeSfu.start();
  sfu.react = ({ path, body }) => {
    if (path !== "/adapters/websocket/new") return undefined;
    const { endpoint } = body.tracks[0];
    const id = endpoint.split("/")[4];
    if (unconnected.has(id))
      return { status: 503, json: { tracks: [{ errorCode: "not_found_track_error" }] } };
    if (!silent.has(id)) return undefined;
    sfu.endpoints.push(endpoint);
    return "hang";
  };
  withFake = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
  const log = (line: string) => void ended.push(line);
  standIn = await startSfu({ port: 0, appId: "local", appSecret: SFU_SECRET, log });
  withStandIn = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: standIn.url } }]);
});
afterAll(async () => {
  await withFake.close();
  sfu.close();
  await withStandIn.close();
  await standIn.close();
});

describe.concurrent("the socket that the SFU dials", () => {
  let relay: Runtime;
  beforeAll(() => {
    relay = withFake;
  });

  /** Publishes to a broadcast of its own; returns the endpoint that the SFU was told to dial. */
  async function onAir(): Promise<{ show: CreatedBroadcast; endpoint: string; session: string }> {
    const show = await relay.create();
    const session = await post(show);
    return { show, endpoint: await sfu.endpointOf(session), session };
  }

  /** Publishes; returns the WHIP session. */
  async function post(show: CreatedBroadcast): Promise<string> {
    const response = await fetch(show.whipUrl, {
      method: "POST",
      headers: { authorization: `Bearer ${show.hostKey}`, "content-type": "application/sdp" },
      body: offers.chromium,
    });
    return (response.headers.get("location") ?? "").split("/").at(-1) ?? "";
  }

  const sessionStatus = async (show: CreatedBroadcast, session: string) => {
    const headers = { authorization: `Bearer ${show.hostKey}` };
    return (await fetch(`${show.whipUrl}/${session}`, { headers })).status;
  };

  test("has the address by which the publisher came, and is opened only by its token", async ({ expect }) => {
    const { show, endpoint } = await onAir();
    expect(endpoint).toMatch(
      new RegExp(`^ws://127\\.0\\.0\\.1:\\d+/ingest/${show.id}/[\\w-]{22}/1/[\\w-]{22}$`),
    );
    expect(new URL(endpoint).host).toBe(new URL(relay.url).host);
    (await Host.connect(endpoint)).leave();
  });

  test("is refused before it is opened: 403 for a wrong token", async ({ expect }) => {
    const { endpoint } = await onAir();
    const other = await onAir();
    const { pathname, origin } = new URL(endpoint);
    const [, , id, session, generation, token = ""] = pathname.split("/");
    const [, , otherId, otherSession] = new URL(other.endpoint).pathname.split("/");
    for (const path of [
      `${id}/${session}/${generation}/${"A".repeat(22)}`,
      `${id}/${session}/${generation}/${token.slice(1)}`,
      `${id}/${session}/2/${token}`,
      `${id}/${otherSession}/${generation}/${token}`,
      `${otherId}/${session}/${generation}/${token}`,
    ]) {
      expect(await Host.dial(`${origin}/ingest/${path}`), path).toBe(403);
    }
    expect(await Host.dial(`${origin}/ingest/nobody-000000/${session}/1/${token}`)).toBe(404);
    expect((await fetch(endpoint.replace("ws:", "http:"))).status).toBe(426);
  });

  test("is refused as gone (410) with a right token if the session or its generation is over", async ({
    expect,
  }) => {
    const { show, endpoint, session } = await onAir();
    const secret = new Secret(EARSHOT_SECRET);
    const base = endpoint.split("/").slice(0, 5).join("/");
    expect(await Host.dial(`${base}/${session}/7/${await ingestToken(secret, show.id, session, 7)}`)).toBe(
      410,
    );
    expect(await Host.dial(`${base}/none/1/${await ingestToken(secret, show.id, "none", 1)}`)).toBe(410);
    const headers = { authorization: `Bearer ${show.hostKey}` };
    await fetch(`${show.whipUrl}/${session}`, { method: "DELETE", headers });
    expect(await Host.dial(endpoint)).toBe(410);
  });

  test("gives way to a newer one of the same session, and only the newer one is heard", async ({
    expect,
  }) => {
    const { show, endpoint } = await onAir();
    const old = await Host.connect(endpoint);
    old.talk(tone(300));
    const newer = await Host.connect(endpoint);
    expect(await old.farewell()).toEqual({ code: 1000, reason: "superseded by a newer connection" });
    newer.talk(tone(300));
    const heard = async () => (await relay.describe(show.id)).hosts.map((host) => host.heard);
    await expect.poll(heard, WAIT).toEqual([true]);
    newer.leave();
  });

  test("ends its session when it is closed with 1000: the host has left", async ({ expect }) => {
    const { show, endpoint, session } = await onAir();
    const host = await Host.connect(endpoint);
    host.talk(tone(300));
    await sleep(300);
    host.leave();
    await expect.poll(() => sessionStatus(show, session), WAIT).toBe(404);
    expect((await relay.describe(show.id)).hosts).toEqual([]);
  });

  test("may be lost and dialled again with the same URL: the session stays", async ({ expect }) => {
    const { show, endpoint, session } = await onAir();
    for (let n = 0; n < 3; n++) {
      const host = await Host.connect(endpoint);
      host.talk(tone(300));
      await sleep(200);
      host.crash();
      await sleep(200);
      expect(await sessionStatus(show, session)).toBe(204);
    }
    (await Host.connect(endpoint)).leave();
  });

  test("is requested anew when the SFU has stopped re-dialling; the old URL is void once the new one is dialled", {
    timeout: 40_000,
  }, async ({ expect }) => {
    const { show, endpoint, session } = await onAir();
    const host = await Host.connect(endpoint);
    host.crash();
    const from = performance.now();
    const again = await sfu.endpointOf(session, 2, 30_000);
    expect(performance.now() - from).toBeGreaterThan(15_000);
    const back = await Host.connect(again);
    expect(await Host.dial(endpoint)).toBe(410);
    back.talk(tone(300));
    await expect.poll(async () => (await relay.describe(show.id)).hosts[0]?.heard, WAIT).toBe(true);
    back.leave();
  });

  test("is requested for 25 s if the host never connects; then the session is over, here and at the SFU", {
    timeout: 60_000,
  }, async ({ expect }) => {
    const show = await relay.create();
    unconnected.add(show.id);
    const asked = () =>
      sfu.of("POST /adapters/websocket/new").filter(({ body }) => body.tracks[0].endpoint.includes(show.id));
    const session = await post(show);
    const from = performance.now();
    await expect.poll(() => sessionStatus(show, session), { ...WAIT, timeout: 40_000 }).toBe(404);
    const millis = performance.now() - from;
    expect(millis).toBeGreaterThan(23_000);
    expect(millis).toBeLessThan(32_000);
    const sfuSession = asked()[0]?.body.tracks[0].sessionId;
    await expect.poll(() => sfu.closed, WAIT).toContain(sfuSession);
    const before = asked().length;
    expect(before).toBeLessThanOrEqual(32);
    await sleep(2_500);
    expect(asked()).toHaveLength(before);
  });

  test("is accepted before the SFU's answer, and its host stays on the air even if no answer ever comes", {
    timeout: 60_000,
  }, async ({ expect }) => {
    const show = await relay.create();
    silent.add(show.id);
    await post(show);
    const asked = () => sfu.endpoints.filter((endpoint) => endpoint.includes(show.id));
    await expect.poll(asked, WAIT).toHaveLength(1);
    await sleep(3_000);
    const host = await Host.connect(asked()[0] ?? "");
    host.talk(tone(300));
    // The call's timeout is 15 s.
    await sleep(16_000);
    expect((await relay.describe(show.id)).hosts).toMatchObject([{ state: "heard", heard: true }]);
    expect(asked()).toHaveLength(1);
    host.leave();
    await expect.poll(async () => (await relay.describe(show.id)).hosts, WAIT).toEqual([]);
  });

  test("determines by connecting and closing the host's state, which the API reports", async ({ expect }) => {
    const { show, endpoint } = await onAir();
    const stands = async () => (await relay.describe(show.id)).hosts[0];
    expect(await stands()).toMatchObject({ state: "connecting", heard: false, packets: null });
    const host = await Host.connect(endpoint);
    host.talk(tone(300));
    await expect.poll(stands, WAIT).toMatchObject({ state: "heard", heard: true });
    const lost = Date.now();
    host.crash();
    await expect.poll(stands, WAIT).toMatchObject({ state: "reattaching", heard: false });
    const since = (await stands())?.since ?? 0;
    expect(since).toBeGreaterThanOrEqual(lost);
    expect(since).toBeLessThanOrEqual(Date.now());
    const back = await Host.connect(endpoint);
    back.talk(tone(300));
    await expect.poll(stands, WAIT).toMatchObject({ state: "heard", heard: true });
    back.leave();
  });

  test("is closed when the show ends", async ({ expect }) => {
    const { show, endpoint } = await onAir();
    const host = await Host.connect(endpoint);
    await relay.api("POST", `/broadcasts/${show.id}/end`);
    expect(await host.farewell()).toEqual({ code: 1000, reason: "the show has ended" });
    expect(await Host.dial(endpoint)).toBe(410);
  });
});

describe.concurrent("with the stand-in, which really terminates WebRTC", () => {
  let relay: Runtime;
  beforeAll(() => {
    relay = withStandIn;
  });

  const speak = (frames: number) =>
    Int16Array.from({ length: 2 * frames }, (_, n) => (n % 192 < 96 ? 9_000 : -9_000));
  const goLive = ({ whipUrl, hostKey }: CreatedBroadcast): Promise<Publication> =>
    publish({ url: whipUrl, key: hostKey, source: speak });
  const heard = async ({ id }: CreatedBroadcast) =>
    (await relay.describe(id)).hosts.map((host) => host.heard);

  test("a host is heard, and leaves", async ({ expect }) => {
    const show = await relay.create();
    const host = await goLive(show);
    await expect.poll(() => heard(show), WAIT).toEqual([true]);
    await expect.poll(async () => (await relay.describe(show.id)).state, WAIT).toBe("live");
    expect(await (await fetch(show.statusUrl)).json()).toMatchObject({ state: "live", hosts: 1 });
    const before = ended.length;
    await host.close();
    expect(await heard(show)).toEqual([]);
    await expect.poll(() => ended.slice(before).join(), WAIT).toMatch(/adapter \w+ ended.*session \w+ ended/);
  });

  test("two hosts are on at once", async ({ expect }) => {
    const show = await relay.create();
    const hosts = await Promise.all([goLive(show), goLive(show)]);
    await expect.poll(() => heard(show), WAIT).toEqual([true, true]);
    await Promise.all(hosts.map((host) => host.close()));
  });

  test("a host that crashed publishes again before the SFU has noticed, and is alone again once it has", {
    timeout: 30_000,
  }, async ({ expect }) => {
    const show = await relay.create();
    const crashed = await goLive(show);
    await expect.poll(() => heard(show), WAIT).toEqual([true]);
    await sleep(3_000);
    await crashed.close(false);
    await sleep(1_500);
    const from = performance.now();
    const back = await goLive(show);
    await expect.poll(() => heard(show), WAIT).toEqual([false, true]);
    // Within 3 s on an idle machine: that is measured with a browser (test/browser/hosts.test.ts).
    expect(performance.now() - from).toBeLessThan(6_000);
    await expect.poll(() => heard(show), WAIT).toEqual([true]);
    await back.close();
  });

  test("a host that crashed is noticed", { timeout: 30_000 }, async ({ expect }) => {
    const show = await relay.create();
    const crashed = await goLive(show);
    await expect.poll(() => heard(show), WAIT).toEqual([true]);
    await crashed.close(false);
    const from = performance.now();
    await expect.poll(() => heard(show), WAIT).toEqual([]);
    expect(performance.now() - from).toBeLessThan(8_000);
  });

  test("the end of a show hangs its host up at the SFU", async ({ expect }) => {
    const show = await relay.create();
    await goLive(show);
    await expect.poll(() => heard(show), WAIT).toEqual([true]);
    const before = ended.length;
    await relay.api("POST", `/broadcasts/${show.id}/end`);
    await expect.poll(() => ended.slice(before).join(), WAIT).toMatch(/adapter \w+ ended/);
  });
});

// Not concurrent: it checks the log of all tests above.
test("no token of a socket that the SFU dialled is in the log", () => {
  const tokens = sfu.endpoints.map((endpoint) => endpoint.split("/").at(-1) ?? "");
  expect(tokens).not.toEqual([]);
  for (const token of tokens) expect(withFake.log()).not.toContain(token);
});
