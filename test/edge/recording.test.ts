import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Delivery } from "../../src/edge/delivery.ts";
import { downloadPlaces, recording } from "../../src/edge/recording.ts";
import { MOST_DOWNLOADS, STALL_MS } from "../../src/recording-range.ts";

/** What the edge asks Origin for when a recording is downloaded. This Origin records its requests; its bytes are zeros. */

const ETAG = "0123456789abcdef0123456789abcdef";
const MIB = 1_048_576;
const CALL_BYTES = 3 * MIB;

beforeEach(() => {
  // Stands in for the runtime's FixedLengthStream. The tests count the bytes themselves.
  vi.stubGlobal(
    "FixedLengthStream",
    class extends TransformStream {
      // biome-ignore lint/complexity/noUselessConstructor: the length must not become a transformer
      constructor() {
        super();
      }
    },
  );
});

afterEach(() => vi.useRealTimers());

/**
 * An edge before an Origin with a recording of `length` bytes, of which it sends at most 3 MiB a call; `fails` says for which
 * stretches Origin answers 503.
 */
function edge(length: number, fails: (path: string) => boolean = () => false) {
  const paths: string[] = [];
  const fetch = async (url: string): Promise<Response> => {
    const path = new URL(url).pathname;
    paths.push(path);
    const stretch = /^\/recording\/a\/([0-9a-f]+)\/(\d+)-(\d+)$/.exec(path);
    if (stretch === null) {
      const headers = { "content-type": "application/json", "cache-control": "public, max-age=1" };
      return Response.json({ length, etag: ETAG, title: "A show" }, { headers });
    }
    if (fails(path)) return new Response("no", { status: 503, headers: { "retry-after": "1" } });
    let left = Math.min(CALL_BYTES, Number(stretch[3]) - Number(stretch[2]) + 1);
    const body = new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (left > 0) controller.enqueue(new Uint8Array(Math.min(left, MIB)));
        else {
          controller.close();
          controller.byobRequest?.respond(0);
        }
        left -= MIB;
      },
    });
    return new Response(body);
  };
  const [delivery, places] = [new Delivery(), downloadPlaces()];
  const ask = (headers: Record<string, string> = {}, method = "GET") =>
    recording(
      delivery,
      places,
      () => ({ fetch }) as unknown as Fetcher,
      { kind: "recording", id: "a" },
      new Request("https://earshot.test/", { headers, method }),
      () => undefined,
    );
  return { paths, ask };
}

async function lengthOf(response: Response): Promise<number> {
  let length = 0;
  for await (const chunk of response.body ?? []) length += chunk.length;
  return length;
}

test("where Origin sends less than was asked for, the rest is asked for, and all is sent as one", async () => {
  const length = 2 * CALL_BYTES + 5;
  const { ask, paths } = edge(length);
  const response = await ask();
  expect(response.headers.get("content-length")).toBe(String(length));
  expect(await lengthOf(response)).toBe(length);
  expect(paths).toEqual([
    "/live/a/recording.m4a",
    ...[0, CALL_BYTES, 2 * CALL_BYTES].map((at) => `/recording/a/${ETAG}/${at}-${length - 1}`),
  ]);
});

test("a range is fetched as exactly that stretch, and HEAD, 304 and 416 fetch none", async () => {
  const { ask, paths } = edge(1_000);
  expect(await lengthOf(await ask({ range: "bytes=10-19" }))).toBe(10);
  expect((await ask({}, "HEAD")).headers.get("content-length")).toBe("1000");
  const ranged = await ask({ range: "bytes=0-9" }, "HEAD");
  expect([ranged.status, ranged.headers.get("content-length")]).toEqual([200, "1000"]);
  expect((await ask({ "if-none-match": `"${ETAG}"` })).status).toBe(304);
  const beyond = await ask({ range: "bytes=1000-" });
  expect([beyond.status, beyond.headers.get("cache-control")]).toEqual([416, "no-store"]);
  expect(paths).toEqual(["/live/a/recording.m4a", `/recording/a/${ETAG}/10-19`]);
});

