import { type Context, Hono } from "hono";
import type { HostAct, HostAnswer } from "../broadcast-api.ts";
import { patterns } from "../paths.ts";
import { isProblem, methodNotAllowed, type Problem } from "../problem.ts";
import type { EdgeEnv } from "./env.ts";
import { HostChanges, NewHost } from "./host-settings.ts";
import { first, readSettings } from "./operator.ts";
import { NO_STORE, refuse } from "./refusal.ts";

/** The operators' routes for hosts, each with a name and key: create, change and revoke them, also during a show. */
export const hostList = new Hono<{ Bindings: EdgeEnv }>();

hostList.all(patterns.hosts, async (c) => {
  switch (c.req.method) {
    case "GET":
    case "HEAD":
      return answer(await ask(c, { kind: "list" }));
    case "POST": {
      const settings = await readSettings(c.req.raw, NewHost);
      if (isProblem(settings)) return refuse(settings);
      return answer(await ask(c, { kind: "make", settings }), 201);
    }
    default:
      return refuse(methodNotAllowed("GET, HEAD, POST"));
  }
});

hostList.all(patterns.host, async (c) => {
  const hostId = c.req.param("hostId");
  switch (c.req.method) {
    case "GET":
    case "HEAD":
      return answer(await ask(c, { kind: "look", hostId }));
    case "PATCH": {
      const changes = await readSettings(c.req.raw, HostChanges);
      if (isProblem(changes)) return refuse(changes);
      return answer(await ask(c, { kind: "change", hostId, changes }));
    }
    case "DELETE":
      return answer(await ask(c, { kind: "remove", hostId }));
    default:
      return refuse(methodNotAllowed("GET, HEAD, PATCH, DELETE"));
  }
});

hostList.all(patterns.rotateHost, async (c) =>
  c.req.method === "POST"
    ? answer(await ask(c, { kind: "rotate", hostId: c.req.param("hostId") }))
    : refuse(methodNotAllowed("POST")),
);

function ask(c: Context<{ Bindings: EdgeEnv }>, act: HostAct): Promise<HostAnswer | Problem> {
  const { origin } = new URL(c.req.url);
  return first(c.env, c.req.param("id") ?? "", (broadcast) => broadcast.hosts(act, origin));
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
