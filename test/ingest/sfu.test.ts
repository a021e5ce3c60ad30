import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { publish } from "../../local/host/publisher.ts";
import { startSfu } from "../../local/sfu/server.ts";
import { readOffer } from "../../src/ingest/offer.ts";
import { Sfu } from "../../src/ingest/sfu.ts";
import type { SfuFault } from "../../src/ingest/sfu-api.ts";
import { Ear } from "../kit/ear.ts";
import { ANSWER, type Call, FakeSfu, type Reaction } from "../kit/fake-sfu.ts";
import { listen } from "../kit/port.ts";

/** The SFU's API: which calls are made, their time limits, and what is tried again. */

const OFFER = { sdp: "v=0\r\n", mid: "0" };
/** Has the SFU dial `endpoint`, whatever faults it reports. */
const to = (endpoint: string) => () => Promise.resolve(endpoint);
/** Has the SFU dial `endpoint` once. */
const onceTo = (endpoint: string) => (fault: SfuFault | null) =>
  Promise.resolve(fault === null ? endpoint : null);

describe("against an SFU that fails on demand", () => {
  let fake: FakeSfu;
  let sfu: Sfu;
  beforeEach(async () => {
    fake = await FakeSfu.start();
    sfu = new Sfu(fake.url, "local", "secret");
  });
  afterEach(() => fake.close());

  /** Reacts to the calls of one operation with these reactions, one after another, and then like a healthy SFU. */
  function script(path: string, ...reactions: Reaction[]): void {
    fake.react = (call) => (call.path === path ? reactions.shift() : undefined);
  }
  const paths = () => fake.calls.map((call: Call) => `${call.method} ${call.path}`);
  const item = (errorCode: string, status = 503): Reaction => ({
    status,
    json: { tracks: [{ trackName: "audio", errorCode, errorDescription: "x" }] },
  });

  describe("publishing", () => {
    test("makes a session and a track, and returns the answer", async () => {
      expect(await sfu.publish(OFFER)).toEqual({ kind: "published", session: fake.ids[0], answer: ANSWER });
      expect(paths()).toEqual(["POST /sessions/new", "POST /sessions/:id/tracks/new"]);
      expect(fake.calls.map(({ authorization }) => authorization)).toEqual([
        "Bearer secret",
        "Bearer secret",
      ]);
    });

    test.each<[string, Reaction]>([
      ["fails in the item", item("backend_error", 200)],
      ["fails with 500", { status: 500, json: {} }],
      ["is cut off", "cut"],
      ["is throttled", { status: 429, json: {} }],
      ["fails with 502 and a page that is no JSON", { status: 502, text: "<html>" }],
    ])("is tried once more, on a new session, when it %s", async (_, reaction) => {
      script("/sessions/:id/tracks/new", reaction);
      expect(await sfu.publish(OFFER)).toEqual({ kind: "published", session: fake.ids[1], answer: ANSWER });
      script("/sessions/:id/tracks/new", reaction, reaction);
      fake.calls.length = 0;
      expect((await sfu.publish(OFFER)).kind).toBe("fault");
      expect(paths().filter((path) => path === "POST /sessions/new")).toHaveLength(2);
    });

    test("after a call without an answer for 5 s, spends the rest of 7 s on one more try", async () => {
      script("/sessions/:id/tracks/new", "hang");
      const from = performance.now();
      expect((await sfu.publish(OFFER)).kind).toBe("published");
      expect(performance.now() - from).toBeGreaterThan(4_900);
      expect(performance.now() - from).toBeLessThan(6_000);
    });

    test.each<[string, Reaction, string]>([
      ["a wrong secret", { status: 401, json: { errorCode: "unauthorized" } }, "unauthorized"],
      [
        "a bad offer",
        { status: 406, json: { errorCode: "invalid_session_description" } },
        "invalid_session_description",
      ],
      ["no answer in the reply", { status: 200, json: { tracks: [] } }, "no_answer"],
      ["a reply of another shape", { status: 200, json: { sessionDescription: 7 } }, "unexpected_reply"],
      ["a reply that is no JSON", { status: 200, text: "<html>" }, "unexpected_reply"],
      ["a refusal that is no JSON", { status: 403, text: "<html>" }, "unknown_error"],
    ])("is not tried again after %s", async (_, reaction, code) => {
      script("/sessions/:id/tracks/new", reaction);
      expect(await sfu.publish(OFFER)).toMatchObject({ kind: "fault", code, transient: false });
      expect(fake.of("POST /sessions/new")).toHaveLength(1);
    });
  });

  describe("attaching", () => {
    const NEW = "/adapters/websocket/new";

    test("waits for the host's transport and first packets, at growing intervals", async () => {
      const pending = [
        { status: 425, json: { errorCode: "session_error" } },
        item("not_found_track_error"),
        item("not_found_track_error"),
        item("empty_track_error"),
        item("empty_track_error", 200),
        item("empty_track_error", 200),
        { status: 425, json: { errorCode: "session_error" } },
      ] as const;
      script(NEW, ...pending);
      const attached = await sfu.attach("session", to("ws://host/ingest"));
      expect(attached).toEqual({ kind: "attached", adapter: fake.ids.at(-1) });
      const calls = fake.of(`POST ${NEW}`);
      expect(calls).toHaveLength(pending.length + 1);
      expect(calls[0]?.body.tracks).toEqual([
        {
          location: "remote",
          sessionId: "session",
          trackName: "audio",
          endpoint: "ws://host/ingest",
          outputCodec: "pcm",
        },
      ]);
      const gaps = calls.slice(1).map(({ at }, n) => at - (calls[n]?.at ?? 0));
      for (const [n, least] of [60, 80, 100, 150, 200, 300, 400].entries()) {
        expect(gaps[n]).toBeGreaterThan(least - 5);
        expect(gaps[n]).toBeLessThan(least + 150);
      }
    });

    test.each<[string, Reaction, string]>([
      ["the session is over", { status: 410, json: { errorCode: "session_error" } }, "session_error"],
      ["the session is not known", { status: 404, json: { errorCode: "session_error" } }, "session_error"],
      ["the parameters are wrong", { status: 406, json: { errorCode: "invalid_params" } }, "invalid_params"],
      ["the track is no Opus", item("invalid_params"), "invalid_params"],
      ["it can not dial there", item("websocket_localhost_not_allowed"), "websocket_localhost_not_allowed"],
    ])("is given up at once when %s", async (_, reaction, code) => {
      script(NEW, reaction);
      expect(await sfu.attach("session", to("ws://host/"))).toMatchObject({ kind: "fault", code });
      expect(fake.of(`POST ${NEW}`)).toHaveLength(1);
    });

    test("stops when there is nothing to dial any more", async () => {
      fake.react = () => item("not_found_track_error");
      let endpoint: string | null = "ws://host/";
      setTimeout(() => {
        endpoint = null;
      }, 300);
      expect(await sfu.attach("session", () => Promise.resolve(endpoint))).toBeNull();
      const asked = fake.calls.length;
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(fake.calls).toHaveLength(asked);
    });

    describe("for a long time", () => {
      let calls: { at: number; answer: () => Promise<Response> }[];
      let answer: () => Promise<Response>;
      beforeEach(() => {
        vi.useFakeTimers();
        calls = [];
        vi.spyOn(globalThis, "fetch").mockImplementation((_, init) => {
          calls.push({ at: Date.now(), answer });
          return Promise.race([
            answer(),
            new Promise<never>((_, reject) => {
              const late = () => reject(new DOMException("", "TimeoutError"));
              init?.signal?.addEventListener("abort", late);
            }),
          ]);
        });
        // The platform's own timeouts do not follow the fake clock.
        vi.spyOn(AbortSignal, "timeout").mockImplementation((millis) => {
          const controller = new AbortController();
          setTimeout(() => controller.abort(), millis);
          return controller.signal;
        });
      });
      afterEach(() => {
        vi.restoreAllMocks();
        vi.useRealTimers();
      });
      const reply = (status: number, json: object) => () => Promise.resolve(Response.json(json, { status }));
      const notYet = reply(425, { errorCode: "session_error" });
      const attached = reply(200, { tracks: [{ adapterId: "adapter" }] });
      const slow = (millis: number) => () =>
        new Promise<Response>((resolve) =>
          setTimeout(() => resolve(Response.json({ tracks: [{ adapterId: "adapter" }] })), millis),
        );

      test('is given up after 25 s of nothing but "not yet": the host does not connect', async () => {
        answer = notYet;
        const from = Date.now();
        const result = sfu
          .attach("session", to("ws://host/"))
          .then((outcome) => ({ kind: outcome?.kind, after: Date.now() - from }));
        await vi.advanceTimersByTimeAsync(200_000);
        const { kind, after } = await result;
        expect(kind).toBe("fault");
        expect(after).toBeGreaterThan(24_000);
        expect(after).toBeLessThan(27_000);
        expect(calls.length).toBeLessThanOrEqual(32);
      });

      test("is given up after 25 s of 503 with a session error of its only item, and not of an outage", async () => {
        answer = reply(503, { tracks: [{ errorCode: "session_error" }] });
        const from = Date.now();
        const result = sfu
          .attach("session", to("ws://host/"))
          .then((outcome) => ({ kind: outcome?.kind, after: Date.now() - from }));
        await vi.advanceTimersByTimeAsync(20_000);
        answer = reply(503, {});
        await vi.advanceTimersByTimeAsync(600_000);
        answer = reply(503, { tracks: [{ errorCode: "session_error" }] });
        await vi.advanceTimersByTimeAsync(60_000);
        const { kind, after } = await result;
        expect(kind).toBe("fault");
        expect(after).toBeGreaterThan(620_000 + 24_000);
        expect(after).toBeLessThan(620_000 + 42_000);
      });

      test("succeeds with an answer after 14.9 s", async () => {
        answer = slow(14_900);
        const result = sfu.attach("session", onceTo("ws://host/"));
        await vi.advanceTimersByTimeAsync(14_900);
        expect(await result).toEqual({ kind: "attached", adapter: "adapter" });
      });

      test.for<[string, () => Promise<Response>]>([
        ["does not answer", () => new Promise<never>(() => {})],
        ["errs", reply(500, {})],
        ["has the wrong secret", reply(401, { errorCode: "unauthorized" })],
        ["does not know the application", reply(404, { errorCode: "not_found" })],
        ["can not reach this relay", reply(503, { tracks: [{ errorCode: "websocket_handshake_failed" }] })],
        ["answers what nobody understands", reply(200, { tracks: "?" })],
      ])(
        "goes on, at intervals up to some 15 s, where the SFU %s, and succeeds when that is over",
        async ([, fault]) => {
          answer = fault;
          const faults: (SfuFault | null)[] = [];
          const result = sfu.attach("session", async (before) => {
            faults.push(before);
            return "ws://host/";
          });
          await vi.advanceTimersByTimeAsync(3_600_000);
          const pauses = calls.slice(1).map(({ at }, n) => at - (calls[n]?.at ?? 0));
          expect(pauses[0]).toBeLessThan(15_500);
          for (const pause of pauses.slice(10)) {
            expect(pause).toBeGreaterThan(14_900);
            expect(pause).toBeLessThan(30_500);
          }
          expect(faults.slice(1).every((before) => before?.kind === "fault")).toBe(true);
          answer = attached;
          await vi.advanceTimersByTimeAsync(30_000);
          expect(await result).toEqual({ kind: "attached", adapter: "adapter" });
        },
      );

      test('goes on for 25 s after an outage has ended, even though it was "not yet" before', async () => {
        answer = notYet;
        const result = sfu.attach("session", to("ws://host/"));
        await vi.advanceTimersByTimeAsync(20_000);
        answer = reply(502, {});
        await vi.advanceTimersByTimeAsync(60_000);
        answer = notYet;
        await vi.advanceTimersByTimeAsync(20_000);
        answer = attached;
        await vi.advanceTimersByTimeAsync(2_000);
        expect(await result).toEqual({ kind: "attached", adapter: "adapter" });
      });
    });
  });

  describe("detaching and closing", () => {
    test("succeed when there is nothing left to end", async () => {
      fake.react = ({ path }) =>
        path.startsWith("/adapters")
          ? item("adapter_not_found")
          : { status: 410, json: { errorCode: "session_error" } };
      expect(await sfu.detach("adapter")).toBeNull();
      expect(await sfu.close("session", "0")).toBeNull();
      fake.react = () => item("close_track_error", 200);
      expect(await sfu.close("session", "0")).toBeNull();
    });

    test("report a failure with its status, even if the body is no JSON", async () => {
      fake.react = () => ({ status: 502, text: "<html>" });
      expect(await sfu.close("session", "0")).toMatchObject({ status: 502, code: "unknown_error" });
      fake.react = () => "cut";
      expect(await sfu.detach("adapter")).toMatchObject({ kind: "fault", status: 0, code: "unreachable" });
      expect(await sfu.close("session", "0")).toMatchObject({ kind: "fault", status: 0 });
    });
  });
});

