import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CacheModel } from "./model.ts";
import { ask, askShort, origin, pass } from "./script.ts";
import { TierServer } from "./server.ts";

/** The cache model's tiers: keys, ranges, and one fetch for all simultaneous requests. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the cache key", () => {
  const same = async (a: RequestInit & { path?: string }, b: RequestInit & { path?: string }) => {
    const { model, seen } = origin({ "cache-control": "public, max-age=60" });
    await ask(model.lower[0], a.path, a);
    await ask(model.lower[0], b.path, b);
    return seen.length === 1;
  };

  test.each(["authorization", "cookie", "user-agent", "accept-encoding", "cache-control", "range"])(
    "does not have %s",
    async (name) => {
      expect(await same({}, { headers: { [name]: "bytes=0-0" } })).toBe(true);
    },
  );

  test.each([
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-forwarded-host",
    "x-host",
    "x-original-url",
    "x-rewrite-url",
    "forwarded",
    "x-forwarded-scheme",
    "cloudflare-workers-version-key",
  ])("has %s", async (name) => {
    expect(await same({}, { headers: { [name]: "x" } })).toBe(false);
    expect(await same({ headers: { [name]: "y" } }, { headers: { [name]: "x" } })).toBe(false);
  });

  test("has path and query in their order, and neither host nor method", async () => {
    expect(await same({ path: "/a?x=1&y=2" }, { path: "/a?y=2&x=1" })).toBe(false);
    expect(await same({ path: "/a" }, { path: "/a/" })).toBe(false);
    expect(await same({}, { headers: { "x-forwarded-scheme": "https" } })).toBe(true);
    const { model, seen } = origin({ "cache-control": "max-age=60" });
    const head = await model.upper.fetch(new Request("http://one/a", { method: "HEAD" }));
    expect([await head.text(), head.headers.get("cf-cache-status")]).toEqual(["", "MISS"]);
    expect(await (await model.upper.fetch(new Request("http://two/a"))).text()).toBe("1");
    expect(seen.map(({ method }) => method)).toEqual(["GET"]);
  });

  test("is completed by the headers that Vary names, compared to the letter", async () => {
    const { model } = origin({ "cache-control": "max-age=60", vary: "Accept-Encoding" });
    const asking = (value: string) => ({ headers: { "accept-encoding": value } });
    expect(await askShort(model.upper, "/a", asking("gzip, br"))).toBe("MISS 1");
    expect(await askShort(model.upper, "/a", asking("br, gzip"))).toBe("MISS 2");
    expect(await askShort(model.upper, "/a", asking("gzip, br"))).toBe("HIT 1");
  });

  test("also keeps requests apart that wait for one fetch, where Vary tells them apart", async () => {
    const { model } = origin({ "cache-control": "max-age=60", vary: "Accept-Encoding" });
    const asking = (value: string) => askShort(model.upper, "/a", { headers: { "accept-encoding": value } });
    expect(await Promise.all([asking("gzip"), asking("br"), asking("gzip")])).toEqual([
      "MISS 1",
      "MISS 2",
      "HIT 1",
    ]);
  });

  test("ignores credentials: answers to a request with credentials are kept only if they are public", async () => {
    const request = { headers: { authorization: "Bearer x" } };
    const { model, state } = origin({ "cache-control": "max-age=60" });
    expect(await askShort(model.upper, "/a", request)).toBe("BYPASS 1");
    state.headers = { "cache-control": "public, max-age=60" };
    expect(await askShort(model.upper, "/a", request)).toBe("MISS 2");
  });

  test("is not used for methods other than GET and HEAD", async () => {
    const { model } = origin({ "cache-control": "max-age=60" });
    expect(await askShort(model.upper, "/a", { method: "POST" })).toBe("BYPASS 1");
    expect(await askShort(model.upper)).toBe("MISS 2");
  });
});

describe("ranges", () => {
  const ranged = (range: string) => ({ headers: { range } });

  test("are cut from the whole response, which alone is fetched and kept", async () => {
    const seen: (string | null)[] = [];
    const model = new CacheModel(async (request) => {
      seen.push(request.headers.get("range"));
      return new Response("0123456789", { headers: { "cache-control": "max-age=60" } });
    }, 1);
    const table = [
      ["bytes=2-4", 206, "234", "bytes 2-4/10"],
      ["bytes=7-", 206, "789", "bytes 7-9/10"],
      ["bytes=-3", 206, "789", "bytes 7-9/10"],
      ["bytes=8-99", 206, "89", "bytes 8-9/10"],
      ["bytes=10-", 416, "", "bytes */10"],
      ["bytes=4-2", 200, "0123456789", null],
      ["bytes=0-1,4-5", 200, "0123456789", null],
    ] as const;
    for (const [range, status, body, contentRange] of table) {
      const answer = await ask(model.lower[0], "/a", ranged(range));
      expect([answer.status, answer.body, answer.headers.get("content-range")], range).toEqual([
        status,
        body,
        contentRange,
      ]);
    }
    expect(seen).toEqual([null]);
  });
});

