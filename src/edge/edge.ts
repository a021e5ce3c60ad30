import { Hono } from "hono";
import { isId, mintId, randomTail, slugOf } from "../access/id.ts";
import { isAdmin, isHost, isIngest } from "../access/keys.ts";
import { Secret } from "../access/secret.ts";
import { LISTENER, parseListen, type Target } from "../paths.ts";
import { type Address, addressOf } from "./address.ts";
import { Delivery, type Keep, LISTEN_METHODS, preflight } from "./deliver.ts";
import { Known } from "./known.ts";
import { faultOf, Settings } from "./settings.ts";
import { type Shards, Sightings } from "./sightings.ts";

export interface EdgeEnv {
  readonly ADMIN_TOKEN: string;
  readonly EARSHOT_SECRET: string;
  readonly BROADCAST: DurableObjectNamespace;
  readonly AUDIENCE: Shards;
  /** How many shards each show's audience is counted on. */
  readonly AUDIENCE_SHARDS: string;
  /** The origin, where it is deployed as a Worker of its own. */
  readonly ORIGIN?: Fetcher;
}

/** This isolate's. */
const delivery = new Delivery();
const known = new Known();
const sightings = new Sightings();

type Context = { Bindings: EdgeEnv };

/**
 * Everything the world reaches. Listeners are answered from the origin; hosts, operators and the SFU are let through to
 * their Broadcast once they have shown a key. What has none is refused here and costs nothing further in.
 */
export const edge = new Hono<Context>();

edge.all("/live/*", async (c) => {
  const { method } = c.req;
  if (method === "OPTIONS") return preflight();
  if (method !== "GET" && method !== "HEAD") return methodNotAllowed(LISTEN_METHODS);
  const url = addressOf(c.req.url);
  const target = parseListen(url);
  if (target.kind === "invalid") return problem(400, "bad_directive", target.message);
  if (target.kind === "unknown") return problem(404, "not_found", "There is nothing at this URL.");
  const isKnown = known.has(target.id) || (await known.learn(secretOf(c.env), target.id));
  if (!isKnown) return NO_BROADCAST();
  const keep = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const response = await delivery.answer(originOf(c.env, c.executionCtx), target, c.req.raw, keep);
  // Who is told that a list is still the same (304) listens all the same.
  const isServed = response.ok || response.status === 304;
  if (isServed && method === "GET") await count(c.env, target, url, c.req.raw, keep);
  return response;
});

/** Notes who listens (live playlists) and what is delivered (media), and reports it when that is due. */
async function count(
  env: EdgeEnv,
  target: Target,
  url: Address,
  { headers }: Request,
  keep: Keep,
): Promise<void> {
  const horizon = delivery.horizonOf(target.id);
  if (horizon === null || horizon.ended) return;
  const { id } = target;
  if (target.kind === "part") sightings.deliver(id, horizon.partMillis);
  else if (target.kind === "segment") sightings.deliver(id, horizon.partMillis * horizon.partsPerSegment);
  else if (target.kind !== "playlist") return;
  else {
    const address = headers.get("cf-connecting-ip") ?? "";
    // Players that drop the id are told apart by where and what they are.
    const listener = url.searchParams.get(LISTENER) ?? `${address} ${headers.get("user-agent")}`;
    await sightings.see(id, listener, address, secretOf(env));
  }
  sightings.report(id, env.AUDIENCE, Number(env.AUDIENCE_SHARDS), keep);
}

/** RFC 9725 section 4.7: a preflight carries no credentials and gets its answer all the same. */
edge.options("/whip/*", (c) => {
  const isSession = c.req.path.split("/").length > 3;
  return new Response(null, {
    status: 204,
    headers: {
      ...WHIP_CORS,
      "accept-post": "application/sdp",
      allow: isSession ? "GET, HEAD, OPTIONS, DELETE" : "GET, HEAD, OPTIONS, POST",
      "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE, OPTIONS",
      "access-control-allow-headers": "Authorization, Content-Type, If-Match",
      "access-control-max-age": "86400",
    },
  });
});

edge.all("/whip/:id/:session?", async (c) => {
  const answer = await forwardHost(c.env, c.req.param("id"), c.req.raw);
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(WHIP_CORS)) headers.set(name, value);
  return new Response(answer.body, { status: answer.status, headers });
});

