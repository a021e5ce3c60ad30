import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PublicEvents } from "../../src/events.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { Runtime } from "../kit/runtime.ts";

/** The admin API in the real runtime: settings, states, refusals, and schedules. */

let relay: Runtime;
beforeAll(async () => {
  relay = await Runtime.start([EARSHOT]);
});
afterAll(() => relay.close());

/** Returns status, error code and message of a refusal; fails on any other shape. */
async function refusal(response: Response) {
  expect(response.headers.get("content-type")).toBe("application/json");
  const body = (await response.json()) as { error: { code: string; message: string } };
  expect(Object.keys(body)).toEqual(["error"]);
  expect(Object.keys(body.error)).toEqual(["code", "message"]);
  expect(body.error.code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect(body.error.message).toMatch(/^[A-Z].*\.$/);
  return { status: response.status, ...body.error };
}

describe("POST /api/broadcasts", () => {
  test("creates a broadcast with all requested settings", async () => {
    const settings = {
      title: " Town hall ",
      slug: "town-hall",
      latency: "low",
      bitrate: 96_000,
      idleMinutes: 5,
      description: " Questions and answers ",
      artwork: "https://example.com/cover.png",
      language: "pt-BR",
      opensAt: "2040-12-01T20:00:00+01:00",
      endsAt: "2040-12-01T21:00:00Z",
      autoOpen: false,
      endAfterMinutes: 15,
      maxHosts: 2,
    };
    const response = await relay.api("POST", "/broadcasts", settings);
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const created = await response.json();
    const id = (created as { id: string }).id;
    expect(id).toMatch(/^town-hall-[0-9a-z]{6}$/);
    expect(created).toMatchObject({
      title: "Town hall",
      latency: "low",
      bitrate: 96_000,
      idleMinutes: 5,
      description: "Questions and answers",
      artwork: "https://example.com/cover.png",
      language: "pt-BR",
      opensAt: "2040-12-01T19:00:00.000Z",
      endsAt: "2040-12-01T21:00:00.000Z",
      autoOpen: false,
      endAfterMinutes: 15,
      maxHosts: 2,
      state: "announced",
      whipUrl: `${relay.url}/whip/${id}`,
      hostKey: expect.stringMatching(/^[\w-]{22}$/),
      playbackUrl: `${relay.url}/live/${id}/index.m3u8`,
      listenUrl: `${relay.url}/listen/${id}`,
      studioUrl: expect.stringMatching(/\/studio\/town-hall-[0-9a-z]{6}#key=[\w-]{22}$/),
      statusUrl: `${relay.url}/live/${id}/status.json`,
    });
  });

  test.each([["{}"], [""]])("has a default for every setting: %j", async (body) => {
    const response = await relay.api("POST", "/broadcasts", body);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^untitled-show-[0-9a-z]{4}-[0-9a-z]{6}$/),
      title: "Untitled show",
      latency: "balanced",
      bitrate: 128_000,
      idleMinutes: 30,
      description: "",
      artwork: null,
      language: null,
      opensAt: null,
      endsAt: null,
      autoOpen: true,
      endAfterMinutes: null,
      maxHosts: 8,
    });
  });

  test("makes two broadcasts of two requests with the same title", async () => {
    const [one, other] = [await relay.create({ title: "Same" }), await relay.create({ title: "Same" })];
    expect(one.id).not.toBe(other.id);
    expect(one.hostKey).not.toBe(other.hostKey);
  });

  test.each([
    [{ titel: "x" }, "titel"],
    [{ title: "x", id: "y" }, "id"],
    [{ title: "" }, "title"],
    [{ title: "   " }, "title"],
    [{ title: 7 }, "title"],
    [{ title: null }, "title"],
    [{ title: "x".repeat(201) }, "title"],
    [{ slug: "Town Hall" }, "slug"],
    [{ slug: "-town" }, "slug"],
    [{ slug: "a".repeat(49) }, "slug"],
    [{ slug: "" }, "slug"],
    [{ latency: "lowest" }, "latency"],
    [{ latency: 1 }, "latency"],
    [{ bitrate: 63_999 }, "bitrate"],
    [{ bitrate: 256_001 }, "bitrate"],
    [{ bitrate: 128_000.5 }, "bitrate"],
    [{ bitrate: "128000" }, "bitrate"],
    [{ maxHosts: 0 }, "maxHosts"],
    [{ maxHosts: 9 }, "maxHosts"],
    [{ maxHosts: 1.5 }, "maxHosts"],
    [{ maxHosts: null }, "maxHosts"],
    [{ idleMinutes: 0 }, "idleMinutes"],
    [{ idleMinutes: 1_441 }, "idleMinutes"],
    [{ idleMinutes: 1.5 }, "idleMinutes"],
    [{ idleMinutes: null }, "idleMinutes"],
    [{ description: "x".repeat(2_001) }, "description"],
    [{ description: null }, "description"],
    [{ artwork: "cover.png" }, "artwork"],
    [{ artwork: "javascript:alert(1)" }, "artwork"],
    [{ artwork: `https://example.com/${"x".repeat(2_000)}` }, "artwork"],
    [{ language: "en_US" }, "language"],
    [{ language: "" }, "language"],
    [{ opensAt: "tomorrow" }, "opensAt"],
    [{ opensAt: "2040-12-01T20:00:00" }, "opensAt"],
    [{ opensAt: 2_237_000_000_000 }, "opensAt"],
    [{ endsAt: "2040-13-01T20:00:00Z" }, "endsAt"],
    [{ endsAt: "2020-12-01T20:00:00Z" }, "endsAt"],
    [{ endsAt: "9999-12-31T23:59:59-05:00" }, "endsAt"],
    [{ endsAt: "2100-01-01T00:00:00Z" }, "endsAt"],
    [{ opensAt: "0000-01-01T00:00:00+05:00" }, "opensAt"],
    [{ opensAt: "2040-12-01T20:00:00Z", endsAt: "2040-12-01T20:00:00Z" }, "endsAt"],
    [{ autoOpen: "yes" }, "autoOpen"],
    [{ autoOpen: null }, "autoOpen"],
    [{ endAfterMinutes: 0 }, "endAfterMinutes"],
    [{ retainDays: 0 }, "retainDays"],
    [{ retainDays: 3_651 }, "retainDays"],
    [{ holdOnDeadAirSeconds: 9 }, "holdOnDeadAirSeconds"],
    [{ holdOnDeadAirSeconds: false }, "holdOnDeadAirSeconds"],
    [{ duckSqueal: 1 }, "duckSqueal"],
    [{ endAfterMinutes: 10_081 }, "endAfterMinutes"],
  ])("refuses %j and names the field", async (settings, field) => {
    expect(await refusal(await relay.api("POST", "/broadcasts", settings))).toEqual({
      status: 400,
      code: "invalid_settings",
      message: expect.stringContaining(`"${field}"`),
    });
  });

  test.each([["{"], ["null"], ["[]"], ['"x"'], ["title=x"]])(
    "refuses a body that is no object: %s",
    async (body) => {
      expect(await refusal(await relay.api("POST", "/broadcasts", body))).toMatchObject({
        status: 400,
        code: "invalid_settings",
      });
    },
  );

  test("refuses a slug that is taken, and leaves the slug's broadcast unchanged", async () => {
    const first = await relay.create({ slug: "taken", title: "First" });
    const again = await relay.api("POST", "/broadcasts", { slug: "taken", title: "Second" });
    expect(await refusal(again)).toMatchObject({ status: 409, code: "slug_taken" });
    expect((await relay.describe(first.id)).title).toBe("First");
  });

  test("accepts only one of several simultaneous requests for one slug", async () => {
    const answers = await Promise.all(
      ["A", "B", "C"].map((title) => relay.api("POST", "/broadcasts", { slug: "contested", title })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });
});

describe("every call of the API", () => {
  const CALLS = [
    ["POST", "/broadcasts"],
    ["GET", "/broadcasts"],
    ["GET", "/broadcasts/x"],
    ["PATCH", "/broadcasts/x"],
    ["DELETE", "/broadcasts/x"],
    ["POST", "/broadcasts/x/open"],
    ["POST", "/broadcasts/x/end"],
    ["POST", "/broadcasts/x/rotate-key"],
    ["GET", "/nothing"],
  ] as const;

  test.each(CALLS)("needs the admin token: %s %s", async (method, path) => {
    for (const authorization of [
      "",
      "Bearer ",
      "Bearer wrong",
      `Basic ${relay.adminToken}`,
      relay.adminToken,
    ]) {
      const response = await relay.api(method, path, undefined, { authorization });
      expect(response.headers.get("www-authenticate")).toBe('Bearer realm="earshot"');
      expect(await refusal(response)).toMatchObject({ status: 401, code: "unauthorized" });
    }
  });

  test("for an unknown broadcast is a 404", async () => {
    for (const [method, path] of CALLS.slice(2)) {
      const body = method === "PATCH" ? {} : undefined;
      expect((await refusal(await relay.api(method, path, body))).status, `${method} ${path}`).toBe(404);
    }
  });

  test("accepts a body of 64 KiB, and refuses a longer one", async () => {
    const { id } = await relay.create();
    const limit = 64 * 1024;
    for (const [method, path, body] of [
      ["POST", "/broadcasts", { title: "Long" }],
      ["PATCH", `/broadcasts/${id}`, { title: "Long" }],
      ["POST", `/broadcasts/${id}/hosts`, { name: "Ada" }],
      ["PATCH", `/broadcasts/${id}/hosts/host`, { gainDb: 1 }],
      ["POST", `/broadcasts/${id}/markers`, { title: "Long" }],
      ["PUT", `/broadcasts/${id}/webhook`, { url: "https://example.com/" }],
    ] as const) {
      const padded = (length: number) => JSON.stringify(body).padEnd(length);
      expect((await relay.api(method, path, padded(limit))).ok, `${method} ${path}`).toBe(true);
      for (const length of [limit + 1, 20 * limit])
        expect(await refusal(await relay.api(method, path, padded(length))), `${method} ${path}`).toEqual({
          status: 413,
          code: "body_too_large",
          message: `The body has at most ${limit} bytes.`,
        });
    }
  });

  test("with a method that it does not have is a 405 that names the methods it has", async () => {
    const { id } = await relay.create();
    for (const [method, path, allow] of [
      ["PUT", "/broadcasts", "GET, HEAD, POST"],
      ["DELETE", "/broadcasts", "GET, HEAD, POST"],
      ["PUT", `/broadcasts/${id}`, "GET, HEAD, PATCH, DELETE"],
      ["POST", `/broadcasts/${id}`, "GET, HEAD, PATCH, DELETE"],
      ["GET", `/broadcasts/${id}/end`, "POST"],
      ["DELETE", `/broadcasts/${id}/open`, "POST"],
      ["GET", `/broadcasts/${id}/rotate-key`, "POST"],
    ] as const) {
      const response = await relay.api(method, path);
      expect(response.headers.get("allow"), `${method} ${path}`).toBe(allow);
      expect((await refusal(response)).status).toBe(405);
    }
    expect((await relay.describe(id)).state).toBe("announced");
  });
});

describe("PATCH /api/broadcasts/:id", () => {
  test("changes the named fields and no others, also by slug", async () => {
    const { id } = await relay.create({ slug: "patched", title: "Before", description: "As it was" });
    const before = await relay.describe(id);
    const changes = { title: " After ", language: "de", opensAt: "2040-12-01T20:00:00Z", idleMinutes: 7 };
    const response = await relay.api("PATCH", "/broadcasts/patched", changes);
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const after = { ...before, ...changes, title: "After", opensAt: "2040-12-01T20:00:00.000Z" };
    expect(await response.json()).toEqual(after);
    expect(await relay.describe(id)).toEqual(after);
    expect(await (await relay.api("PATCH", `/broadcasts/${id}`, { opensAt: null })).json()).toMatchObject({
      opensAt: null,
      title: "After",
    });
    expect(await (await relay.api("PATCH", `/broadcasts/${id}`, {})).json()).toMatchObject({
      title: "After",
    });
  });

  test("accepts its own answer: the details of a broadcast may be sent back", async () => {
    const { id } = await relay.create({ opensAt: "2040-12-01T20:00:00Z", artwork: "http://example.com/a" });
    const described = (await relay.describe(id)) as unknown as Record<string, unknown>;
    const { title, description, artwork, language, opensAt, endsAt, autoOpen, idleMinutes, endAfterMinutes } =
      described;
    const details = {
      title,
      description,
      artwork,
      language,
      opensAt,
      endsAt,
      autoOpen,
      idleMinutes,
      endAfterMinutes,
    };
    expect(await (await relay.api("PATCH", `/broadcasts/${id}`, details)).json()).toEqual(described);
  });

  test.each([
    [{ latency: "low" }, '"latency" can not be changed'],
    [{ slug: "other" }, '"slug" can not be changed'],
    [{ bitrate: 64_000 }, '"bitrate" can not be changed'],
    [{ state: "live" }, 'There is no field "state"'],
    [{ title: "" }, '"title"'],
    [{ endsAt: "2020-12-01T20:00:00Z" }, '"endsAt"'],
    [{ endsAt: "2040-11-01T20:00:00Z" }, '"endsAt"'],
    [{ opensAt: "soon" }, '"opensAt"'],
    [{ endsAt: "9999-12-31T23:59:59-05:00" }, '"endsAt": a time in the years from 1970 to 2099'],
    [{ opensAt: "0000-01-01T00:00:00+05:00" }, '"opensAt": a time in the years from 1970 to 2099'],
    ["{", "JSON object"],
    ["", "JSON object"],
    ["[]", "JSON object"],
  ])("refuses %j, and changes nothing", async (body, said) => {
    const { id } = await relay.create({ title: "Kept", opensAt: "2040-12-01T20:00:00Z" });
    const before = await relay.describe(id);
    expect(await refusal(await relay.api("PATCH", `/broadcasts/${id}`, body))).toEqual({
      status: 400,
      code: "invalid_settings",
      message: expect.stringContaining(said),
    });
    expect(await relay.describe(id)).toEqual(before);
  });
});

describe("a broadcast with a schedule", () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + 1000 * seconds).toISOString();

  test("opens and ends by itself, even without any request", async () => {
    const [opensAt, endsAt] = [inSeconds(2), inSeconds(8)];
    const { id } = await relay.create({ latency: "low", opensAt, endsAt });
    await relay.evict("Broadcast", id);
    await sleep(9_000);
    await expect.poll(async () => (await relay.describe(id)).state).toBe("ended");
    const { events } = (await (await fetch(`${relay.url}/live/${id}/events.json`)).json()) as PublicEvents;
    const times = Object.fromEntries(events.map(({ kind, at }) => [kind, at]));
    expect(Object.keys(times)).toEqual(["opened", "late", "ended"]);
    const { opened, ended } = times as { opened: number; ended: number };
    // It opened at its time, and not only when a request came after its end.
    expect(opened).toBeGreaterThanOrEqual(Date.parse(opensAt));
    expect(opened).toBeLessThan(Date.parse(endsAt));
    expect(ended).toBeGreaterThanOrEqual(Date.parse(endsAt));
    const playlist = await (await fetch(`${relay.url}/live/${id}/index.m3u8`)).text();
    expect(playlist).toContain("#EXT-X-STREAM-INF");
    expect(relay.log()).not.toContain("can not be begun");
  });

  test("opens for the first listener, unless autoOpen is off", async () => {
    const { id, playbackUrl, statusUrl } = await relay.create({ latency: "low", description: "Two lines" });
    const asked = Date.now();
    expect(await (await fetch(statusUrl)).json()).toMatchObject({
      state: "announced",
      description: "Two lines",
      autoOpen: true,
      line: null,
    });
    const [response] = await Promise.all([fetch(playbackUrl), fetch(playbackUrl), fetch(playbackUrl)]);
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("audio.m3u8")]);
    // Three segments of silence are made at once: waiting for them would take 5.76 s.
    expect(Date.now() - asked).toBeLessThan(5_000);
    expect((await relay.describe(id)).state).toBe("open");
    const closed = await relay.create({ autoOpen: false });
    expect(await refusal(await fetch(closed.playbackUrl))).toMatchObject({ code: "not_started" });
    expect((await relay.describe(closed.id)).state).toBe("announced");
  });
});