describe("simultaneous requests", () => {
  /** An origin that holds its answers until `gate` is resolved. */
  function held(headers: Record<string, string>) {
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const model = new CacheModel(async () => {
      const run = ++runs;
      await gate.promise;
      return new Response(String(run), { headers });
    }, 3);
    return { model, gate, runs: () => runs };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test("of a hundred clients in three data centres cost one run of the Worker, and each tier counts them", async () => {
    const { model, gate, runs } = held({ "cache-control": "max-age=60" });
    const all = Array.from({ length: 100 }, (_, i) => ask(model.lower[i % 3]));
    await turn();
    gate.resolve();
    expect(new Set((await Promise.all(all)).map(({ body }) => body))).toEqual(new Set(["1"]));
    expect(runs()).toBe(1);
    expect(model.lower.map(({ requests, joined, answers }) => [requests, joined, answers.MISS])).toEqual([
      [34, 33, 1],
      [33, 32, 1],
      [33, 32, 1],
    ]);
    expect([model.upper.requests, model.upper.joined]).toEqual([3, 2]);
    expect(model.upper.sent).toEqual(new Map([["/a", 1]]));
  });

  test("whose answer may not be kept each run the Worker", async () => {
    const { model, gate, runs } = held({ "cache-control": "no-store" });
    const all = Array.from({ length: 10 }, () => ask(model.upper));
    await turn();
    expect(runs()).toBe(1);
    gate.resolve();
    const answers = await Promise.all(all);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(10);
    expect(runs()).toBe(10);
    expect(model.upper.answers.BYPASS).toBe(10);
  });

  test("get the part of the body that has come at once, and the rest as it comes", async () => {
    const { writable, readable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const model = new CacheModel(
      async () => new Response(readable, { headers: { "cache-control": "max-age=60" } }),
      1,
    );
    const [lower] = model.lower;
    if (lower === undefined) throw new Error("no tier");
    void writer.write(new TextEncoder().encode("first "));
    await lower.fetch(new Request("http://any/a"));
    const late = await lower.fetch(new Request("http://any/a"));
    const reader = late.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("first ");
    void writer.write(new TextEncoder().encode("then"));
    void writer.close();
    expect((await reader?.read())?.value).toBe("then");
    expect((await reader?.read())?.done).toBe(true);
  });

  test("are each counted once, under one status", async () => {
    const { model, state } = origin({ "cache-control": "max-age=1" });
    for (let n = 0; n < 40; n++) {
      state.headers = { "cache-control": ["max-age=1", "no-store", "no-cache"][n % 3] ?? "" };
      await Promise.all([ask(model.lower[n % 2], `/${n % 5}`), ask(model.lower[0], `/${n % 5}`)]);
      pass(0.4);
    }
    for (const { requests, answers, sent } of [model.upper, ...model.lower]) {
      expect(Object.values(answers).reduce((sum, count) => sum + count)).toBe(requests);
      const upstream = answers.MISS + answers.EXPIRED + answers.BYPASS;
      expect([...sent.values()].reduce((sum, count) => sum + count)).toBe(upstream);
    }
    expect(model.lower.reduce((sum, { sent }) => sum + [...sent.values()].reduce((a, b) => a + b), 0)).toBe(
      model.upper.requests,
    );
  });
});

test("the server passes on paths, headers, statuses and bodies, and answers an exception with 500", async () => {
  const server = await TierServer.start(async (request) => {
    if (request.url.endsWith("throw")) throw new Error("thrown");
    const text = [request.method, new URL(request.url).search, request.headers.get("x-forwarded-host")].join(
      " ",
    );
    return new Response(text, {
      status: 404,
      headers: { "earshot-live-edge": "h", "cache-control": "max-age=1" },
    });
  });
  const answer = await fetch(`${server.url}/a?b=c`, { headers: { "x-forwarded-host": "evil" } });
  expect([answer.status, await answer.text(), answer.headers.get("earshot-live-edge")]).toEqual([
    404,
    "GET ?b=c evil",
    "h",
  ]);
  expect((await fetch(`${server.url}/throw`)).status).toBe(500);
  await server.close();
});
