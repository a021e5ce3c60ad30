import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, type ExpectStatic, expect, test } from "vitest";
import type { HostDescription } from "../../src/broadcast-api.ts";
import type { Others, TalkOffer } from "../../src/talk.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, silence } from "../kit/host.ts";
import { chromium } from "../kit/offers.ts";
import { Runtime } from "../kit/runtime.ts";

/** Talk-back in the real runtime: its HTTP, who may use it, and what it does not touch. */

let relay: Runtime;
let sfu: FakeSfu;
/** Whether every `tracks/new` call that pulls other hosts' tracks fails at the SFU. */
let isFailing = false;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  sfu.react = ({ path, body }) =>
    isFailing && path === "/sessions/:id/tracks/new" && body.sessionDescription === undefined
      ? { status: 500, json: {} }
      : undefined;
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
});
afterAll(async () => {
  await relay.close();
  sfu.close();
});

const WAIT = { timeout: 20_000, interval: 50 };

interface OnAir {
  readonly key: string;
  readonly hostId: string;
  /** The WHIP session: its name and its URL. */
  readonly session: string;
  readonly whip: string;
  readonly socket: Host;
}

/** Makes a host of that name who publishes and has not been heard yet. */
async function connect(show: CreatedBroadcast, name: string): Promise<OnAir> {
  const made = await relay.api("POST", `/broadcasts/${show.id}/hosts`, { name });
  const { hostId, hostKey: key } = (await made.json()) as HostDescription;
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/sdp" };
  const response = await fetch(show.whipUrl, { method: "POST", headers, body: chromium });
  const whip = new URL(response.headers.get("location") ?? "", show.whipUrl).href;
  const session = whip.split("/").at(-1) ?? "";
  return { key, hostId, session, whip, socket: await Host.connect(await sfu.endpointOf(session)) };
}