describe("a broadcast's life over the API", () => {
  test("is removed once when many delete it at the same time", async () => {
    const { id } = (await (await relay.api("POST", "/broadcasts", { slug: "twice" })).json()) as {
      id: string;
    };
    await relay.api("POST", `/broadcasts/${id}/open`);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => relay.api("DELETE", `/broadcasts/${id}`)),
    );
    for (const { status } of answers) expect([204, 404]).toContain(status);
    expect(answers.map(({ status }) => status)).toContain(204);
    expect(await refusal(await relay.api("GET", `/broadcasts/${id}`))).toMatchObject({ status: 404 });
  });

  test("is announced, open, ended, gone", async () => {
    const { id, playbackUrl, statusUrl, title } = await relay.create({ title: "Life", autoOpen: false });
    const state = async () => (await relay.describe(id)).state;
    expect(await state()).toBe("announced");
    expect(await refusal(await fetch(playbackUrl))).toMatchObject({ status: 404, code: "not_started" });

    for (const _ of ["first", "again"]) {
      const opened = await relay.api("POST", `/broadcasts/${id}/open`);
      expect([opened.status, ((await opened.json()) as { state: string }).state]).toEqual([200, "open"]);
    }
    // The edge may repeat its last answer for a second.
    const statusOf = async (url: string) => (await fetch(url)).status;
    await expect.poll(() => statusOf(playbackUrl), { timeout: 5_000 }).toBe(200);
    expect(await (await fetch(statusUrl)).json()).toMatchObject({ id, title, state: "open", hosts: 0 });

    for (const _ of ["first", "again"]) {
      const ended = await relay.api("POST", `/broadcasts/${id}/end`);
      expect([ended.status, ((await ended.json()) as { state: string }).state]).toEqual([200, "ended"]);
    }
    expect(
      ((await (await relay.api("POST", `/broadcasts/${id}/open`)).json()) as { state: string }).state,
    ).toBe("ended");

    const deleted = await relay.api("DELETE", `/broadcasts/${id}`);
    expect([deleted.status, await deleted.text()]).toEqual([204, ""]);
    expect(await refusal(await relay.api("GET", `/broadcasts/${id}`))).toMatchObject({ status: 404 });
    expect(await refusal(await relay.api("DELETE", `/broadcasts/${id}`))).toMatchObject({ status: 404 });
    await expect.poll(() => statusOf(playbackUrl), { timeout: 5_000 }).toBe(404);
    await expect.poll(() => statusOf(statusUrl), { timeout: 5_000 }).toBe(404);
  });

  test("leaves nothing in R2 once it is deleted, and its slug is free", async () => {
    const { id } = await relay.open({ slug: "passing" });
    await expect
      .poll(async () => (await relay.storedObjects(`${id}/`)).size, { timeout: 10_000 })
      .toBeGreaterThan(1);
    await relay.api("DELETE", `/broadcasts/${id}`);
    expect([...(await relay.storedObjects(`${id}/`)).keys()]).toEqual([]);
    expect((await relay.create({ slug: "passing" })).id).toBe(id);
    expect((await relay.describe(id)).state).toBe("announced");
  });

  test("can be addressed by its slug alone", async () => {
    const { id } = await relay.create({ slug: "short-name" });
    expect(await (await relay.api("GET", "/broadcasts/short-name")).json()).toMatchObject({ id });
    expect((await relay.api("DELETE", "/broadcasts/short-name")).status).toBe(204);
  });

  test("is described by GET as it was by POST", async () => {
    const created = await relay.create({ title: "Twice" });
    expect(await relay.describe(created.id)).toEqual(created);
  });
});

