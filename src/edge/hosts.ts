import { Hono } from "hono";
import { mintId, randomTail, slugOf } from "../access/id.ts";
import { isAdmin, isHost, isIngest, WRONG_HOST_KEY } from "../access/keys.ts";
import type { Secrets } from "../access/secrets.ts";
import { type EdgeEnv, secretsOf } from "./env.ts";
import { failed, methodNotAllowed, noBroadcast, problem } from "./problem.ts";
import { faultOf, Settings } from "./settings.ts";

/**
 * Hosts (WHIP), operators (the API) and the SFU (ingest). They are let through to their Broadcast once they have shown a
 * key; what has none is refused here and costs nothing further in.
 */
export const hosts = new Hono<{ Bindings: EdgeEnv }>();

/** RFC 9725 section 4.7: a preflight carries no credentials and gets its answer all the same. */
hosts.options("/whip/*", (c) => {
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

hosts.all("/whip/:id/:session?", async (c) => {
  const answer = await forwardHost(c.env, c.req.param("id"), c.req.raw);
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(WHIP_CORS)) headers.set(name, value);
  return new Response(answer.body, { status: answer.status, headers });
});

hosts.get("/ingest/:id/:session/:generation/:token", async (c) => {
  const { id, session, generation, token } = c.req.param();
  const secret = await secretsOf(c.env).of(id);
  if (secret === null) return noBroadcast();
  if (!(await isIngest(secret, id, session, Number(generation), token))) {
    return problem(403, "bad_token", "The token does not open this socket.");
  }
  return forward(c.env, id, c.req.raw);
});

hosts.use("/api/*", async (c, next) =>
  isAdmin(c.env.ADMIN_TOKEN, c.req.header("authorization") ?? null)
    ? next()
    : problem(401, "unauthorized", "Send the admin token: Authorization: Bearer ADMIN_TOKEN.", {
        "www-authenticate": 'Bearer realm="earshot"',
      }),
);

hosts.post("/api/broadcasts", async (c) => {
  const text = await c.req.text();
  const parsed = Settings.safeParse(text === "" ? {} : jsonOf(text));
  if (!parsed.success) return problem(400, "invalid_settings", faultOf(parsed.error));
  const { slug, ...settings } = parsed.data;
  const id = await mintId(secretsOf(c.env).present, slug ?? `${slugOf(settings.title)}-${randomTail()}`);
  const url = new URL(`/api/broadcasts/${id}`, c.req.url);
  return forward(c.env, id, new Request(url, { method: "PUT", body: JSON.stringify({ ...settings, id }) }));
});

hosts.all("/api/broadcasts", () => methodNotAllowed("POST"));

hosts.all("/api/broadcasts/:id/:action{open|end|rotate-key}?", async (c) => {
  const { action } = c.req.param();
  const allowed = action === undefined ? ["GET", "HEAD", "DELETE"] : ["POST"];
  if (!allowed.includes(c.req.method)) return methodNotAllowed(allowed.join(", "));
  let answer = noBroadcast();
  for (const id of await idsOf(secretsOf(c.env), c.req.param("id"))) {
    const url = new URL(`/api/broadcasts/${id}${action === undefined ? "" : `/${action}`}`, c.req.url);
    answer = await forward(c.env, id, new Request(url, { method: c.req.method }));
    if (answer.status === 404) continue;
    if (c.req.method === "DELETE" && answer.ok)
      await c.env.AUDIENCE.get(c.env.AUDIENCE.idFromName(id)).forget();
    break;
  }
  return answer;
});

hosts.notFound(() => problem(404, "not_found", "There is nothing at this URL."));

hosts.onError(failed);

/** The ids that an operator may mean: operators may say the slug alone, and what is no id is taken for one. */
async function idsOf(secrets: Secrets, name: string): Promise<readonly string[]> {
  if ((await secrets.of(name)) !== null) return [name];
  return Promise.all(secrets.all.map((secret) => mintId(secret, name)));
}

/** Lets a host through to its Broadcast: the id is one of ours, and the key is one of the id's. */
async function forwardHost(env: EdgeEnv, id: string, request: Request): Promise<Response> {
  const secret = await secretsOf(env).of(id);
  if (secret === null) return noBroadcast();
  if (await isHost(secret, id, request.headers.get("authorization"))) return forward(env, id, request);
  return problem(401, WRONG_HOST_KEY.code, WRONG_HOST_KEY.message, WRONG_HOST_KEY.headers);
}

function forward(env: EdgeEnv, id: string, request: Request): Promise<Response> {
  return env.BROADCAST.get(env.BROADCAST.idFromName(id)).fetch(request);
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
