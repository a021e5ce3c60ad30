import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import { Delivery } from "../../src/edge/delivery.ts";
import { RANGE_BYTES, recording } from "../../src/edge/recording.ts";

/** What the edge asks Origin for when a recording is downloaded. This Origin records its requests; its bytes are zeros. */

const ETAG = "0123456789abcdef0123456789abcdef";
const MIB = 1_048_576;
const ZEROS = new Uint8Array(MIB);

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

/** An edge before an Origin with a recording of `length` bytes; `fails` says for which stretches Origin answers 503. */
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
    let left = Number(stretch[3]) - Number(stretch[2]) + 1;
    const body = new ReadableStream({
      pull(controller) {
        if (left <= 0) return controller.close();
        controller.enqueue(ZEROS.subarray(0, Math.min(left, MIB)));
        left -= MIB;
      },
    });
    return new Response(body);
  };
  const delivery = new Delivery();
  const ask = (headers: Record<string, string> = {}, method = "GET") =>
    recording(
      delivery,
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

test("a file longer than one stretch is fetched stretch by stretch and sent as one", async () => {
  const { ask, paths } = edge(2 * RANGE_BYTES + 5);
  const response = await ask();
  expect(response.headers.get("content-length")).toBe(String(2 * RANGE_BYTES + 5));
  expect(await lengthOf(response)).toBe(2 * RANGE_BYTES + 5);
  const [s, t] = [RANGE_BYTES, 2 * RANGE_BYTES];
  expect(paths).toEqual(
    ["/live/a/recording.m4a", `0-${s - 1}`, `${s}-${t - 1}`, `${t}-${t + 4}`].map((path, n) =>
      n === 0 ? path : `/recording/a/${ETAG}/${path}`,
    ),
  );
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
  const { ask } = edge(RANGE_BYTES + 5, (path) => !path.includes("/0-"));
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
  const { ask, paths } = edge(3 * RANGE_BYTES);
  const reader = (await ask()).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await sleep(50);
  expect(paths).toHaveLength(2);
});