/** Makes a call under /talk/ of a show. */
function call(
  show: CreatedBroadcast,
  key: string | null,
  method: string,
  path = "",
  body?: unknown,
): Promise<Response> {
  return fetch(`${relay.url}/talk/${show.id}${path}`, {
    method,
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

async function codeOf(asked: Promise<Response>): Promise<string> {
  const response = await asked;
  if (response.status < 400) return `${response.status}`;
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error.message).toMatch(/^[A-Z].*\.$/);
  return `${response.status} ${error.code}`;
}

/** Begins a talk session of a host; returns its path below the show's. */
async function begin(show: CreatedBroadcast, { key, session }: OnAir): Promise<string> {
  const response = await call(show, key, "POST", "", { session });
  expect(response.status).toBe(201);
  const { talk } = (await response.json()) as { talk: string };
  expect(response.headers.get("location")).toBe(`/talk/${show.id}/${talk}`);
  return `/${talk}`;
}

async function others(show: CreatedBroadcast, key: string, talk: string, since?: number): Promise<Others> {
  const response = await call(show, key, "GET", `${talk}${since === undefined ? "" : `?since=${since}`}`);
  expect(response.headers.get("cache-control")).toBe("no-store");
  return (await response.json()) as Others;
}

/** Returns the SFU's session on which a host publishes. */
function publishing({ session }: OnAir): string {
  const asked = sfu.of("POST /adapters/websocket/new").map(({ body }) => body.tracks[0]);
  return asked.find(({ endpoint }) => endpoint.includes(`/${session}/`)).sessionId;
}

/** Returns the SFU's session that pulls the host who publishes on `source`. */
function hearing(source: string): string {
  const asked = sfu.of("POST /sessions/:id/tracks/new");
  const pull = asked.find(({ body }) => body.tracks.some(({ sessionId = "" }) => sessionId === source));
  return pull?.session ?? "";
}

/**
 * Two hosts who are heard, and a talk session of the first, which hears the second. The global expect.poll does not
 * know which concurrent test it is in.
 */
async function conversation(expect: ExpectStatic) {
  const show = await relay.open({ latency: "low" });
  const [ada, ben] = [await connect(show, "Ada"), await connect(show, "Ben")];
  ada.socket.talk(silence);
  ben.socket.talk(silence);
  const talk = await begin(show, ada);
  await expect.poll(async () => (await others(show, ada.key, talk)).others.length, WAIT).toBe(1);
  const list = await others(show, ada.key, talk);
  const publications = list.others.map(({ publication }) => publication);
  const asked = await call(show, ada.key, "POST", `${talk}/tracks`, { publications });
  const offer = (await asked.json()) as TalkOffer;
  const answer = { mutation: offer.mutation, answer: "v=0\r\n" };
  expect((await call(show, ada.key, "PUT", `${talk}/answer`, answer)).status).toBe(204);
  const end = () => {
    for (const { socket } of [ada, ben]) socket.leave();
  };
  // The SFU's sessions of the first host: the one on which it publishes, and the one on which it hears.
  const sessions = [publishing(ada), hearing(publishing(ben))];
  return { show, ada, ben, talk, list, offer, publications, sessions, end };
}

describe.concurrent("talk-back", () => {
  test("a studio learns who is heard, pulls their tracks, drops them, and hangs up", async ({ expect }) => {
    const { show, ada, ben, talk, list, offer, publications, end } = await conversation(expect);
    expect(list.others).toEqual([{ publication: publications[0], name: "Ben" }]);
    expect(offer.tracks).toEqual([{ publication: publications[0], mid: expect.any(String) }]);
    expect(offer.offer).toMatch(/^v=0/);
    // The SFU's ids stay in the Broadcast, and so do the names by which WHIP sessions are ended.
    for (const id of [...sfu.ids, ada.session, ben.session])
      expect(JSON.stringify([list, offer])).not.toContain(id);

    const held = others(show, ada.key, talk, list.revision);
    const eve = await connect(show, "Eve");
    eve.socket.talk(silence);
    expect((await held).others.map(({ name }) => name)).toEqual(["Ben", "Eve"]);
    expect(await codeOf(call(show, ada.key, "PUT", `${talk}/close`, { publications }))).toBe("204");
    expect(await codeOf(call(show, ada.key, "DELETE", talk))).toBe("204");
    expect(await codeOf(call(show, ada.key, "GET", talk))).toBe("404 no_talk");
    eve.socket.leave();
    end();
  });

  test("a host who has not been heard is not listed yet", async ({ expect }) => {
    const show = await relay.open({ latency: "low" });
    const [ada, ben] = [await connect(show, "Ada"), await connect(show, "Ben")];
    const talk = await begin(show, ada);
    const before = await others(show, ada.key, talk);
    expect(before.others).toEqual([]);
    const asked = performance.now();
    const held = others(show, ada.key, talk, before.revision);
    ben.socket.talk(silence);
    expect((await held).others.map(({ name }) => name)).toEqual(["Ben"]);
    // A held request is answered after 20 s at the latest.
    expect(performance.now() - asked, "ms until the other is told of").toBeLessThan(10_000);
    for (const { socket } of [ada, ben]) socket.leave();
  });

  test("a wrong key, another host's session and malformed requests are refused", async ({ expect }) => {
    const { show, ada, ben, talk, publications, sessions, end } = await conversation(expect);
    const other = await relay.open({ latency: "low" });
    const session = { session: ada.session };
    const before = sfu.calls.length;
    for (const [asked, code] of [
      [call(show, null, "POST", "", session), "401 unauthorized"],
      [call(show, `${ada.key}x`, "GET", talk), "401 unauthorized"],
      [call(other, ada.key, "POST", "", session), "401 unauthorized"],
      [call({ ...show, id: "nothing-aaaaaa" }, ada.key, "POST", "", session), "404 unknown_broadcast"],
      [call(show, ben.key, "POST", "", session), "404 no_session"],
      [call(show, ben.key, "GET", talk), "404 no_talk"],
      [call(show, ben.key, "DELETE", talk), "404 no_talk"],
      [call(show, ben.key, "POST", `${talk}/tracks`, { publications }), "404 no_talk"],
      [call(show, ada.key, "GET", "/unknown"), "404 no_talk"],
      [call(show, ada.key, "GET", `${talk}?since=x`), "400 invalid_talk"],
      [call(show, ada.key, "POST", "", "{"), "400 invalid_talk"],
      [call(show, ada.key, "POST", "", {}), "400 invalid_talk"],
      [call(show, ada.key, "POST", `${talk}/tracks`, { publications: [] }), "400 invalid_talk"],
      [
        call(show, ada.key, "POST", `${talk}/tracks`, { publications: Array(9).fill("a") }),
        "400 invalid_talk",
      ],
      [call(show, ada.key, "PUT", `${talk}/answer`, { mutation: "a", answer: "x" }), "400 invalid_talk"],
      [call(show, ada.key, "PUT", `${talk}/answer`, { mutation: "a", answer: "v=0" }), "409 other_mutation"],
      [call(show, ada.key, "PUT", `${talk}/answer`, `"${"a".repeat(140_000)}"`), "413 talk_too_large"],
      [call(show, ada.key, "PUT"), "405 method_not_allowed"],
      [call(show, ada.key, "POST", talk), "405 method_not_allowed"],
      [call(show, ada.key, "GET", `${talk}/tracks`), "405 method_not_allowed"],
      [call(show, ada.key, "POST", `${talk}/nothing`), "404 not_found"],
    ] as const)
      expect(await codeOf(asked)).toBe(code);
    const calls = sfu.calls.slice(before).filter(({ session }) => sessions.includes(session ?? ""));
    expect(calls.map(({ path }) => path)).toEqual([]);
    expect(await codeOf(call(show, ada.key, "GET", talk)), "and it is as it was").toBe("200");
    end();
  });

  test("a revoked host hears nobody: the talk session is over, and closed at the SFU", async ({ expect }) => {
    const { show, ada, talk, list, sessions, end } = await conversation(expect);
    const held = call(show, ada.key, "GET", `${talk}?since=${list.revision}`);
    await relay.api("DELETE", `/broadcasts/${show.id}/hosts/${ada.hostId}`);
    const revoked = performance.now();
    expect(await codeOf(held)).toBe("404 no_talk");
    // A held request is answered after 20 s at the latest.
    expect(performance.now() - revoked, "ms until it is over").toBeLessThan(10_000);
    expect(await codeOf(call(show, ada.key, "GET", talk))).toBe("401 unauthorized");
    await expect.poll(() => sfu.closed, WAIT).toEqual(expect.arrayContaining(sessions));
    end();
  });
});

test("a talk session that fails does not touch what its host publishes", async ({ expect }) => {
  const { show, ada, ben, talk, list, publications, sessions, end } = await conversation(expect);
  await call(show, ada.key, "PUT", `${talk}/close`, { publications });
  const own = [...sessions, publishing(ben)];
  const closed = () => sfu.closed.filter((session) => own.includes(session));
  const before = closed();
  isFailing = true;
  const asked = call(show, ada.key, "POST", `${talk}/tracks`, { publications });
  expect(await codeOf(asked)).toBe("410 talk_over");
  isFailing = false;
  expect(await codeOf(call(show, ada.key, "GET", `${talk}?since=${list.revision}`))).toBe("404 no_talk");
  await sleep(1_500);
  const headers = { authorization: `Bearer ${ada.key}` };
  expect((await fetch(ada.whip, { method: "HEAD", headers })).status).toBe(204);
  expect((await relay.describe(show.id)).hosts.map(({ state, heard }) => [state, heard])).toEqual([
    ["heard", true],
    ["heard", true],
  ]);
  expect(closed(), "nothing is closed at the SFU").toEqual(before);
  end();
});

test("an object that is made anew has no talk sessions, and accepts new ones", async ({ expect }) => {
  const { show, ada, talk } = await conversation(expect);
  await relay.restart();
  expect(await codeOf(call(show, ada.key, "GET", talk))).toBe("404 no_talk");
  const again = await begin(show, ada);
  expect((await others(show, ada.key, again)).others.map(({ name }) => name)).toEqual(["Ben"]);
});
