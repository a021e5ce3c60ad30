import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import { EARSHOT_SECRET } from "../kit/deployed.ts";
import { Runtime } from "../kit/runtime.ts";
import { type Asked, BYTES, EPOCH, RECORDING_BYTES, SLOW_MS } from "./faulty-show.ts";

/**
 * The deployed edge in the real runtime, with an origin that fails on demand (faulty-origin.ts): the answers that many
 * listeners of one isolate get, and the requests that reach the origin.
 *
 * The local runtime lets a Worker's work go on when its client has left, with or without `waitUntil`; the platform
 * cancels it. So these tests only show that followers of a leader that leaves are served. That the work is handed to
 * `waitUntil`, and what followers get if it is lost all the same, is in test/edge/memory.test.ts.
 */

const secret = new Secret(EARSHOT_SECRET);
let runtime: Runtime;
beforeAll(async () => {
  runtime = await Runtime.start([
    {
      name: "edge",
      entry: "test/cache/edge-worker.ts",
      services: { ORIGIN: "faulty-origin" },
      objectsOf: "earshot",
    },
    { name: "faulty-origin", entry: "test/workers/faulty-origin.ts" },
    { name: "earshot", entry: "src/worker.ts" },
  ]);
});
afterAll(() => runtime.close());

let shows = 0;
/** Returns the id of a new show whose media has the given fault. */
const showThat = (fault: string) => mintId(secret, `${fault}-${++shows}`);

/** Returns the requests for a show that reached the origin, without those for its multivariant playlist. */
async function askedOf(id: string): Promise<readonly Asked[]> {
  const response = await runtime.ask("faulty-origin", `/asked/${id}`);
  const all = (await response.json()) as Asked[];
  return all.filter(({ path }) => !path.endsWith("/index.m3u8"));
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly cacheControl: string | null;
  readonly bytes: Uint8Array;
  readonly type: string | null;
  /** How long the answer took, ms. */
  readonly millis: number;
}

async function get(id: string, name: string, init: RequestInit = {}): Promise<Answer> {
  const from = performance.now();
  const response = await fetch(new URL(`/live/${id}/${EPOCH}/${name}`, runtime.url), init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    cacheControl: response.headers.get("cache-control"),
    type: response.headers.get("content-type"),
    bytes,
    millis: performance.now() - from,
  };
}

/** An upper bound for an immediate answer, ms: less than the 6 s after which the edge gives up an origin. */
const AT_ONCE_MS = 5_000;

const many = (count: number, id: string, name: string) =>
  Promise.all(Array.from({ length: count }, () => get(id, name)));

function expectWhole(answers: readonly Answer[]): void {
  for (const { status, bytes } of answers) {
    expect(status).toBe(200);
    expect(bytes).toEqual(BYTES);
  }
}

/** Checks that all were told to come back in a second, by a readable error that no cache keeps, within `millis` ms. */
function expectUnavailable(answers: readonly Answer[], millis: number): void {
  for (const { status, retryAfter, cacheControl, bytes, millis: took } of answers) {
    expect([status, retryAfter, cacheControl]).toEqual([503, "1", "no-store"]);
    expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({ error: { code: "unavailable" } });
    expect(took).toBeLessThan(millis);
  }
}

