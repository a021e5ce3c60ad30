import { Hono } from "hono";
import { mintId, randomTail, slugOf } from "../access/id.ts";
import { isAdmin, isIngest } from "../access/keys.ts";
import type { Removing } from "../broadcast-api.ts";
import { patterns } from "../paths.ts";
import { isProblem, methodNotAllowed, PROBLEMS, type Problem } from "../problem.ts";
import { announcement } from "./announcement.ts";
import { answerPage } from "./directory.ts";
import { broadcastOf, type EdgeEnv, secretsOf } from "./env.ts";
import { happenings } from "./happenings.ts";
import { hold } from "./hold.ts";
import { hostList } from "./host-list.ts";
import { answer, first, readSettings } from "./operator.ts";
import { failed, NO_STORE, refuse } from "./refusal.ts";
import { Changes, Settings } from "./settings.ts";
import { talk } from "./talk.ts";
import { whip } from "./whip.ts";

/**
 * The routes of hosts (WHIP, talk-back), operators (the API) and the SFU (its WebSocket). The edge refuses a request without a
 * valid id and key before it calls a Broadcast.
 */
export const hosts = new Hono<{ Bindings: EdgeEnv }>();

hosts.route("/", whip);

hosts.route("/", talk);

hosts.get(patterns.ingest, async (c) => {
  const { id, session, generation, token } = c.req.param();
  const secret = await secretsOf(c.env).of(id);
  if (secret === null) return refuse(PROBLEMS.unknownBroadcast);
  if (!(await isIngest(secret, id, session, Number(generation), token))) {
    return refuse(PROBLEMS.wrongIngestToken);
  }
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return refuse(PROBLEMS.upgradeRequired);
  return broadcastOf(c.env, id).fetch(c.req.raw);
});

hosts.use("/api/*", async (c, next) =>
  isAdmin(c.env.ADMIN_TOKEN, c.req.header("authorization") ?? null)
    ? next()
    : refuse(PROBLEMS.wrongAdminToken),
);

hosts.post(patterns.broadcasts, async (c) => {
  const body = await readSettings(c.req.raw, Settings, {});
  if (isProblem(body)) return refuse(body);
  const { slug, ...settings } = body;
  const id = await mintId(secretsOf(c.env).present, slug ?? `${slugOf(settings.title)}-${randomTail()}`);
  return answer(await broadcastOf(c.env, id).create({ ...settings, id }, new URL(c.req.url).origin), 201);
});

hosts.get(patterns.broadcasts, (c) => answerPage(c.env.DIRECTORY, new URL(c.req.url).searchParams));

hosts.all(patterns.broadcasts, () => refuse(methodNotAllowed("GET, HEAD, POST")));

hosts.all(patterns.broadcast, async (c) => {
  const { origin } = new URL(c.req.url);
  switch (c.req.method) {
    case "GET":
    case "HEAD":
      return answer(await first(c.env, c.req.param("id"), (broadcast) => broadcast.describe(origin)));
    case "PATCH": {
      const changes = await readSettings(c.req.raw, Changes);
      if (isProblem(changes)) return refuse(changes);
      return answer(await first(c.env, c.req.param("id"), (broadcast) => broadcast.change(changes, origin)));
    }
    case "DELETE":
      return removed(await first(c.env, c.req.param("id"), (broadcast) => broadcast.remove()));
    default:
      return refuse(methodNotAllowed("GET, HEAD, PATCH, DELETE"));
  }
});

hosts.all(patterns.act, async (c) => {
  if (c.req.method !== "POST") return refuse(methodNotAllowed("POST"));
  const { origin } = new URL(c.req.url);
  const act = ACTS[c.req.param("act") as keyof typeof ACTS];
  return answer(await first(c.env, c.req.param("id"), (broadcast) => broadcast[act](origin)));
});

hosts.route("/", happenings);
hosts.route("/", hostList);

hosts.route("/", hold);
hosts.route("/", announcement);

hosts.notFound(() => refuse(PROBLEMS.notFound));

hosts.onError(failed);

function removed(result: Removing | Problem | null): Response {
  if (result?.kind !== "removing") return answer(result);
  const message =
    "The broadcast is gone for all. What is left of its recording is being deleted, which goes on by itself.";
  return Response.json({ message }, { status: 202, headers: NO_STORE });
}

/** The last path segment of an operator's POST, and the Broadcast's method that it calls. */
const ACTS = { open: "open", end: "end", "rotate-key": "rotateKey" } as const;
