import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CachedAnswer, type Loaded } from "../../src/edge/cached-answer.ts";
import { type Load, Memory, UNAVAILABLE, type Unavailable } from "../../src/edge/memory.ts";

/** An isolate's memory, on a fake clock: single flight, freshness, bounds, and every way in which an upstream can fail. */

const LIMIT = 1_000;
const ROOMY = { bytes: 1_000_000, entries: 1_000, flights: 1_000, pastFlights: 100 };

function loaded(over: Partial<Loaded> = {}): Promise<CachedAnswer> {
  const whole = {
    status: 200,
    contentType: "audio/mp4",
    cacheControl: "public, max-age=10",
    retryAfter: null,
    ageMs: 0,
    bytes: new Uint8Array([1, 2, 3]),
    liveEdge: null,
  };
  return CachedAnswer.of({ ...whole, ...over }, Date.now());
}

function counting(answer: () => Promise<CachedAnswer | Unavailable>): { load: Load; calls: string[] } {
  const calls: string[] = [];
  const load: Load = (path) => {
    calls.push(path);
    return answer();
  };
  return { load, calls };
}

const keep = (work: Promise<unknown>) => void work;

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe("single flight", () => {
  test("a thousand requests at once cost one fetch and get the same bytes", async () => {
    const memory = new Memory(ROOMY);
    const { promise, resolve } = Promise.withResolvers<CachedAnswer>();
    const { load, calls } = counting(() => promise);
    const all = Array.from({ length: 1_000 }, () => memory.fetch("/a", LIMIT, load, keep));
    resolve(loaded());
    const cached = await Promise.all(all);
    expect(calls).toEqual(["/a"]);
    expect(cached[0]?.kind).toBe("cached");
    expect(new Set(cached).size).toBe(1);
    expect(memory.size).toMatchObject({ entries: 1, flights: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("requests for different objects do not wait for each other", async () => {
    const memory = new Memory(ROOMY);
    const never = counting(() => new Promise<CachedAnswer>(() => {}));
    const quick = counting(() => loaded());
    void memory.fetch("/slow", LIMIT, never.load, keep);
    await expect(memory.fetch("/quick", LIMIT, quick.load, keep)).resolves.toHaveProperty("kind", "cached");
  });

  test("a leader whose work is lost does not hang its followers: the first to time out takes the lead", async () => {
    const memory = new Memory(ROOMY);
    let n = 0;
    const load = vi.fn<Load>(() => (n++ === 0 ? new Promise<CachedAnswer>(() => {}) : loaded()));
    const leader = memory.fetch("/a", LIMIT, load, keep);
    const followers = Array.from({ length: 20 }, () => memory.fetch("/a", LIMIT, load, keep));
    await vi.advanceTimersByTimeAsync(LIMIT + 600);
    for (const cached of await Promise.all(followers)) expect(cached.kind).toBe("cached");
    expect(load).toHaveBeenCalledTimes(2);
    await expect(Promise.race([leader, Promise.resolve("still lost")])).resolves.toBe("still lost");
  });

  test("a lost fetch is not waited for after its time is up, and takes up no room", async () => {
    const memory = new Memory({ ...ROOMY, flights: 2 });
    const lost = counting(() => new Promise<CachedAnswer>(() => {}));
    for (const path of ["/a", "/b"]) void memory.fetch(path, LIMIT, lost.load, keep);
    await vi.advanceTimersByTimeAsync(LIMIT + 500);
    const well = counting(() => loaded());
    await expect(memory.fetch("/a", LIMIT, well.load, keep)).resolves.toHaveProperty("kind", "cached");
    await expect(memory.fetch("/c", LIMIT, well.load, keep)).resolves.toHaveProperty("kind", "cached");
    await expect(memory.fetch("/d", LIMIT, well.load, keep)).resolves.toHaveProperty("kind", "cached");
    expect(memory.size.flights).toBe(1);
  });

  test("a late follower waits for the rest of the leader's time, not for all of it again", async () => {
    const memory = new Memory(ROOMY);
    let n = 0;
    const load: Load = () => (n++ === 0 ? new Promise<CachedAnswer>(() => {}) : loaded());
    void memory.fetch("/a", LIMIT, load, keep);
    await vi.advanceTimersByTimeAsync(LIMIT);
    const follower = memory.fetch("/a", LIMIT, load, keep);
    await vi.advanceTimersByTimeAsync(500);
    await expect(Promise.race([follower, Promise.resolve("waiting")])).resolves.toHaveProperty("etag");
  });

  test("a silent upstream is an error for every follower, in bounded time", async () => {
    const memory = new Memory(ROOMY);
    const { load } = counting(() => new Promise<CachedAnswer>(() => {}));
    void memory.fetch("/a", LIMIT, load, keep);
    const outcomes = Array.from({ length: 5 }, () => memory.fetch("/a", LIMIT, load, keep));
    await vi.advanceTimersByTimeAsync(2 * (LIMIT + 500));
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toBe(UNAVAILABLE);
  });

  test("a failure reaches all who wait, and is not kept", async () => {
    const memory = new Memory(ROOMY);
    const kept: Promise<unknown>[] = [];
    const broken = counting(async () => UNAVAILABLE);
    const outcomes = Array.from({ length: 3 }, () =>
      memory.fetch("/a", LIMIT, broken.load, (work) => kept.push(work)),
    );
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toBe(UNAVAILABLE);
    expect(broken.calls).toEqual(["/a"]);
    await expect(Promise.all(kept)).resolves.toEqual([undefined]);
    const mended = counting(() => loaded());
    await expect(memory.fetch("/a", LIMIT, mended.load, keep)).resolves.toHaveProperty("kind", "cached");
    expect(mended.calls).toEqual(["/a"]);
  });
});

describe("freshness", () => {
  test("an object that was old when it came is kept for that much less", async () => {
    const memory = new Memory(ROOMY);
    await memory.fetch("/a", LIMIT, () => loaded({ ageMs: 8_000 }), keep);
    const then = Date.now();
    expect(memory.peek("/a", then)?.stamp(then).common.get("age")).toBe("8");
    expect(memory.peek("/a", then + 1_999)).not.toBeNull();
    expect(memory.peek("/a", then + 2_000)).toBeNull();
  });

  test("an object is handed out for max-age seconds and not a moment longer", async () => {
    const memory = new Memory(ROOMY);
    await memory.fetch("/a", LIMIT, () => loaded(), keep);
    const then = Date.now();
    expect(memory.peek("/a", then + 9_999)).not.toBeNull();
    expect(memory.peek("/a", then + 10_000)).toBeNull();
    expect(memory.size).toEqual({ entries: 0, bytes: 0, flights: 0 });
  });

  test.each(["no-store", "public, max-age=0", "no-store, max-age=60", "private"])(
    "%s is not kept",
    async (cacheControl) => {
      const memory = new Memory(ROOMY);
      await memory.fetch("/a", LIMIT, () => loaded({ cacheControl }), keep);
      expect(memory.peek("/a", Date.now())).toBeNull();
    },
  );
});

describe("bounds", () => {
  test("the least recently used object is evicted first", async () => {
    const memory = new Memory({ ...ROOMY, entries: 3 });
    for (const path of ["/a", "/b", "/c"]) await memory.fetch(path, LIMIT, () => loaded(), keep);
    memory.peek("/a", Date.now());
    await memory.fetch("/d", LIMIT, () => loaded(), keep);
    const here = ["/a", "/b", "/c", "/d"].filter((path) => memory.peek(path, Date.now()) !== null);
    expect(here).toEqual(["/a", "/c", "/d"]);
  });

  test("an object that nobody has asked for in a minute is evicted, however long it may be kept", async () => {
    const memory = new Memory(ROOMY);
    const lasting = () => loaded({ cacheControl: "public, max-age=3600, immutable" });
    await memory.fetch("/asked for again", LIMIT, lasting, keep);
    for (let second = 0; second < 600; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      await memory.fetch(`/${second}`, LIMIT, lasting, keep);
      expect(memory.peek("/asked for again", Date.now())).not.toBeNull();
    }
    expect(memory.size).toMatchObject({ entries: 61, bytes: 61 * (3 + 1_024) });
    expect(memory.peek("/540", Date.now())).not.toBeNull();
    expect(memory.peek("/539", Date.now())).toBeNull();
  });

  test("the headers made for one second are dropped in the next", async () => {
    const [asked, other] = [await loaded(), await loaded()];
    const headers = asked.stamp(1_000);
    other.stamp(1_500);
    expect(asked.stamp(1_999)).toBe(headers);
    other.stamp(2_000);
    expect(asked.stamp(1_000)).not.toBe(headers);
  });

  test("bytes stay below the bound through 5,000 objects; a larger object is passed on and not kept", async () => {
    const memory = new Memory({ ...ROOMY, bytes: 100_000 });
    for (let n = 0; n < 5_000; n++) {
      await memory.fetch(`/${n}`, LIMIT, () => loaded({ bytes: new Uint8Array(n % 3_000) }), keep);
      expect(memory.size.bytes).toBeLessThanOrEqual(100_000);
    }
    expect(memory.size.entries).toBeGreaterThan(10);
    const large = await memory.fetch("/large", LIMIT, () => loaded({ bytes: new Uint8Array(200_000) }), keep);
    expect(large).toHaveProperty("loaded.bytes.length", 200_000);
    expect(memory.peek("/large", Date.now())).toBeNull();
  });

  test("requests for past media of a slow upstream keep no other request waiting", async () => {
    const memory = new Memory({ ...ROOMY, pastFlights: 2 });
    const slow: Load = () => new Promise(() => {});
    const past = (path: string) => memory.fetch(path, LIMIT, slow, keep, true);
    for (const path of ["/a", "/b"]) void past(path);
    await expect(past("/c")).resolves.toBe(UNAVAILABLE);
    await expect(memory.fetch("/live", LIMIT, () => loaded(), keep)).resolves.toHaveProperty(
      "kind",
      "cached",
    );
    await vi.advanceTimersByTimeAsync(LIMIT + 500);
    await expect(memory.fetch("/c", LIMIT, () => loaded(), keep, true)).resolves.toHaveProperty(
      "kind",
      "cached",
    );
  });

  test("a fetch beyond the limit is refused at once", async () => {
    const memory = new Memory({ ...ROOMY, flights: 2 });
    const load: Load = () => new Promise(() => {});
    for (const path of ["/a", "/b"]) void memory.fetch(path, LIMIT, load, keep);
    await expect(memory.fetch("/c", LIMIT, load, keep)).resolves.toBe(UNAVAILABLE);
  });
});