describe("in one isolate", () => {
  test("300 simultaneous requests for one object cost one fetch", async () => {
    const id = await showThat("slow");
    expectWhole(await many(300, id, "s4.m4s"));
    expect(await askedOf(id)).toHaveLength(1);
  });

  test("nothing of a listener's request travels upstream: no query but directives, no header, no method", async () => {
    const id = await showThat("well");
    const headers = {
      authorization: "Bearer x",
      cookie: "a=b",
      "x-forwarded-host": "evil.example",
      "x-http-method-override": "DELETE",
      "cf-connecting-ip": "192.0.2.1",
      range: "bytes=0-9",
      "accept-language": "tlh",
    };
    await get(id, "s4.m4s?l=listener&junk=1", { headers });
    await get(id, "p9.0.m4s?_HLS_msn=3", { method: "HEAD", headers });
    await get(id, "audio.m3u8?junk=1&_HLS_part=2&l=listener&_HLS_msn=010&_HLS_skip=YES", { headers });
    const asked = await askedOf(id);
    expect(asked.map(({ path, method }) => `${method} ${path}`)).toEqual([
      `GET /live/${id}/${EPOCH}/s4.m4s`,
      `GET /live/${id}/${EPOCH}/p9.0.m4s`,
      `GET /live/${id}/${EPOCH}/audio.m3u8?_HLS_msn=10&_HLS_part=2`,
    ]);
    for (const { headers } of asked) {
      for (const [name, value] of Object.entries(headers)) {
        expect(`${name}: ${value}`).not.toMatch(/evil|Bearer|a=b|192\.0\.2|bytes=|tlh|DELETE|listener/);
      }
    }
  });

  test("when the leader's client leaves, its followers get the object from the fetch that it began", async () => {
    const id = await showThat("slow");
    const leaving = new AbortController();
    const leader = get(id, "s4.m4s", { signal: leaving.signal }).catch(() => "gone");
    await expect.poll(async () => (await askedOf(id)).length, { interval: 10 }).toBe(1);
    const followers = many(50, id, "s4.m4s");
    await sleep(100);
    leaving.abort();
    expect(await leader).toBe("gone");
    const answers = await followers;
    expectWhole(answers);
    expect(Math.max(...answers.map(({ millis }) => millis))).toBeLessThan(SLOW_MS + 4_000);
    expect(await askedOf(id)).toHaveLength(1);
  });

  test("when all clients leave, the next one finds the object that nobody waited for", async () => {
    const id = await showThat("slow");
    const leaving = new AbortController();
    const gone = Array.from({ length: 10 }, () =>
      get(id, "s4.m4s", { signal: leaving.signal }).catch(() => "gone"),
    );
    await expect.poll(async () => (await askedOf(id)).length, { interval: 10 }).toBe(1);
    leaving.abort();
    expect(new Set(await Promise.all(gone))).toEqual(new Set(["gone"]));
    await sleep(SLOW_MS + 200);
    expectWhole([await get(id, "s4.m4s")]);
    expect(await askedOf(id)).toHaveLength(1);
  });

  test.for(["throws", "errs", "bad-gateway", "breaks", "ends-early", "says-more", "says-less"])(
    "an origin that %s is a 503 with Retry-After to all who wait, at once",
    async (fault) => {
      const id = await showThat(fault);
      expectUnavailable(await many(30, id, "s4.m4s"), AT_ONCE_MS);
      // The log has a line for each fetch, not for each listener.
      const linesOf = () => runtime.lines.filter((line) => line.includes(`/${id}/`)).length;
      await expect.poll(linesOf).toBe((await askedOf(id)).length);
      // The failure is not kept: the next request asks the origin again.
      const before = (await askedOf(id)).length;
      expectUnavailable([await get(id, "s4.m4s")], AT_ONCE_MS);
      expect((await askedOf(id)).length).toBe(before + 1);
    },
  );

  test.for(["throws", "errs", "breaks", "ends-early"])(
    "an origin that %s once is asked again by the next request, which gets the object",
    async (fault) => {
      const id = await showThat(`once-${fault}`);
      expectUnavailable([await get(id, "s4.m4s")], AT_ONCE_MS);
      expectWhole(await many(30, id, "s4.m4s"));
      expect(await askedOf(id)).toHaveLength(2);
    },
  );
});

