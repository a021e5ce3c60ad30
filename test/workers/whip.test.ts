import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT, SFU_SECRET } from "../kit/deployed.ts";
import { ANSWER, FakeSfu, type Reaction } from "../kit/fake-sfu.ts";
import * as offers from "../kit/offers.ts";
import { Runtime } from "../kit/runtime.ts";

/** WHIP (RFC 9725) in the real runtime, with an SFU whose answers the tests set. */

let relay: Runtime;
let sfu: FakeSfu;
let show: CreatedBroadcast;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
  show = await relay.create({ title: "WHIP" });
});
afterAll(async () => {
  await relay.close();
  sfu.close();
});

/** Sessions that a test made are ended after it: a broadcast accepts eight. */
const made: string[] = [];
afterEach(async () => {
  sfu.react = () => undefined;
  for (const url of made.splice(0)) await call("DELETE", url);
});

interface Headers {
  readonly [name: string]: string;
}

function call(method: string, url = show.whipUrl, headers: Headers = {}, body?: string): Promise<Response> {
  return fetch(url, {
    method,
    redirect: "manual",
    headers: { authorization: `Bearer ${show.hostKey}`, ...headers },
    ...(body !== undefined && { body }),
  });
}

async function publish(sdp: string, headers: Headers = {}, url = show.whipUrl): Promise<Response> {
  const response = await call("POST", url, { "content-type": "application/sdp", ...headers }, sdp);
  const location = response.headers.get("location");
  if (location !== null) made.push(new URL(location, url).href);
  return response;
}

async function errorOf(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, ...error };
}

const EXPOSED = ["Location", "Link", "ETag", "Accept-Post", "Retry-After", "WWW-Authenticate"];

function expectCors(response: Response): void {
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  const exposed = (response.headers.get("access-control-expose-headers") ?? "").split(", ");
  expect(exposed).toEqual(expect.arrayContaining(EXPOSED));
}

describe("POST of an offer (RFC 9725 section 4.2)", () => {
  test("is answered 201 with the SFU's answer and everything that a session needs", async () => {
    const response = await publish(offers.chromium);
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/sdp");
    expect(response.headers.get("cache-control")).toBe("no-store");
    // Trickle ICE is removed from the answer: there is no PATCH for it.
    expect(await response.text()).toBe(
      ANSWER.replace("a=ice-options:trickle\r\n", "").replace("ice2 trickle", "ice2"),
    );
    expect(response.headers.get("location")).toMatch(new RegExp(`^/whip/${show.id}/[\\w-]{22}$`));
    expect(response.headers.get("etag")).toMatch(/^"[\x21\x23-\x7e]+"$/);
    expectCors(response);
  });

  test("links to every ICE server, the first one at the very beginning, where OBS looks for it", async () => {
    const links = (await publish(offers.obs)).headers.get("link");
    expect(links).toBe(
      '<stun:stun.example:3478>; rel="ice-server", <stun:stun2.example:3478>; rel="ice-server"',
    );
  });

  test("never gives two sessions the same name, nor the SFU's name", async () => {
    const responses = [await publish(offers.chromium), await publish(offers.chromium)];
    const [one, other] = responses.map((response) => response.headers.get("location"));
    expect(one).not.toBe(other);
    for (const response of responses) {
      const head = JSON.stringify([...response.headers]);
      for (const id of sfu.ids) expect(head).not.toContain(id);
    }
  });

  test("asks the SFU only for the audio track, by name and mid, with the application's secret", async () => {
    await publish(offers.videoFirst);
    const tracks = sfu.of("POST /sessions/:id/tracks/new").at(-1);
    expect(tracks?.body).toEqual({
      sessionDescription: { type: "offer", sdp: offers.videoFirst },
      tracks: [{ location: "local", mid: "a", trackName: "audio" }],
    });
    expect(tracks?.authorization).toBe(`Bearer ${SFU_SECRET}`);
  });

  test.each([
    ["OBS", offers.obs],
    ["GStreamer", offers.gstreamer],
    ["FFmpeg", offers.ffmpeg],
    ["setup:active", offers.dtlsActive],
    ["bundle-only audio", offers.bundleOnly],
    ["mono Opus", offers.mono],
  ])("accepts the offer of %s", async (_, sdp) => expect((await publish(sdp)).status).toBe(201));

  test.each(["application/sdp; charset=utf-8", "Application/SDP", " application/sdp "])(
    "accepts %j as application/sdp",
    async (type) => expect((await publish(offers.chromium, { "content-type": type })).status).toBe(201),
  );

  test("opens the doors: from then on there is a playlist", async () => {
    const fresh = await relay.create();
    const headers = { authorization: `Bearer ${fresh.hostKey}` };
    expect((await publish(offers.chromium, headers, fresh.whipUrl)).status).toBe(201);
    made.length = 0;
    expect((await fetch(fresh.playbackUrl)).status).toBe(200);
    expect((await relay.describe(fresh.id)).state).toBe("open");
  });
});

