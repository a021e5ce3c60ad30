import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CacheModel } from "./model.ts";
import { ask, askShort, origin, pass } from "./script.ts";

/** The cache model keeps, revalidates and drops responses by RFC 9111. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("lifetimes", () => {
  test("a response is fresh for its max-age, then fetched anew", async () => {
    const { model } = origin({ "cache-control": "public, max-age=10" });
    const [lower] = model.lower;
    expect(await askShort(lower)).toBe("MISS 1");
    pass(9.9);
    expect(await askShort(lower)).toBe("HIT 1");
    pass(0.1);
    expect(await askShort(lower)).toBe("EXPIRED 2");
  });

  test.each([
    [200, 7200],
    [204, 7200],
    [404, 180],
    [405, 60],
    [410, 180],
  ])("a %i without Cache-Control is kept for %i s", async (status, seconds) => {
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
    "a %i without Cache-Control is not kept; with a lifetime it is",
    async (status) => {
      const { model, state } = origin({}, status);
      expect(await askShort(model.lower[0])).toBe("BYPASS 1");
      expect(await askShort(model.lower[0])).toBe("BYPASS 2");
      state.headers = { "cache-control": "public, max-age=1" };
      expect(await askShort(model.lower[0])).toBe("MISS 3");
      expect(await askShort(model.lower[0])).toBe("HIT 3");
      pass(1);
      expect(await askShort(model.lower[0])).toBe("EXPIRED 4");
    },
  );

  test.each([206, 520, 526])("a %i is never kept, whatever it says", async (status) => {
    const { model } = origin({ "cache-control": "public, max-age=60" }, status);
    expect(await askShort(model.lower[0])).toBe("BYPASS 1");
    expect(await askShort(model.lower[0])).toBe("BYPASS 2");
  });

  test.each([
    { "cache-control": "no-store" },
    { "cache-control": "private, max-age=60" },
    { "cache-control": "public, max-age=60", "set-cookie": "a=b" },
    { "cache-control": "public, max-age=60", vary: "*" },
  ])("%j bypasses the cache", async (headers) => {
    const { model } = origin(headers);
    expect(await askShort(model.lower[0])).toBe("BYPASS 1");
    expect(await askShort(model.lower[0])).toBe("BYPASS 2");
  });

  test("the header that is most specific to the cache counts", async () => {
    const { model } = origin({
      "cloudflare-cdn-cache-control": "max-age=5",
      "cdn-cache-control": "no-store",
    });
    expect(await askShort(model.lower[0])).toBe("MISS 1");
    expect(await askShort(model.lower[0])).toBe("HIT 1");
  });

  test("no-cache is kept and revalidated each time: a 304 saves the body", async () => {
    let runs = 0;
    const model = new CacheModel(async (request) => {
      runs += 1;
      const headers = { "cache-control": "no-cache", etag: '"v"' };
      const isSame = request.headers.get("if-none-match") === '"v"';
      return isSame ? new Response(null, { status: 304, headers }) : new Response("body", { headers });
    }, 1);
    expect(await askShort(model.lower[0])).toBe("MISS body");
    expect(await askShort(model.lower[0])).toBe("REVALIDATED body");
    expect(runs).toBe(2);
  });

  test("a tier's Age counts against the lifetime in the next tier, rounded down", async () => {
    const { model } = origin({ "cache-control": "public, max-age=10" });
    const [first, second] = model.lower;
    await ask(first);
    pass(6.9);
    expect((await ask(second)).headers.get("age")).toBe("6");
    pass(3.9);
    expect(await askShort(second)).toBe("HIT 1");
    pass(0.1);
    expect(await askShort(second)).toBe("EXPIRED 2");
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
  ])(
    "a day after it was kept, a response with %j and a 503 from the origin give %s",
    async (cacheControl, expected) => {
      const { model, state } = origin({ "cache-control": cacheControl });
      expect(await askShort(model.upper)).toBe("MISS 1");
      expect(await askShort(model.upper)).toBe("HIT 1");
      pass(86_400);
      state.status = 503;
      state.headers = {};
      expect(await askShort(model.upper)).toBe(expected);
    },
  );

  test("when the Worker throws, the stale response stands in, or everyone gets the error", async () => {
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
    expect(await askShort(model.upper, "/loose")).toBe("STALE good");
    const both = [ask(model.upper, "/strict"), ask(model.upper, "/strict")];
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    isBroken = false;
    expect(await askShort(model.upper, "/strict")).toBe("EXPIRED good");
  });

  test("a 404 does not stand in for anything", async () => {
    const { model, state } = origin({ "cache-control": kept }, 404);
    await ask(model.lower[0]);
    pass(2);
    state.status = 503;
    expect((await ask(model.lower[0])).status).toBe(503);
  });

  test("a body that breaks off breaks off for all readers, and is dropped", async () => {
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
    expect(await askShort(model.lower[0])).toBe("MISS half");
  });
});

describe("stale-while-revalidate", () => {
  test("hands out the stale response and fetches the new one once; without it everyone waits", async () => {
    const { model, state } = origin({ "cache-control": "max-age=1, stale-while-revalidate=5" });
    await ask(model.lower[0]);
    pass(3);
    expect(await Promise.all([askShort(model.upper), askShort(model.upper)])).toEqual([
      "UPDATING 1",
      "UPDATING 1",
    ]);
    await vi.waitFor(async () => expect(await askShort(model.upper)).toBe("HIT 2"));
    state.headers = { "cache-control": "max-age=1" };
    pass(20);
    expect(await askShort(model.upper)).toBe("EXPIRED 3");
    pass(1);
    const both = (await Promise.all([askShort(model.upper), askShort(model.upper)])).sort();
    expect(both).toEqual(["EXPIRED 4", "HIT 4"]);
  });
});
