import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CacheModel } from "./model.ts";
import { TierServer } from "./server.ts";
import type { Tier, Upstream } from "./tier.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (seconds: number) => vi.setSystemTime(Date.now() + 1000 * seconds);

/** An origin that answers with the headers given and counts: its n-th answer is the body "n". */
function origin(headers: Record<string, string>, status = 200) {
  const seen: Request[] = [];
  const state = { headers, status, seen };
  const answer: Upstream = async (request) => {
    seen.push(request);
    return new Response(String(seen.length), { status: state.status, headers: state.headers });
  };
  return { ...state, state, model: new CacheModel(answer, 2) };
}

async function ask(tier: Tier | undefined, path = "/a", init: RequestInit = {}) {
  const response = await tier?.fetch(new Request(`http://any${path}`, init));
  if (response === undefined) throw new Error("no such tier");
  const { status, headers } = response;
  return { status, cache: headers.get("cf-cache-status"), body: await response.text(), headers };
}

const said = async (tier: Tier | undefined, path?: string, init?: RequestInit) => {
  const { cache, body } = await ask(tier, path, init);
  return `${cache} ${body}`;
};

describe("lifetimes", () => {
  test("a thing is fresh for its max-age, then fetched anew", async () => {
    const { model } = origin({ "cache-control": "public, max-age=10" });
    const [lower] = model.lower;
    expect(await said(lower)).toBe("MISS 1");
    pass(9.9);
    expect(await said(lower)).toBe("HIT 1");
    pass(0.1);
    expect(await said(lower)).toBe("EXPIRED 2");
  });

  test.each([
    [200, 7200],
    [204, 7200],
    [404, 180],
    [405, 60],
    [410, 180],
  ])("a %i that says nothing is kept for %i s", async (status, seconds) => {
    const seen: number[] = [];
    const model = new CacheModel(async () => {
      seen.push(Date.now());
      return new Response(null, { status });
    }, 1);
    await ask(model.lower[0]);
    pass(seconds - 1);
    expect((await ask(model.lower[0])).cache).toBe("HIT");
    pass(1);
    expect((await ask(model.lower[0])).cache).toBe("EXPIRED");
    expect(seen).toHaveLength(2);
  });

  test.each([500, 503, 400, 403])(
    "a %i that says nothing is not kept; with a lifetime it is",
    async (status) => {
      const { model, state } = origin({}, status);
      expect(await said(model.lower[0])).toBe("BYPASS 1");
      expect(await said(model.lower[0])).toBe("BYPASS 2");
      state.headers = { "cache-control": "public, max-age=1" };
      expect(await said(model.lower[0])).toBe("MISS 3");
      expect(await said(model.lower[0])).toBe("HIT 3");
      pass(1);
      expect(await said(model.lower[0])).toBe("EXPIRED 4");
    },
  );

  test.each([206, 520, 526])("a %i is never kept, whatever it says", async (status) => {
    const { model } = origin({ "cache-control": "public, max-age=60" }, status);
    expect(await said(model.lower[0])).toBe("BYPASS 1");
    expect(await said(model.lower[0])).toBe("BYPASS 2");
  });

  test.each([
    { "cache-control": "no-store" },
    { "cache-control": "private, max-age=60" },
    { "cache-control": "public, max-age=60", "set-cookie": "a=b" },
    { "cache-control": "public, max-age=60", vary: "*" },
  ])("%j goes by the cache", async (headers) => {
    const { model } = origin(headers);
    expect(await said(model.lower[0])).toBe("BYPASS 1");
    expect(await said(model.lower[0])).toBe("BYPASS 2");
  });

  test("the header most particular to the cache counts", async () => {
    const { model } = origin({
      "cloudflare-cdn-cache-control": "max-age=5",
      "cdn-cache-control": "no-store",
    });
    expect(await said(model.lower[0])).toBe("MISS 1");
    expect(await said(model.lower[0])).toBe("HIT 1");
  });

  test("no-cache is kept and asked after each time: a 304 saves the body", async () => {
    let runs = 0;
    const model = new CacheModel(async (request) => {
      runs += 1;
      const headers = { "cache-control": "no-cache", etag: '"v"' };
      const isSame = request.headers.get("if-none-match") === '"v"';
      return isSame ? new Response(null, { status: 304, headers }) : new Response("body", { headers });
    }, 1);
    expect(await said(model.lower[0])).toBe("MISS body");
    expect(await said(model.lower[0])).toBe("REVALIDATED body");
    expect(runs).toBe(2);
  });

  test("a tier's Age counts against the next tier's time, rounded down", async () => {
    const { model } = origin({ "cache-control": "public, max-age=10" });
    const [first, second] = model.lower;
    await ask(first);
    pass(6.9);
    expect((await ask(second)).headers.get("age")).toBe("6");
    pass(3.9);
    expect(await said(second)).toBe("HIT 1");
    pass(0.1);
    expect(await said(second)).toBe("EXPIRED 2");
  });
});