describe("POST is refused", () => {
  test.each(["text/plain", "application/json", "application/sdpx", ""])("415 as %j", async (type) => {
    expect(await errorOf(await publish(offers.chromium, { "content-type": type }))).toMatchObject({
      status: 415,
    });
  });

  test.each([
    ["nothing", ""],
    ["garbage", "garbage"],
    ["an offer without a fingerprint", offers.without(offers.chromium, "a=fingerprint:")],
  ])("400 with %s", async (_, sdp) => {
    expect(await errorOf(await publish(sdp))).toMatchObject({ status: 400, code: "malformed_offer" });
  });

  test.each([
    ["no Opus", offers.noOpus],
    ["no audio", offers.videoAlone],
    ["audio that is only received", offers.receiver],
  ])("422 with %s", async (_, sdp) => {
    expect(await errorOf(await publish(sdp))).toMatchObject({ status: 422, code: "unsupported_offer" });
  });

  test.each(["", "Bearer ", "Bearer wrong", "Basic x"])("401 with the key %j", async (authorization) => {
    const response = await publish(offers.chromium, { authorization });
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="earshot"');
    expectCors(response);
    expect(await errorOf(response)).toMatchObject({ status: 401, code: "unauthorized" });
  });

  test("401 with another broadcast's key", async () => {
    const other = await relay.create();
    const response = await publish(offers.chromium, { authorization: `Bearer ${other.hostKey}` });
    expect(response.status).toBe(401);
  });

  test("404 for an unknown broadcast", async () => {
    const forged = await publish(offers.chromium, {}, `${relay.url}/whip/nobody-000000`);
    expect(await errorOf(forged)).toMatchObject({ status: 404, code: "unknown_broadcast" });
    const gone = await relay.create();
    await relay.api("DELETE", `/broadcasts/${gone.id}`);
    const headers = { authorization: `Bearer ${gone.hostKey}` };
    expect((await publish(offers.chromium, headers, gone.whipUrl)).status).toBe(404);
  });

  test("410 when the broadcast has ended", async () => {
    const ended = await relay.create();
    await relay.api("POST", `/broadcasts/${ended.id}/end`);
    const headers = { authorization: `Bearer ${ended.hostKey}` };
    expect(await errorOf(await publish(offers.chromium, headers, ended.whipUrl))).toMatchObject({
      status: 410,
    });
  });

  test("413 with more than 64 KiB, with or without Content-Length; 64 KiB are accepted", async () => {
    const sized = (bytes: number) =>
      `${offers.chromium}${`a=x:${"x".repeat(90)}\r\n`.repeat(800)}`.slice(0, bytes - 2).concat("\r\n");
    const chunked = (sdp: string) =>
      fetch(show.whipUrl, {
        method: "POST",
        headers: { authorization: `Bearer ${show.hostKey}`, "content-type": "application/sdp" },
        body: new ReadableStream({
          pull(controller) {
            for (let at = 0; at < sdp.length; at += 5_000) {
              controller.enqueue(new TextEncoder().encode(sdp.slice(at, at + 5_000)));
            }
            controller.close();
          },
        }),
        duplex: "half",
      } as RequestInit);
    for (const post of [publish, chunked]) {
      expect((await post(sized(65_537))).status).toBe(413);
      const taken = await post(sized(65_536));
      expect(taken.status).toBe(201);
      made.push(new URL(taken.headers.get("location") ?? "", show.whipUrl).href);
    }
  });

  test("409 when eight hosts are on", async () => {
    const crowded = await relay.create();
    const headers = { authorization: `Bearer ${crowded.hostKey}` };
    const statuses = [];
    for (let n = 0; n < 9; n++)
      statuses.push((await publish(offers.chromium, headers, crowded.whipUrl)).status);
    made.length = 0;
    expect(statuses).toEqual([...Array(8).fill(201), 409]);
  });
});