describe("downloads of recordings", () => {
  const download = (id: string, init: RequestInit = {}) =>
    fetch(new URL(`/live/${id}/recording.m4a`, runtime.url), init);

  test("are 64 at a time in an isolate: of 100 that nobody reads 36 are refused, until one is left", async () => {
    const id = await showThat("well");
    const leaving = Array.from({ length: 100 }, () => new AbortController());
    const answers = await Promise.all(leaving.map(({ signal }) => download(id, { signal })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(64);
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(36);
    expect(refused[0]?.headers.get("retry-after")).toBe("10");
    expect((await get(id, "s4.m4s")).status).toBe(200);
    leaving[answers.findIndex(({ status }) => status === 200)]?.abort();
    const rest = async () => (await download(id, { headers: { range: "bytes=-1000" } })).arrayBuffer();
    await expect.poll(async () => (await rest()).byteLength, { timeout: 10_000 }).toBe(1_000);
    for (const one of leaving) one.abort();
  });

  test("leave no place taken: neither those that end nor those whose clients leave", {
    timeout: 60_000,
  }, async () => {
    const id = await showThat("well");
    await expect
      .poll(async () => (await download(id, { headers: { range: "bytes=0-9" } })).status, { timeout: 10_000 })
      .toBe(206);
    for (let n = 0; n < 100; n++) {
      const leaving = new AbortController();
      const answer = await download(id, { signal: leaving.signal });
      expect(answer.status).toBe(200);
      leaving.abort();
      const whole = await download(id, { headers: { range: "bytes=5-99999" } });
      expect((await whole.arrayBuffer()).byteLength).toBe(99_995);
    }
    const whole = await download(id);
    expect((await whole.arrayBuffer()).byteLength).toBe(RECORDING_BYTES);
  });
});

// Each test has a show of its own, so that slow ones wait at the same time.
describe.concurrent("in one isolate, over time,", () => {
  test.for(["hangs", "stalls"])(
    "an origin that %s is a 503 to all who wait after its 6 s, for one fetch",
    { timeout: 30_000 },
    async (fault) => {
      const id = await showThat(fault);
      const answers = await many(30, id, "s4.m4s");
      expectUnavailable(answers, 11_000);
      expect(Math.min(...answers.map(({ millis }) => millis))).toBeGreaterThan(5_500);
      // A follower that gives up just before it is told may have taken the lead once.
      expect((await askedOf(id)).length).toBeLessThanOrEqual(2);
    },
  );

  test("an origin that hangs on a blocking reload is a 503 in 14 s, for one fetch", {
    timeout: 40_000,
  }, async () => {
    const id = await showThat("hangs");
    const answers = await many(30, id, "audio.m3u8?_HLS_msn=10&_HLS_part=2");
    expectUnavailable(answers, 24_000);
    expect((await askedOf(id)).length).toBeLessThanOrEqual(2);
  });

  test("a leader that leaves a hanging origin leaves nobody hanging", { timeout: 40_000 }, async ({
    expect,
  }) => {
    const id = await showThat("once-hangs");
    const leaving = new AbortController();
    const leader = get(id, "s4.m4s", { signal: leaving.signal }).catch(() => "gone");
    await expect.poll(async () => (await askedOf(id)).length, { interval: 10 }).toBe(1);
    const followers = many(20, id, "s4.m4s");
    await sleep(100);
    leaving.abort();
    expect(await leader).toBe("gone");
    for (const { status, millis } of await followers) {
      expect([200, 503]).toContain(status);
      expect(millis).toBeLessThan(15_000);
    }
    expectWhole(await many(20, id, "s4.m4s"));
  });

  test("a failing show does not hold up another", async () => {
    const [hanging, well] = [await showThat("hangs"), await showThat("well")];
    const stuck = many(50, hanging, "s5.m4s");
    await sleep(100);
    const answers = await many(50, well, "s5.m4s");
    expectWhole(answers);
    expect(Math.max(...answers.map(({ millis }) => millis))).toBeLessThan(5_000);
    await stuck;
  });
});

describe("blocking reloads", () => {
  test("are held once, however they are written", async () => {
    const id = await showThat("slow");
    // Different ways to ask for segment 10's third part.
    const same = ["_HLS_msn=10&_HLS_part=2", "_HLS_part=2&_HLS_msn=10", "_HLS_msn=0010&_HLS_part=02"];
    const queries = [...same, `${same[0]}&l=x`, `${same[0]}&_HLS_skip=YES`, `junk=1&${same[1]}`];
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, n) => get(id, `audio.m3u8?${queries[n % queries.length]}`)),
    );
    const texts = new Set(answers.map(({ bytes }) => new TextDecoder().decode(bytes)));
    expect(texts).toEqual(new Set(["#EXTM3U\n#asked:?_HLS_msn=10&_HLS_part=2\n"]));
    expect(await askedOf(id)).toHaveLength(1);
  });

  test("serve newcomers instead of an older playlist in memory, for no longer than a part's time", async () => {
    const id = await showThat("well");
    const textOf = ({ bytes }: Answer) => new TextDecoder().decode(bytes);
    expect(textOf(await get(id, "audio.m3u8"))).toBe("#EXTM3U\n#asked:\n");
    const newer = textOf(await get(id, "audio.m3u8?_HLS_msn=10&_HLS_part=2"));
    expect(textOf(await get(id, "audio.m3u8"))).toBe(newer);
    await sleep(700);
    expect(textOf(await get(id, "audio.m3u8"))).toBe("#EXTM3U\n#asked:\n");
    expect(await askedOf(id)).toHaveLength(3);
  });

  test("that are released serve newcomers for a part's time without a fetch", async () => {
    const id = await showThat("well");
    await get(id, "audio.m3u8?_HLS_msn=10&_HLS_part=2");
    const joining = await many(50, id, "audio.m3u8");
    expect(new Set(joining.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await askedOf(id)).toHaveLength(1);
    await sleep(700);
    await many(50, id, "audio.m3u8");
    expect((await askedOf(id)).map(({ path }) => path.split("/").at(-1))).toEqual([
      "audio.m3u8?_HLS_msn=10&_HLS_part=2",
      "audio.m3u8",
    ]);
  });
});
