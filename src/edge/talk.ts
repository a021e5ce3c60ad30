import { type Context, Hono } from "hono";
import { z } from "zod";
import type { TalkAnswer, TalkCall } from "../broadcast-api.ts";
import { patterns, talkPath } from "../paths.ts";
import { invalidTalk, isProblem, type Problem, talkTooLarge } from "../problem.ts";
import { MOST_TRACKS } from "../talk.ts";
import { enter } from "./admission.ts";
import { readJson } from "./body.ts";
import type { EdgeEnv } from "./env.ts";
import { answerBy } from "./methods.ts";
import { NO_STORE, refuse } from "./refusal.ts";

/**
 * All HTTP of talk-back, by which the studios of a broadcast's hosts hear each other. A studio begins a talk session beside
 * its WHIP session, asks which other hosts are on, asks for their tracks, and answers the SFU's offers. The edge refuses a
 * client without a host key, and requests that are none of these, so they cost the Broadcast nothing.
 */
export const talk = new Hono<{ Bindings: EdgeEnv }>();

/** Maximum size of a body, bytes. An SDP answer has a section of some 1.5 kB for each track ever offered on its session. */
const MAX_BODY_BYTES = 128 * 1024;

const name = z.string().regex(/^[\w-]{1,64}$/, "a name as the relay gave it");
const publications = z.array(name).min(1).max(MOST_TRACKS);
const Begin = z.strictObject({ session: name });
const Tracks = z.strictObject({ publications });
const Answer = z.strictObject({
  mutation: name,
  answer: z.string().startsWith("v=0", "an SDP answer, which begins with v=0"),
});

type Of = Context<{ Bindings: EdgeEnv }>;

talk.all(patterns.talks, (c) => {
  const POST = () =>
    ask(c, async () => {
      const body = await read(c.req.raw, Begin);
      return isProblem(body) ? body : { kind: "begin", ...body };
    });
  return answerBy({ POST }, c.req.method);
});

talk.all(patterns.talk, (c) => {
  const { talk } = c.req.param();
  const GET = () =>
    ask(c, async () => {
      const since = c.req.query("since");
      if (since !== undefined && !/^\d{1,9}$/.test(since))
        return invalidTalk('The parameter "since" is a revision: a whole number.');
      return { kind: "others", talk, since: since === undefined ? null : Number(since) };
    });
  const DELETE = () => ask(c, async () => ({ kind: "end", talk }));
  return answerBy({ GET, HEAD: GET, DELETE }, c.req.method);
});

talk.all(patterns.talkAct, (c) => {
  const { talk, act } = c.req.param();
  const change = () =>
    ask(c, async () => {
      if (act === "answer") {
        const body = await read(c.req.raw, Answer);
        return isProblem(body) ? body : { kind: "answer", talk, ...body };
      }
      const body = await read(c.req.raw, Tracks);
      return isProblem(body) ? body : { kind: act === "tracks" ? "tracks" : "close", talk, ...body };
    });
  return answerBy(act === "tracks" ? { POST: change } : { PUT: change }, c.req.method);
});

/** Passes a studio's request on to the Broadcast. It is read only after the host key has been checked. */
async function ask(c: Of, read: () => Promise<TalkCall | Problem>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const host = await enter(c, id);
  if (host.kind === "problem") return refuse(host);
  const asked = await read();
  if (asked.kind === "problem") return refuse(asked);
  return respond(id, await host.broadcast.talk(host.key, asked));
}

function respond(id: string, answer: TalkAnswer | Problem): Response {
  switch (answer.kind) {
    case "problem":
      return refuse(answer);
    case "done":
      return new Response(null, { status: 204, headers: NO_STORE });
    case "begun": {
      const headers = { ...NO_STORE, location: talkPath(id, answer.talk) };
      return Response.json({ talk: answer.talk }, { status: 201, headers });
    }
    default: {
      const { kind: _, ...body } = answer;
      return Response.json(body, { headers: NO_STORE });
    }
  }
}

function read<T extends object>(request: Request, schema: z.ZodType<T>): Promise<T | Problem> {
  return readJson(request, schema, MAX_BODY_BYTES, { tooLarge: talkTooLarge, invalid });
}

function invalid({ issues: [issue] }: z.ZodError): Problem {
  const field = issue?.path.join(".") ?? "";
  return invalidTalk(
    field === "" ? `The body: ${issue?.message}.` : `The field "${field}": ${issue?.message}.`,
  );
}