/** The same client against the stand-in, which really terminates WebRTC. */
test("a host's sound comes out of the stand-in, and everything ends when it is told to", async () => {
  const standIn = await startSfu({ port: 0, appId: "local", appSecret: "secret" });
  const ear = await Ear.start();
  const sfu = new Sfu(standIn.url, "local", "secret");
  let session = "";
  const front = createServer(async (request, response) => {
    let sdp = "";
    for await (const chunk of request) sdp += chunk;
    const offer = readOffer(sdp);
    if (!("sdp" in offer)) return void response.writeHead(request.method === "DELETE" ? 200 : 400).end();
    const published = await sfu.publish(offer);
    if (published.kind === "fault") return void response.writeHead(503).end();
    session = published.session;
    response
      .writeHead(201, { "content-type": "application/sdp", location: "/session" })
      .end(published.answer);
  });
  const port = await listen(front);
  try {
    expect(await heardOf(sfu, "0".repeat(32), ear.url)).toBe("not_found_track_error");
    const publication = await publish({
      url: `http://127.0.0.1:${port}/`,
      key: "key",
      source: (frames) => Int16Array.from({ length: 2 * frames }, (_, n) => (n % 96 < 48 ? 8_000 : -8_000)),
    });
    const attached = await sfu.attach(session, to(ear.url));
    if (attached?.kind !== "attached") throw new Error(attached?.code);
    await expect.poll(() => ear.heard.length, { timeout: 5_000 }).toBeGreaterThan(25);
    expect(ear.heard[0]?.payload).toHaveLength(3_840);
    expect(Math.max(...ear.pcm(20))).toBeGreaterThan(4_000);

    expect(await sfu.detach(attached.adapter)).toBeNull();
    await expect.poll(() => ear.closes.map(({ code }) => code), { timeout: 2_000 }).toEqual([1000]);
    expect(await sfu.detach(attached.adapter)).toBeNull();
    expect(await sfu.close(session, "0")).toBeNull();
    expect(await sfu.close(session, "0")).toBeNull();
    expect(await heardOf(sfu, session, ear.url)).toBe("not_found_track_error");
    await publication.close();

    const wrong = new Sfu(standIn.url, "local", "wrong");
    expect(await wrong.publish(OFFER)).toMatchObject({ kind: "fault", status: 401, code: "unauthorized" });
    expect(await sfu.publish({ sdp: "v=0\r\ngarbage", mid: "0" })).toMatchObject({
      kind: "fault",
      status: 406,
      code: "invalid_session_description",
    });
  } finally {
    front.closeAllConnections();
    front.close();
    ear.close();
    await standIn.close();
  }
});

/** The fault that an SFU reports for the first try to attach. */
async function heardOf(sfu: Sfu, session: string, endpoint: string): Promise<string | undefined> {
  let code: string | undefined;
  await sfu.attach(session, async (fault) => {
    code = fault?.code;
    return fault === null ? endpoint : null;
  });
  return code;
}
