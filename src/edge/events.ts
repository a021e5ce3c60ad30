import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { z } from "zod";
import { isWebhookSecret } from "../access/webhook.ts";
import type { Event } from "../events.ts";
import { patterns } from "../paths.ts";
import { invalidQuery, isProblem, type Problem } from "../problem.ts";
import type { WebhookAct } from "../webhook-api.ts";
import { broadcastOf, type EdgeEnv } from "./env.ts";
import { answerBy } from "./methods.ts";
import { answer, askBroadcast, readSettings } from "./operator.ts";
import { refuseReceiver } from "./receiver.ts";
import { NO_STORE, refuse } from "./refusal.ts";

/** Time between two comments, ms, so that a quiet stream is not taken for dead. A held call takes up to half of it. */
const COMMENT_MS = 30_000;
/** Pause after a failed call of the Broadcast, ms. */
const PAUSE_MS = 1_000;
/**
 * How many calls of the Broadcast one stream makes before it ends; its client then opens another. On Cloudflare's smallest plan a
 * request may make 50. While nothing happens, a stream lasts ten minutes.
 */
const MOST_CALLS = 40;

/** The operators' routes for a broadcast's events: the event stream, the webhook, and markers. */
export const eventRoutes = new Hono<{ Bindings: EdgeEnv }>();

eventRoutes.all(patterns.events, (c) => {
  const begin = async (stream: (from: Beginning) => Response) => {
    const last = lastIdOf(c.req.header("last-event-id"));
    if (last.kind === "problem") return refuse(last);
    const after = last.value;
    let id = "";
    const begun = await askBroadcast(c.env, c.req.param("id"), (broadcast, foundId) => {
      id = foundId;
      return broadcast.events(after, false);
    });
    if (isProblem(begun)) return refuse(begun);
    const response = stream({ id, begun, after });
    response.headers.set("cache-control", NO_STORE["cache-control"]);
    return response;
  };
  const GET = () => begin((from) => streamSSE(c, (stream) => follow(stream, c.env, from)));
  // Nobody would read a stream that answers a HEAD.
  const HEAD = () => begin(() => new Response(null, { headers: { "content-type": "text/event-stream" } }));
  return answerBy({ GET, HEAD }, c.req.method);
});

eventRoutes.all(patterns.markers, (c) => {
  const POST = async () => {
    const marker = await readSettings(c.req.raw, Marker);
    if (isProblem(marker)) return refuse(marker);
    const marked = await askBroadcast(c.env, c.req.param("id"), (broadcast) => broadcast.mark(marker.title));
    return isProblem(marked) ? refuse(marked) : Response.json(marked, { status: 201, headers: NO_STORE });
  };
  return answerBy({ POST }, c.req.method);
});

eventRoutes.all(patterns.webhook, (c) => {
  const handle = async (act: WebhookAct) =>
    answer(await askBroadcast(c.env, c.req.param("id"), (broadcast) => broadcast.webhook(act)));
  const describe = () => handle({ kind: "describe" });
  const PUT = async () => {
    const receiver = await readSettings(c.req.raw, Receiver);
    if (isProblem(receiver)) return refuse(receiver);
    const { url, secret } = receiver;
    const refused = refuseReceiver(url, new URL(c.req.url));
    return refused === null ? handle({ kind: "set", url, secret }) : refuse(refused);
  };
  const DELETE = () => handle({ kind: "drop" });
  return answerBy({ GET: describe, HEAD: describe, PUT, DELETE }, c.req.method);
});

const Marker = z.strictObject({ title: z.string().trim().min(1).max(200) });
const Receiver = z.strictObject({
  url: z.string(),
  secret: z.string().refine(isWebhookSecret, "whsec_ and 24 to 64 bytes in base64").nullable().default(null),
});

/** Where an event stream begins: a broadcast's id, the last event that the client has, and those that came after it. */
interface Beginning {
  readonly id: string;
  readonly after: number;
  readonly begun: readonly Event[];
}

/**
 * Writes events until the client leaves, the broadcast is gone, or the stream has made all its calls; the client then asks again
 * with the id of its last event. If a call fails, because the object restarts, the edge asks again.
 */
async function follow(stream: SSEStreamingApi, env: EdgeEnv, from: Beginning): Promise<void> {
  let { begun: events, after } = from;
  let commentAt = Date.now() + COMMENT_MS;
  // The first write sends the headers at once, even if there is no event yet.
  await stream.write("retry: 2000\n\n");
  for (let calls = 1; calls < MOST_CALLS && !stream.aborted; calls++) {
    for (const event of events) await stream.writeSSE({ id: String(event.id), data: JSON.stringify(event) });
    after = events.at(-1)?.id ?? after;
    if (Date.now() >= commentAt) {
      await stream.write(":\n\n");
      commentAt = Date.now() + COMMENT_MS;
    }
    try {
      const told = await broadcastOf(env, from.id).events(after, true);
      if (isProblem(told)) return;
      events = told;
    } catch (error) {
      console.warn(`The broadcast ${from.id} does not tell its events, and is asked again: ${String(error)}`);
      events = [];
      await stream.sleep(PAUSE_MS);
    }
  }
}

/** The id of the last event that the client has; 0 where it has none. */
function lastIdOf(header: string | undefined): { readonly kind: "read"; readonly value: number } | Problem {
  if (header === undefined || header === "") return { kind: "read", value: 0 };
  if (/^\d{1,15}$/.test(header)) return { kind: "read", value: Number(header) };
  return invalidQuery("Last-Event-ID is the id of an event: a decimal integer.");
}