describe("POST while the show ends", () => {
  /** Publishes, and runs `meanwhile` before the SFU answers the offer. */
  async function publishing(fresh: CreatedBroadcast, meanwhile: () => Promise<unknown>): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const tracks = () => sfu.of("POST /sessions/:id/tracks/new").length;
    const before = tracks();
    sfu.react = ({ path }) => (path === "/sessions/:id/tracks/new" ? promise : undefined);
    const response = publish(offers.chromium, { authorization: `Bearer ${fresh.hostKey}` }, fresh.whipUrl);
    await expect.poll(tracks).toBe(before + 1);
    await meanwhile();
    resolve(undefined);
    return response;
  }
  const closes = () => sfu.of("PUT /sessions/:id/tracks/close").length;

  test("is 410, whether the doors were open or not, and the SFU is told to close the track", async () => {
    for (const fresh of [await relay.create(), await relay.open()]) {
      const before = closes();
      const end = () => relay.api("POST", `/broadcasts/${fresh.id}/end`);
      const response = await publishing(fresh, end);
      expect(await errorOf(response)).toMatchObject({ status: 410, code: "ended" });
      await expect.poll(closes).toBe(before + 1);
      expect(await relay.describe(fresh.id)).toMatchObject({ state: "ended", hosts: [] });
    }
  });

  test("is 410 also when it is deleted, and a new one of that name has no hosts", async () => {
    const fresh = await relay.create({ slug: "deleted-meanwhile" });
    const before = closes();
    const remove = () => relay.api("DELETE", `/broadcasts/${fresh.id}`);
    expect((await publishing(fresh, remove)).status).toBe(410);
    await expect.poll(closes).toBe(before + 1);
    const again = await relay.create({ slug: "deleted-meanwhile" });
    expect(again.id).toBe(fresh.id);
    expect(await relay.describe(again.id)).toMatchObject({ state: "announced", hosts: [] });
  });
});