describe("errors", () => {
  const kept = "public, max-age=1";

  test.each([
    [kept, "STALE 1"],
    [`${kept}, stale-if-error=100000`, "STALE 1"],
    [`${kept}, stale-if-error=0`, "BYPASS 2"],
    [`${kept}, stale-if-error=3600`, "BYPASS 2"],
    [`${kept}, must-revalidate`, "BYPASS 2"],
    [`${kept}, proxy-revalidate`, "BYPASS 2"],
    ["public, s-maxage=1", "BYPASS 2"],
    ["public, s-maxage=1, stale-if-error=100000", "BYPASS 2"],
  ])("after a day, a thing kept with %j and a 503 come to %s", async (cacheControl, expected) => {
    const { model, state } = origin({ "cache-control": cacheControl });
    expect(await said(model.upper)).toBe("MISS 1");
    expect(await said(model.upper)).toBe("HIT 1");
    pass(86_400);
    state.status = 503;
    state.headers = {};
    expect(await said(model.upper)).toBe(expected);
  });

  test("a Worker that throws: the old thing, or the error for everyone", async () => {
    let isBroken = false;
    const model = new CacheModel(async ({ url }) => {
      if (isBroken) throw new Error("thrown by the Worker");
      const more = url.endsWith("strict") ? ", stale-if-error=0" : "";
      return new Response("good", { headers: { "cache-control": `max-age=1${more}` } });
    }, 1);
    await ask(model.upper, "/loose");
    await ask(model.upper, "/strict");
    pass(5);
    isBroken = true;
    expect(await said(model.upper, "/loose")).toBe("STALE good");
    const both = [ask(model.upper, "/strict"), ask(model.upper, "/strict")];
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    isBroken = false;
    expect(await said(model.upper, "/strict")).toBe("EXPIRED good");
  });

  test("a 404 does not stand in for anything", async () => {
    const { model, state } = origin({ "cache-control": kept }, 404);
    await ask(model.lower[0]);
    pass(2);
    state.status = 503;
    expect((await ask(model.lower[0])).status).toBe(503);
  });

  test("a body that breaks off breaks off for all, and is forgotten", async () => {
    let runs = 0;
    const model = new CacheModel(async () => {
      runs += 1;
      const body = new ReadableStream({
        pull(controller) {
          controller.enqueue(new TextEncoder().encode("half"));
          if (runs === 1) controller.error(new Error("broken"));
          else controller.close();
        },
      });
      return new Response(body, { headers: { "cache-control": "max-age=60" } });
    }, 1);
    const both = await Promise.allSettled([ask(model.lower[0]), ask(model.lower[0])]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await said(model.lower[0])).toBe("MISS half");
  });
});

describe("stale-while-revalidate", () => {
  test("hands out the old thing and fetches the new one once; without it everyone waits", async () => {
    const { model, state } = origin({ "cache-control": "max-age=1, stale-while-revalidate=5" });
    await ask(model.lower[0]);
    pass(3);
    expect(await Promise.all([said(model.upper), said(model.upper)])).toEqual(["UPDATING 1", "UPDATING 1"]);
    await vi.waitFor(async () => expect(await said(model.upper)).toBe("HIT 2"));
    state.headers = { "cache-control": "max-age=1" };
    pass(20);
    expect(await said(model.upper)).toBe("EXPIRED 3");
    pass(1);
    const both = (await Promise.all([said(model.upper), said(model.upper)])).sort();
    expect(both).toEqual(["EXPIRED 4", "HIT 4"]);
  });
});

