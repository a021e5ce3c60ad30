import { Hono } from "hono";
import { generationOf, WRONG_HOST_KEY } from "../access/keys.ts";
import { isMisconfigured, type SfuFault } from "../ingest/sfu.ts";
import { created, patchNotAllowed, readPost, SESSION_METHODS } from "../ingest/whip.ts";
import { whipSessionPath } from "../paths.ts";
import type { Settings } from "./lifecycle.ts";
import type { Crowded } from "./places.ts";
import type { Production } from "./production.ts";

/**
 * What a Broadcast does for hosts and operators. Whether they may ask has been checked at the edge, except whether a host's
 * key is still the show's.
 */
export interface Desk {
  readonly iceServers: readonly string[];
  /** Null where there is no such broadcast. */
  readonly production: Production | null;
  /** False where there is one already. */
  create(settings: Settings): Promise<boolean>;
  remove(id: string): Promise<void>;
  /** Null where the session or its generation is over. */
  acceptSocket(session: string, generation: number): Response | null;
}

/** The Broadcast's HTTP side for hosts and operators: WHIP, the SFU's socket, and the admin API. */
export function routes(desk: Desk): Hono {
  const app = new Hono();

  app.put("/api/broadcasts/:id", async (c) => {
    const isNew = await desk.create(await c.req.json<Settings>());
    if (!isNew) return problem(409, "slug_taken", "There is a broadcast with that slug already.");
    return withProduction(desk, (production) => description(production, c.req.url, 201));
  });
  app.get("/api/broadcasts/:id", (c) =>
    withProduction(desk, (production) => description(production, c.req.url)),
  );
  app.post("/api/broadcasts/:id/open", (c) =>
    withProduction(desk, (production) => {
      production.open();
      return description(production, c.req.url);
    }),
  );
  app.post("/api/broadcasts/:id/end", (c) =>
    withProduction(desk, async (production) => {
      await production.end();
      return description(production, c.req.url);
    }),
  );
  app.post("/api/broadcasts/:id/rotate-key", (c) =>
    withProduction(desk, (production) => {
      production.rotateKey();
      return description(production, c.req.url);
    }),
  );
  app.delete("/api/broadcasts/:id", (c) =>
    withProduction(desk, async () => {
      await desk.remove(c.req.param("id"));
      return noContent();
    }),
  );

  app.use("/whip/*", async (c, next) => {
    const { production } = desk;
    const generation = generationOf(c.req.header("authorization") ?? null);
    return production === null || generation === production.keyGeneration ? next() : wrongKey();
  });
  app.post("/whip/:id", (c) =>
    withProduction(desk, async (production) => {
      const post = await readPost(c.req.raw);
      if ("status" in post) return problem(post.status, post.code, post.message);
      const result = await production.publish(post, new URL(c.req.url).origin);
      if (result === "ended") return ENDED();
      if (result === "key replaced") return wrongKey();
      if (result.kind === "crowded") return crowded(result);
      if (result.kind === "fault") return sfuProblem(result);
      const path = whipSessionPath(c.req.param("id"), result.session);
      return created(result.answer, { path, etag: result.session.slice(0, 11), iceServers: desk.iceServers });
    }),
  );
  app.get("/whip/:id", () => withProduction(desk, noContent));
  app.all("/whip/:id", () => methodNotAllowed("GET, HEAD, OPTIONS, POST"));

  app.use("/whip/:id/:session", async (c, next) =>
    desk.production?.publishers.has(c.req.param("session"))
      ? next()
      : problem(404, "no_session", "There is no such WHIP session."),
  );
  app.get("/whip/:id/:session", noContent);
  app.delete("/whip/:id/:session", async (c) => {
    await desk.production?.publishers.drop(c.req.param("session"), "the host has left");
    return new Response(null, { status: 200, headers: NO_STORE });
  });
  app.patch("/whip/:id/:session", patchNotAllowed);
  app.all("/whip/:id/:session", () => methodNotAllowed(SESSION_METHODS));

  app.get("/ingest/:id/:session/:generation/:token", (c) => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      return problem(426, "upgrade_required", "This URL is the SFU's WebSocket.");
    }
    const { session, generation } = c.req.param();
    const accepted = desk.acceptSocket(session, Number(generation));
    return accepted ?? problem(410, "no_session", "That session is over.");
  });

  app.notFound(() => problem(404, "not_found", "There is nothing at this URL."));
  app.onError((error, c) => {
    console.error(`${c.req.method} failed: ${String(error)}`);
    const message = "It could not be done now. Ask again in a few seconds.";
    return problem(503, "unavailable", message, { "retry-after": "3" });
  });
  return app;
}

function withProduction(
  { production }: Desk,
  answer: (production: Production) => Response | Promise<Response>,
): Response | Promise<Response> {
  return production === null
    ? problem(404, "unknown_broadcast", "There is no such broadcast.")
    : answer(production);
}

async function description(production: Production, url: string, status = 200): Promise<Response> {
  return Response.json(await production.describe(new URL(url).origin), { status, headers: NO_STORE });
}

const NO_STORE = { "cache-control": "no-store" };

/** RFC 9725 section 4.1: GET and HEAD succeed without content. */
function noContent(): Response {
  return new Response(null, { status: 204, headers: NO_STORE });
}

function ENDED(): Response {
  return problem(410, "ended", "This broadcast has ended. Create a new one to go live again.");
}

function wrongKey(): Response {
  return problem(401, WRONG_HOST_KEY.code, WRONG_HOST_KEY.message, WRONG_HOST_KEY.headers);
}

function crowded({ limit }: Crowded): Response {
  return problem(409, "too_many_hosts", `${limit} hosts are on already; one has to leave first.`);
}

function methodNotAllowed(allow: string): Response {
  return problem(405, "method_not_allowed", `Allowed here: ${allow}.`, { allow });
}

/**
 * What a publisher is told when the SFU refuses: its offer's fault is a 4xx, everything else a 503 to come back after.
 * Who is to mend it is said, lest a host tries for ever what the operator alone can put right.
 */
function sfuProblem(fault: SfuFault): Response {
  if (fault.code === "invalid_session_description" || fault.status === 406) {
    return problem(422, "offer_refused", "The media server could not use this offer.");
  }
  if (isMisconfigured(fault)) {
    console.error(
      `The SFU refused a publisher: ${fault.status} ${fault.code}. It does not take this deployment's app or secret: ` +
        "check SFU_APP_ID and SFU_APP_SECRET, and set the wrong one with `npx wrangler secret put SFU_APP_ID` or " +
        "`npx wrangler secret put SFU_APP_SECRET`.",
    );
    const message =
      "The media server does not accept this relay's credentials. The relay's operator has to correct them; its log says how.";
    return problem(503, "sfu_unavailable", message, { "retry-after": "30" });
  }
  console.warn(`The SFU refused a publisher: ${fault.status} ${fault.code}`);
  const message =
    "The media server is not reachable or not taking publishers now. Try again in a few seconds.";
  return problem(503, "sfu_unavailable", message, { "retry-after": "3" });
}

function problem(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error: { code, message } }, { status, headers: { ...NO_STORE, ...headers } });
}