test("a download that can not begin is a 503 that nobody keeps; one that can not go on breaks off", async () => {
  const broken = edge(10, () => true);
  const refused = await broken.ask();
  expect([refused.status, refused.headers.get("cache-control")]).toEqual([503, "no-store"]);
  const { ask } = edge(CALL_BYTES + 5, (path) => !path.includes("/0-"));
  await expect(lengthOf(await ask())).rejects.toThrow(/can not be read at this moment/);
});

test("facts that can not be read are a 503 that nobody keeps", async () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const { ask } = edge(Number.NaN);
  const refused = await ask();
  expect([refused.status, refused.headers.get("cache-control")]).toEqual([503, "no-store"]);
  warn.mockRestore();
});

test("a client that leaves ends the fetching", async () => {
  const { ask, paths } = edge(3 * CALL_BYTES);
  const reader = (await ask()).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await sleep(50);
  expect(paths).toHaveLength(2);
});

/** Begins `count` downloads that nobody reads, and returns their answers. */
const unread = (ask: () => Promise<Response>, count: number) =>
  Promise.all(Array.from({ length: count }, () => ask()));

test("an isolate sends 64 downloads at a time: more are a 503 with Retry-After until one of them ends", async () => {
  const { ask } = edge(2 * MIB);
  const answers = await unread(ask, 200);
  const begun = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  expect([begun.length, refused.length]).toEqual([MOST_DOWNLOADS, 200 - MOST_DOWNLOADS]);
  expect(refused[0]?.headers.get("retry-after")).toBe("10");
  expect(await refused[0]?.json()).toMatchObject({ error: { code: "too_many_downloads" } });
  expect((await ask({}, "HEAD")).status).toBe(200);
  await begun[0]?.body?.cancel();
  await sleep(0);
  const after = await ask();
  expect([after.status, (await ask()).status]).toEqual([200, 503]);
  expect(await lengthOf(after)).toBe(2 * MIB);
  await sleep(0);
  expect((await ask()).status).toBe(200);
});

test("downloads that can not begin leave no place taken", async () => {
  const { ask } = edge(10, () => true);
  const answers = [];
  for (let n = 0; n < MOST_DOWNLOADS + 1; n++) answers.push(await (await ask()).json());
  expect(answers.at(-1)).toMatchObject({ error: { code: "unavailable" } });
});

test("a download that nobody reads for five minutes is ended, and its place is free", async () => {
  vi.useFakeTimers();
  const { ask } = edge(2 * MIB);
  const [stalled] = await unread(ask, MOST_DOWNLOADS);
  await vi.advanceTimersByTimeAsync(STALL_MS - 1_000);
  expect((await ask()).status).toBe(503);
  await vi.advanceTimersByTimeAsync(2_000);
  expect((await ask()).status).toBe(200);
  await expect(lengthOf(stalled as Response)).rejects.toThrow();
});

test("a download whose last piece nobody reads is ended as well", async () => {
  vi.useFakeTimers();
  const { ask } = edge(10);
  await unread(ask, MOST_DOWNLOADS);
  expect((await ask()).status).toBe(503);
  await vi.advanceTimersByTimeAsync(STALL_MS + 1_000);
  expect((await ask()).status).toBe(200);
});

test("a download that is read slowly and steadily goes on, and keeps its place", async () => {
  vi.useFakeTimers();
  const { ask } = edge(MIB);
  const slow = await ask();
  const reader = slow.body?.getReader();
  let length = 0;
  for (;;) {
    await vi.advanceTimersByTimeAsync(STALL_MS - 1_000);
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    length += value.length;
  }
  expect(length).toBe(MIB);
  await vi.advanceTimersByTimeAsync(0);
  expect((await unread(ask, MOST_DOWNLOADS)).every(({ status }) => status === 200)).toBe(true);
});
