import { type Context, Hono } from "hono";
import type { HostAct, HostAnswer } from "../broadcast-api.ts";
import { patterns } from "../paths.ts";
import { isProblem, type Problem } from "../problem.ts";
import type { EdgeEnv } from "./env.ts";
import { HostChanges, NewHost } from "./host-settings.ts";
import { answerBy } from "./methods.ts";
import { askBroadcast, readSettings } from "./operator.ts";
import { NO_STORE, refuse } from "./refusal.ts";

/** The operators' routes for hosts, each with a name and key: create, change and revoke them, also during a show. */
export const hostRoutes = new Hono<{ Bindings: EdgeEnv }>();

hostRoutes.all(patterns.hosts, (c) => {
  const list = async () => answer(await ask(c, { kind: "list" }));
  const POST = async () => {
    const settings = await readSettings(c.req.raw, NewHost);
    if (isProblem(settings)) return refuse(settings);
    return answer(await ask(c, { kind: "make", settings }), 201);
  };
  return answerBy({ GET: list, HEAD: list, POST }, c.req.method);
});

hostRoutes.all(patterns.host, (c) => {
  const hostId = c.req.param("hostId");
  const look = async () => answer(await ask(c, { kind: "look", hostId }));
  const PATCH = async () => {
    const changes = await readSettings(c.req.raw, HostChanges);
    if (isProblem(changes)) return refuse(changes);
    return answer(await ask(c, { kind: "change", hostId, changes }));
  };
  const DELETE = async () => answer(await ask(c, { kind: "remove", hostId }));
  return answerBy({ GET: look, HEAD: look, PATCH, DELETE }, c.req.method);
});

hostRoutes.all(patterns.rotateHost, (c) => {
  const POST = async () => answer(await ask(c, { kind: "rotate", hostId: c.req.param("hostId") }));
  return answerBy({ POST }, c.req.method);
});

function ask(c: Context<{ Bindings: EdgeEnv }>, act: HostAct): Promise<HostAnswer | Problem> {
  const { origin } = new URL(c.req.url);
  return askBroadcast(c.env, c.req.param("id") ?? "", (broadcast) => broadcast.hosts(act, origin));
}

function answer(result: HostAnswer | Problem, status = 200): Response {
  switch (result.kind) {
    case "problem":
      return refuse(result);
    case "hosts":
      return Response.json({ hosts: result.hosts }, { status, headers: NO_STORE });
    case "host":
      return Response.json(result.host, { status, headers: NO_STORE });
    case "removed":
      return new Response(null, { status: 204, headers: NO_STORE });
  }
}
