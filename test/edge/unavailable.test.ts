import { expect, test, vi } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import { addressOf } from "../../src/edge/address.ts";
import { Delivery } from "../../src/edge/delivery.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import { answerListener } from "../../src/edge/listener-requests.ts";
import { Memory } from "../../src/edge/memory.ts";
import { failed } from "../../src/edge/refusal.ts";

// Every 5xx that the edge can give must not be kept: a cache that repeats it is an outage for the player.

const EARSHOT_SECRET = "0123456789abcdef0123456789abcdef";
const KEPT = { "cache-control": "public, max-age=60" };

type Answer = () => Promise<Response>;

/** Everything an upstream may do that leaves the edge with nothing to hand out. */
const FAULTS: readonly [string, Answer][] = [
  ["throws", () => Promise.reject(new Error("thrown by the test"))],
  ["errs, and says to keep it", async () => new Response("", { status: 500, headers: KEPT })],
  ["restarts, and says not to keep that", async () => unavailable({ "cache-control": "no-store" })],
  ["restarts, without a Cache-Control", async () => unavailable({})],
  ["restarts, and says to keep the answer", async () => unavailable(KEPT)],
  ["answers 502", async () => new Response("", { status: 502, headers: KEPT })],
  ["breaks off", async () => new Response("half", { headers: { ...KEPT, "content-length": "8" } })],
];

function unavailable(headers: Record<string, string>): Response {
  return new Response("{}", { status: 503, headers: { "retry-after": "1", ...headers } });
}

function expectUnavailable({ status, headers }: Response): void {
  expect(status).toBe(503);
  expect([headers.get("cache-control"), headers.get("retry-after")]).toEqual(["no-store", "1"]);
}

let shows = 0;

/** A GET at the listeners' door, for a show whose origin gives `answer`. */
async function get(path: string, answer: Answer): Promise<Response> {
  const id = await mintId(new Secret(EARSHOT_SECRET), `show-${++shows}`);
  const env = { EARSHOT_SECRET, ORIGIN: { fetch: answer } } as unknown as EdgeEnv;
  const context = { waitUntil: () => undefined } as unknown as ExecutionContext;
  const url = `https://earshot.test/live/${id}/${path}`;
  return answerListener(addressOf(url), new Request(url), env, context);
}

const PATHS = [
  "index.m3u8",
  "k0000000/audio.m3u8",
  "k0000000/s3.m4s",
  "status.json",
  "audience.json",
  "events.json",
];

test.each(FAULTS)("where the origin %s, the edge answers with a 503 that nobody keeps", async (_, fault) => {
  vi.spyOn(console, "warn").mockReturnValue();
  for (const path of PATHS) expectUnavailable(await get(path, fault));
});

test("more fetches at once than an isolate allows are refused with a 503 that nobody keeps", async () => {
  const delivery = new Delivery(new Memory({ bytes: 1_000, entries: 1, flights: 0, pastFlights: 0 }));
  const request = new Request("https://earshot.test/");
  const target = { kind: "multivariant", id: "a" } as const;
  const answer = delivery.answer(
    () => {
      throw new Error("nothing is to be asked for");
    },
    target,
    request,
    null,
    () => undefined,
  );
  expectUnavailable(await answer);
});

test("a failure at either door of the edge is answered with a 503 that nobody keeps", () => {
  vi.spyOn(console, "error").mockReturnValue();
  expectUnavailable(failed(new Error("thrown by the test")));
});
