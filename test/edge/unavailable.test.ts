import { expect, test, vi } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import { addressOf } from "../../src/edge/address.ts";
import { Delivery } from "../../src/edge/delivery.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import { listen } from "../../src/edge/listen.ts";
import { Memory } from "../../src/edge/memory.ts";
import { failed } from "../../src/edge/refusal.ts";

// Every 5xx that the edge can give: kept by nobody, since to a player a cache that goes on saying so is an outage.

const EARSHOT_SECRET = "0123456789abcdef0123456789abcdef";
const KEPT = { "cache-control": "public, max-age=60" };

type Answer = () => Promise<Response>;

/** What upstream may do, each of which leaves the edge with nothing to hand out. */
const FAULTS: readonly [string, Answer][] = [
  ["throws", () => Promise.reject(new Error("thrown by the test"))],
  ["errs, and says to keep it", async () => new Response("", { status: 500, headers: KEPT })],
  ["restarts", async () => unavailable({ "cache-control": "no-store" })],
  ["restarts, and does not say how long that may be kept", async () => unavailable({})],
  ["restarts, and says to keep that", async () => unavailable(KEPT)],
  ["says that its gateway is bad", async () => new Response("", { status: 502, headers: KEPT })],
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

/** A GET by the listeners' door, of a show whose origin gives `answer`. */
async function get(path: string, answer: Answer): Promise<Response> {
  const id = await mintId(new Secret(EARSHOT_SECRET), `show-${++shows}`);
  const env = { EARSHOT_SECRET, ORIGIN: { fetch: answer } } as unknown as EdgeEnv;
  const context = { waitUntil: () => undefined } as unknown as ExecutionContext;
  const url = `https://earshot.test/live/${id}/${path}`;
  return listen(addressOf(url), new Request(url), env, context);
}

const PATHS = [
  "index.m3u8",
  "k0000000/audio.m3u8",
  "k0000000/s3.m4s",
  "status.json",
  "audience.json",
  "events.json",
];

test.each(FAULTS)("an origin that %s is told of by an answer that nobody keeps", async (_, fault) => {
  vi.spyOn(console, "warn").mockReturnValue();
  for (const path of PATHS) expectUnavailable(await get(path, fault));
});

test("more objects asked for at once than an isolate fetches are refused by an answer that nobody keeps", async () => {
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

test("what fails at either door of the edge is kept by nobody", () => {
  vi.spyOn(console, "error").mockReturnValue();
  expectUnavailable(failed(new Error("thrown by the test")));
});
