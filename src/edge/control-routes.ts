import { Hono } from "hono";
import { mintId, randomTail, slugOf } from "../access/id.ts";
import { isAdmin, isIngest } from "../access/keys.ts";
import type { Removing } from "../broadcast-api.ts";
import { areas, patterns } from "../paths.ts";
import { isProblem, PROBLEMS, type Problem } from "../problem.ts";
import { announcement } from "./announcement.ts";
import { answerPage } from "./directory.ts";
import { broadcastOf, type EdgeEnv, secretsOf } from "./env.ts";
import { eventRoutes } from "./events.ts";
import { hold } from "./hold.ts";
import { hostRoutes } from "./host-routes.ts";
import { answerBy } from "./methods.ts";
import { answer, askBroadcast, readSettings } from "./operator.ts";
import { failed, NO_STORE, refuse } from "./refusal.ts";
import { Changes, Settings } from "./settings.ts";
import { talk } from "./talk.ts";
import { whip } from "./whip.ts";

/**
 * The routes of hosts (WHIP, talk-back), operators (the API) and the SFU (its WebSocket). The edge refuses a request without a
 * valid id and key before it calls a Broadcast.
 */
export const controlRoutes = new Hono<{ Bindings: EdgeEnv }>();

controlRoutes.route("/", whip);

controlRoutes.route("/", talk);

controlRoutes.get(patterns.ingest, async (c) => {
  const { id, session, generation, token } = c.req.param();
  const secret = await secretsOf(c.env).of(id);
  if (secret === null) return refuse(PROBLEMS.unknownBroadcast);
  if (!(await isIngest(secret, id, session, Number(generation), token))) {
    return refuse(PROBLEMS.wrongIngestToken);
  }
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return refuse(PROBLEMS.upgradeRequired);
  return broadcastOf(c.env, id).fetch(c.req.raw);
});

controlRoutes.use(areas.api, async (c, next) =>
  isAdmin(c.env.ADMIN_TOKEN, c.req.header("authorization") ?? null)
    ? next()
    : refuse(PROBLEMS.wrongAdminToken),
);

controlRoutes.all(patterns.broadcasts, (c) => {
  const { origin, searchParams } = new URL(c.req.url);
  const list = () => answerPage(c.env.DIRECTORY, searchParams);
  const POST = async () => {
    const body = await readSettings(c.req.raw, Settings, {});
    if (isProblem(body)) return refuse(body);
    const { slug, ...settings } = body;
    const id = await mintId(secretsOf(c.env).present, slug ?? `${slugOf(settings.title)}-${randomTail()}`);
    return answer(await broadcastOf(c.env, id).create({ ...settings, id }, origin), 201);
  };
  return answerBy({ GET: list, HEAD: list, POST }, c.req.method);
});

controlRoutes.all(patterns.broadcast, (c) => {
  const [name, { origin }] = [c.req.param("id"), new URL(c.req.url)];
  const describe = async () =>
    answer(await askBroadcast(c.env, name, (broadcast) => broadcast.describe(origin)));
  const PATCH = async () => {
    const changes = await readSettings(c.req.raw, Changes);
    if (isProblem(changes)) return refuse(changes);
    return answer(await askBroadcast(c.env, name, (broadcast) => broadcast.change(changes, origin)));
  };
  const DELETE = async () => removed(await askBroadcast(c.env, name, (broadcast) => broadcast.remove()));
  return answerBy({ GET: describe, HEAD: describe, PATCH, DELETE }, c.req.method);
});

controlRoutes.all(patterns.act, (c) => {
  const [name, { origin }] = [c.req.param("id"), new URL(c.req.url)];
  const act = ACTS[c.req.param("act") as keyof typeof ACTS];
  const POST = async () => answer(await askBroadcast(c.env, name, (broadcast) => broadcast[act](origin)));
  return answerBy({ POST }, c.req.method);
});

controlRoutes.route("/", eventRoutes);
controlRoutes.route("/", hostRoutes);

controlRoutes.route("/", hold);
controlRoutes.route("/", announcement);

controlRoutes.notFound(() => refuse(PROBLEMS.notFound));

controlRoutes.onError(failed);

function removed(result: Removing | Problem | null): Response {
  if (result?.kind !== "removing") return answer(result);
  const message =
    "The broadcast is gone for all. What is left of its recording is being deleted, which goes on by itself.";
  return Response.json({ message }, { status: 202, headers: NO_STORE });
}

/** The last path segment of an operator's POST, and the Broadcast's method that it calls. */
const ACTS = { open: "open", end: "end", "rotate-key": "rotateKey" } as const;
