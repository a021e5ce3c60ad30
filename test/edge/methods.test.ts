import { expect, test } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { FIRST_HOST, hostKey } from "../../src/access/keys.ts";
import { Secret } from "../../src/access/secret.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import { patterns } from "../../src/paths.ts";
import { PROBLEMS } from "../../src/problem.ts";

/** Every route refuses the methods that it does not have with 405, and names those that it has in Allow. */

const EARSHOT_SECRET = "0123456789abcdef0123456789abcdef";
const ADMIN_TOKEN = "admin-token-of-this-test";
const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

/** Of each route: its Allow header, and the methods that it refuses. */
const ROUTES: Readonly<Record<keyof typeof patterns | "live", readonly [string | null, string]>> = {
  live: ["GET, HEAD, OPTIONS", "POST PUT PATCH DELETE"],
  whip: ["GET, HEAD, OPTIONS, POST", "PUT PATCH DELETE"],
  whipSession: ["GET, HEAD, OPTIONS, DELETE", "POST PUT PATCH"],
  talks: ["POST", "GET HEAD OPTIONS PUT PATCH DELETE"],
  talk: ["GET, HEAD, DELETE", "OPTIONS POST PUT PATCH"],
  talkAct: ["POST", "GET HEAD OPTIONS PUT PATCH DELETE"],
  // A client that is not the SFU's adapter is told nothing of it.
  ingest: [null, ""],
  broadcasts: ["GET, HEAD, POST", "OPTIONS PUT PATCH DELETE"],
  broadcast: ["GET, HEAD, PATCH, DELETE", "OPTIONS POST PUT"],
  events: ["GET, HEAD", "OPTIONS POST PUT PATCH DELETE"],
  markers: ["POST", "GET HEAD OPTIONS PUT PATCH DELETE"],
  webhook: ["GET, HEAD, PUT, DELETE", "OPTIONS POST PATCH"],
  hosts: ["GET, HEAD, POST", "OPTIONS PUT PATCH DELETE"],
  host: ["GET, HEAD, PATCH, DELETE", "OPTIONS POST PUT"],
  rotateHost: ["POST", "GET HEAD OPTIONS PUT PATCH DELETE"],
  hold: ["GET, HEAD, PUT, DELETE", "OPTIONS POST PATCH"],
  announcement: ["GET, HEAD, PUT, DELETE", "OPTIONS POST PATCH"],
  act: ["POST", "GET HEAD OPTIONS PUT PATCH DELETE"],
};

/** A Broadcast that admits its host, and has no more than that. */
const broadcast = new Proxy(
  {},
  {
    get: (_, method) => async () =>
      method === "admit" ? { kind: "admitted", name: "Ada", warnings: [] } : PROBLEMS.unknownBroadcast,
  },
);
const env = {
  EARSHOT_SECRET,
  ADMIN_TOKEN,
  ICE_SERVERS: "",
  BROADCAST: { idFromName: (name: string) => name, get: () => broadcast },
  DIRECTORY: {
    idFromName: (name: string) => name,
    get: () => ({ page: async () => ({ entries: [], next: null }) }),
  },
} as unknown as EdgeEnv;
const context = { waitUntil: () => undefined, exports: {} } as unknown as ExecutionContext;

async function ask(method: string, path: string): Promise<Response> {
  const secret = new Secret(EARSHOT_SECRET);
  const id = await mintId(secret, "show");
  const key = path.startsWith("/api/")
    ? ADMIN_TOKEN
    : await hostKey(secret, id, { hostId: FIRST_HOST, generation: 0 });
  const url = `https://earshot.test${path.replace(":id", id)}`;
  return edge.fetch(new Request(url, { method, headers: { authorization: `Bearer ${key}` } }), env, context);
}

/** A path of this pattern. */
const pathOf = (pattern: string) =>
  pattern
    .replace(":state", "before")
    .replace(/:act\{(\w+).*/, "$1")
    .replace(/:(?!id\b)\w+/g, "1");

test.each(Object.entries({ live: "/live/:id/x", ...patterns }))("%s", async (route, pattern) => {
  const [allow, refused] = ROUTES[route as keyof typeof ROUTES];
  const answers = await Promise.all(
    METHODS.map(async (method) => ({ method, response: await ask(method, pathOf(pattern)) })),
  );
  const refusals = answers.filter(({ response }) => response.status === 405);
  expect(refusals.map(({ method }) => method).join(" ")).toBe(refused);
  for (const { method, response } of refusals) {
    expect(response.headers.get("allow"), method).toBe(allow);
    if (method === "HEAD" || (route === "whipSession" && method === "PATCH")) continue;
    const { error } = (await response.json()) as { error: object };
    expect(error).toEqual({ code: "method_not_allowed", message: `Allowed here: ${allow}.` });
  }
});

test("the acts on a talk session have one method each", async () => {
  for (const [act, allow] of [
    ["tracks", "POST"],
    ["answer", "PUT"],
    ["close", "PUT"],
  ]) {
    const response = await ask("GET", `/talk/:id/1/${act}`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  }
});

test("a preflight names the methods that its route has", async () => {
  const allowed = async (path: string) => (await ask("OPTIONS", path)).headers.get("allow");
  expect(await allowed("/live/:id/index.m3u8")).toBe(ROUTES.live[0]);
  expect(await allowed("/whip/:id")).toBe(ROUTES.whip[0]);
  expect(await allowed("/whip/:id/1")).toBe(ROUTES.whipSession[0]);
});