describe("the session URL", () => {
  test("DELETE ends the session, its track and its adapter at the SFU, and then is a 404", async () => {
    const before = sfu.ids.length;
    const response = await publish(offers.chromium);
    const url = made.pop() ?? "";
    await sfu.endpointOf(url.split("/").at(-1) ?? "");
    await sleep(500);
    const [, adapter] = sfu.ids.slice(before);
    const closes = sfu.of("PUT /sessions/:id/tracks/close").length;

    const deleted = await call("DELETE", url, { "if-match": response.headers.get("etag") ?? "" });
    expect(deleted.status).toBe(200);
    expectCors(deleted);
    expect(sfu.of("POST /adapters/websocket/close").at(-1)?.body).toEqual({
      tracks: [{ adapterId: adapter }],
    });
    expect(sfu.of("PUT /sessions/:id/tracks/close")).toHaveLength(closes + 1);
    expect(sfu.calls.at(-1)?.body).toEqual({ tracks: [{ mid: "0" }], force: true });
    for (const method of ["DELETE", "GET", "PATCH"])
      expect((await call(method, url)).status, method).toBe(404);
  });

  test("DELETE before the host has connected ends it as well: no adapter is left behind", async () => {
    sfu.react = ({ path }) =>
      path === "/adapters/websocket/new"
        ? { status: 503, json: { tracks: [{ errorCode: "not_found_track_error" }] } }
        : undefined;
    await publish(offers.chromium);
    expect((await call("DELETE", made.pop())).status).toBe(200);
    const asked = sfu.of("POST /adapters/websocket/new").length;
    await sleep(1_500);
    expect(sfu.of("POST /adapters/websocket/new").length - asked).toBeLessThanOrEqual(1);
  });

  test("DELETE needs the key", async () => {
    await publish(offers.chromium);
    const url = made[0] ?? "";
    expect((await call("DELETE", url, { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await call("GET", url)).status).toBe(204);
  });

  test("DELETE succeeds even if the SFU is down", async () => {
    await publish(offers.chromium);
    sfu.react = () => "cut";
    expect((await call("DELETE", made.pop())).status).toBe(200);
  });

  test.each(["GET", "HEAD"])("%s is answered without content, as at the endpoint", async (method) => {
    await publish(offers.chromium);
    for (const url of [made[0], show.whipUrl]) {
      const response = await call(method, url);
      expect([response.status, await response.text()]).toEqual([204, ""]);
    }
  });

  test("PATCH is a 405 that names the allowed methods: there is neither trickle nor ICE restart", async () => {
    await publish(offers.chromium);
    const headers = { "content-type": "application/trickle-ice-sdpfrag", "if-match": "*" };
    const response = await call("PATCH", made[0], headers, "a=ice-ufrag:x\r\na=ice-pwd:y\r\n");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, DELETE"]);
    expectCors(response);
  });

  test("and the endpoint accept no other methods", async () => {
    await publish(offers.chromium);
    expect((await call("PUT", made[0])).headers.get("allow")).toBe("GET, HEAD, OPTIONS, DELETE");
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      const response = await call(method);
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
    }
  });
});

describe("OPTIONS (RFC 9725 section 4.2; Fetch standard, CORS)", () => {
  test.each(["", "/aSessionThatThereIsNot"])(
    "needs no key, for the endpoint and for any session URL: %j",
    async (session) => {
      const response = await fetch(`${show.whipUrl}${session}`, {
        method: "OPTIONS",
        headers: {
          origin: "https://studio.example",
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type",
        },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get("accept-post")).toBe("application/sdp");
      expect(response.headers.get("accept-patch")).toBeNull();
      expectCors(response);
      const list = (name: string) => (response.headers.get(name) ?? "").toLowerCase().split(", ");
      expect(list("access-control-allow-methods")).toEqual(
        expect.arrayContaining(["post", "patch", "delete", "options"]),
      );
      expect(list("access-control-allow-headers")).toEqual(
        expect.arrayContaining(["authorization", "content-type", "if-match"]),
      );
    },
  );
});

describe("if the SFU can not take a publisher, the publisher gets a 503 with Retry-After when the SFU is", () => {
  const tracks = (reaction: Reaction) => (call: { path: string }) =>
    call.path === "/sessions/:id/tracks/new" ? reaction : undefined;
  const item = (errorCode: string): Reaction => ({
    status: 200,
    json: { tracks: [{ mid: "0", errorCode, errorDescription: "x" }] },
  });

  test.each<[string, (call: { path: string }) => Reaction]>([
    ["down", () => "cut"],
    ["down after it made a session", tracks("cut")],
    ["erring in the item, though 200", tracks(item("internal_error"))],
    ["erring as a whole", () => ({ status: 500, json: { errorCode: "internal_error" } })],
    ["overloaded", () => ({ status: 503, json: { errorCode: "temporarily_unavailable_error" } })],
    ["silent about the answer", tracks({ status: 200, json: { tracks: [{ mid: "0" }] } })],
    ["answering with what is no JSON", () => ({ status: 200, text: "<html>" })],
  ])("%s", async (_, react) => {
    sfu.react = react;
    const before = sfu.calls.length;
    const response = await publish(offers.chromium);
    expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    expectCors(response);
    expect(await errorOf(response)).toMatchObject({ status: 503, code: "sfu_unavailable" });
    expect(sfu.calls.slice(before).filter(({ path }) => path === "/sessions/new").length).toBeLessThanOrEqual(
      2,
    );
  });

  test("hanging: within 7 s, because OBS gives up after 8", { timeout: 20_000 }, async () => {
    sfu.react = () => "hang";
    const from = performance.now();
    const response = await publish(offers.chromium);
    expect(response.status).toBe(503);
    expect(performance.now() - from).toBeLessThan(8_000);
  });

  test.each<[string, Reaction]>([
    ["our secret", { status: 401, json: { errorCode: "unauthorized" } }],
    ["our app's use of it", { status: 403, text: "<html>" }],
    ["to know our app", { status: 404, json: { errorCode: "not_found" } }],
  ])("refusing %s: the publisher and the log are told that the operator has to act", async (_, refusal) => {
    sfu.react = () => refusal;
    const before = relay.log().length;
    const response = await publish(offers.chromium);
    expect(response.headers.get("retry-after")).toBe("30");
    const error = await errorOf(response);
    expect(error).toMatchObject({ status: 503, code: "sfu_unavailable" });
    expect(error.message).toContain("operator");
    expect(error.message).not.toContain("seconds");
    for (const word of ["SFU_APP_ID", "SFU_APP_SECRET", "npx wrangler deploy --secrets-file"]) {
      await expect.poll(() => relay.log().slice(before - 1)).toContain(word);
    }
  });

  test("but an offer that the SFU can not use is the publisher's fault: 422", async () => {
    sfu.react = tracks({ status: 406, json: { errorCode: "invalid_session_description" } });
    expect((await publish(offers.chromium)).status).toBe(422);
  });

  test("a refused host leaves nothing behind", async () => {
    const quiet = await relay.create();
    sfu.react = () => "cut";
    await publish(offers.chromium, { authorization: `Bearer ${quiet.hostKey}` }, quiet.whipUrl);
    expect(await relay.describe(quiet.id)).toMatchObject({ state: "announced", hosts: [] });
  });
});

describe("the log", () => {
  test("reports failures, but never an SDP, a key, a token or an SFU session", () => {
    const log = relay.log();
    expect(log).toContain("The SFU refused a publisher");
    for (const secret of [
      show.hostKey,
      relay.adminToken,
      SFU_SECRET,
      "a=ice",
      "a=fingerprint",
      "v=0",
      "m=audio",
    ]) {
      expect(log, secret).not.toContain(secret);
    }
    for (const id of sfu.ids) expect(log).not.toContain(id);
    for (const endpoint of sfu.endpoints) expect(log).not.toContain(endpoint.split("/").at(-1));
  });
});