describe("keys", () => {
  const same = async (a: RequestInit & { path?: string }, b: RequestInit & { path?: string }) => {
    const { model, seen } = origin({ "cache-control": "public, max-age=60" });
    await ask(model.lower[0], a.path, a);
    await ask(model.lower[0], b.path, b);
    return seen.length === 1;
  };

  test.each(["authorization", "cookie", "user-agent", "accept-encoding", "cache-control", "range"])(
    "%s is not in them",
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
  ])("%s is", async (name) => {
    expect(await same({}, { headers: { [name]: "x" } })).toBe(false);
    expect(await same({ headers: { [name]: "y" } }, { headers: { [name]: "x" } })).toBe(false);
  });

  test("path and query are, in their order; the host and the method are not", async () => {
    expect(await same({ path: "/a?x=1&y=2" }, { path: "/a?y=2&x=1" })).toBe(false);
    expect(await same({ path: "/a" }, { path: "/a/" })).toBe(false);
    expect(await same({}, { headers: { "x-forwarded-scheme": "https" } })).toBe(true);
    const { model, seen } = origin({ "cache-control": "max-age=60" });
    const head = await model.upper.fetch(new Request("http://one/a", { method: "HEAD" }));
    expect([await head.text(), head.headers.get("cf-cache-status")]).toEqual(["", "MISS"]);
    expect(await (await model.upper.fetch(new Request("http://two/a"))).text()).toBe("1");
    expect(seen.map(({ method }) => method)).toEqual(["GET"]);
  });

  test("what Vary names is told apart to the letter", async () => {
    const { model } = origin({ "cache-control": "max-age=60", vary: "Accept-Encoding" });
    const asking = (value: string) => ({ headers: { "accept-encoding": value } });
    expect(await said(model.upper, "/a", asking("gzip, br"))).toBe("MISS 1");
    expect(await said(model.upper, "/a", asking("br, gzip"))).toBe("MISS 2");
    expect(await said(model.upper, "/a", asking("gzip, br"))).toBe("HIT 1");
  });

  test("answers to a request with credentials are kept if they are public alone", async () => {
    const request = { headers: { authorization: "Bearer x" } };
    const { model, state } = origin({ "cache-control": "max-age=60" });
    expect(await said(model.upper, "/a", request)).toBe("BYPASS 1");
    state.headers = { "cache-control": "public, max-age=60" };
    expect(await said(model.upper, "/a", request)).toBe("MISS 2");
  });

  test("what is neither GET nor HEAD goes by", async () => {
    const { model } = origin({ "cache-control": "max-age=60" });
    expect(await said(model.upper, "/a", { method: "POST" })).toBe("BYPASS 1");
    expect(await said(model.upper)).toBe("MISS 2");
  });
});

describe("ranges", () => {
  const ranged = (range: string) => ({ headers: { range } });

  test("are cut from the whole, which alone is asked for and kept", async () => {
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

describe("collapsing", () => {
  /** An origin that holds its answers until it is told. */
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

  test("a hundred at once in three data centres are one run; each tier counts", async () => {
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

  test("those whose answer may not be kept each run for themselves", async () => {
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

  test("who waits gets what has come of the body at once, and the rest as it comes", async () => {
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

  test("every request is one answer, by one status", async () => {
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

test("the server hands on paths, headers, statuses and bodies, and makes an exception a 500", async () => {
  const server = await TierServer.start(async (request) => {
    if (request.url.endsWith("throw")) throw new Error("thrown");
    const text = [request.method, new URL(request.url).search, request.headers.get("x-forwarded-host")].join(
      " ",
    );
    return new Response(text, {
      status: 404,
      headers: { "earshot-horizon": "h", "cache-control": "max-age=1" },
    });
  });
  const answer = await fetch(`${server.url}/a?b=c`, { headers: { "x-forwarded-host": "evil" } });
  expect([answer.status, await answer.text(), answer.headers.get("earshot-horizon")]).toEqual([
    404,
    "GET ?b=c evil",
    "h",
  ]);
  expect((await fetch(`${server.url}/throw`)).status).toBe(500);
  await server.close();
});