test("a request that waits for the doors is answered when they open; others are answered at once", async () => {
  const { id, statusUrl } = await relay.create({ title: "Waited for" });
  const stateOf = async (url: string) => ((await (await fetch(url)).json()) as { state: string }).state;
  const told: string[] = [];
  const waiting = [0, 1].map(() => stateOf(`${statusUrl}?wait=open`).then((state) => told.push(state)));
  await sleep(1_500);
  expect(await stateOf(statusUrl)).toBe("announced");
  expect(told).toEqual([]);
  const opened = Date.now();
  await relay.api("POST", `/broadcasts/${id}/open`);
  await Promise.all(waiting);
  expect(told).toEqual(["open", "open"]);
  // A held request is answered after 14 s at the latest.
  expect(Date.now() - opened).toBeLessThan(5_000);
  const asked = Date.now();
  expect(await stateOf(`${statusUrl}?wait=open`)).toBe("open");
  expect(Date.now() - asked).toBeLessThan(5_000);
});

test("an id that this relay did not make is refused without a call to any Broadcast", async () => {
  for (const path of ["/live/town-hall-000000/index.m3u8", "/live/x/status.json", "/whip/town-hall-000000"]) {
    expect(await refusal(await fetch(relay.url + path)), path).toMatchObject({
      status: 404,
      code: "unknown_broadcast",
    });
  }
});

test("the log has no admin token and no key", () => {
  expect(relay.log()).not.toContain(relay.adminToken);
  expect(relay.log()).not.toMatch(/Bearer/i);
});