edge.get("/ingest/:id/:session/:generation/:token", async (c) => {
  const { id, session, generation, token } = c.req.param();
  const secret = secretOf(c.env);
  if (!(await isId(secret, id))) return NO_BROADCAST();
  if (!(await isIngest(secret, id, session, Number(generation), token))) {
    return problem(403, "bad_token", "The token does not open this socket.");
  }
  return forward(c.env, id, c.req.raw);
});

edge.use("/api/*", async (c, next) =>
  isAdmin(c.env.ADMIN_TOKEN, c.req.header("authorization") ?? null)
    ? next()
    : problem(401, "unauthorized", "Send the admin token: Authorization: Bearer ADMIN_TOKEN.", {
        "www-authenticate": 'Bearer realm="earshot"',
      }),
);

edge.post("/api/broadcasts", async (c) => {
  const text = await c.req.text();
  const parsed = Settings.safeParse(text === "" ? {} : jsonOf(text));
  if (!parsed.success) return problem(400, "invalid_settings", faultOf(parsed.error));
  const { slug, ...settings } = parsed.data;
  const id = await mintId(secretOf(c.env), slug ?? `${slugOf(settings.title)}-${randomTail()}`);
  const url = new URL(`/api/broadcasts/${id}`, c.req.url);
  return forward(c.env, id, new Request(url, { method: "PUT", body: JSON.stringify({ ...settings, id }) }));
});

edge.all("/api/broadcasts", () => methodNotAllowed("POST"));

edge.all("/api/broadcasts/:id/:action{open|end}?", async (c) => {
  const { action } = c.req.param();
  const allowed = action === undefined ? ["GET", "HEAD", "DELETE"] : ["POST"];
  if (!allowed.includes(c.req.method)) return methodNotAllowed(allowed.join(", "));
  // Operators may say the slug alone; what is no id is taken for one.
  const name = c.req.param("id");
  const id = (await isId(secretOf(c.env), name)) ? name : await mintId(secretOf(c.env), name);
  const url = new URL(`/api/broadcasts/${id}${action === undefined ? "" : `/${action}`}`, c.req.url);
  return forward(c.env, id, new Request(url, { method: c.req.method }));
});

edge.notFound(() => problem(404, "not_found", "There is nothing at this URL."));

edge.onError((error) => {
  console.error(`A request failed: ${String(error)}`);
  return problem(503, "unavailable", "Something went wrong here; try again.", { "retry-after": "1" });
});

/** Lets a host through to its Broadcast: the id is one of ours, and the key is the id's. */
async function forwardHost(env: EdgeEnv, id: string, request: Request): Promise<Response> {
  const secret = secretOf(env);
  if (!(await isId(secret, id))) return NO_BROADCAST();
  if (await isHost(secret, id, request.headers.get("authorization"))) return forward(env, id, request);
  return problem(
    401,
    "unauthorized",
    "The host key is missing or wrong. Send it as: Authorization: Bearer HOSTKEY.",
    {
      "www-authenticate": 'Bearer realm="earshot"',
    },
  );
}

function forward(env: EdgeEnv, id: string, request: Request): Promise<Response> {
  return env.BROADCAST.get(env.BROADCAST.idFromName(id)).fetch(request);
}

function originOf(env: EdgeEnv, context: unknown): Fetcher {
  return env.ORIGIN ?? (context as { exports: { Origin: Fetcher } }).exports.Origin;
}

/** One per isolate: a deployment has one secret, and importing it is what costs. */
let secret: { readonly text: string; readonly secret: Secret } | null = null;

function secretOf({ EARSHOT_SECRET }: EdgeEnv): Secret {
  if (secret?.text !== EARSHOT_SECRET) secret = { text: EARSHOT_SECRET, secret: new Secret(EARSHOT_SECRET) };
  return secret.secret;
}

/** Browsers publish from any page; what they may read of the answer is named (Fetch standard, CORS protocol). */
const WHIP_CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Location, Link, ETag, Accept-Post, Allow, Retry-After, WWW-Authenticate",
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function NO_BROADCAST(): Response {
  return problem(404, "unknown_broadcast", "There is no such broadcast.");
}

function methodNotAllowed(allow: string): Response {
  return problem(405, "method_not_allowed", `Allowed here: ${allow}.`, { allow });
}

function problem(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json(
    { error: { code, message } },
    { status, headers: { "cache-control": "no-store", "access-control-allow-origin": "*", ...headers } },
  );
}
