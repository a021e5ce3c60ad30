import { Hono } from "hono";
import type { HoldDescription } from "../hold-api.ts";
import { patterns } from "../paths.ts";
import { methodNotAllowed, PROBLEMS, type Problem, unfitHold } from "../problem.ts";
import { type EdgeEnv, originOf } from "./env.ts";
import { first, NO_STORE } from "./operator.ts";
import { refuse } from "./refusal.ts";

/** The operator's hold audio: set by a WAV file, asked for, and given up for the built-in. */
export const hold = new Hono<{ Bindings: EdgeEnv }>();

hold.all(patterns.hold, async (c) => {
  const name = c.req.param("id");
  switch (c.req.method) {
    case "GET":
    case "HEAD":
      return told(await first(c.env, name, (broadcast) => broadcast.hold()));
    case "DELETE":
      return told(await first(c.env, name, (broadcast) => broadcast.useHold(null)));
    case "PUT": {
      const { body } = c.req.raw;
      if (body === null) return refuse(unfitHold("There is no file in the body: send a WAV file."));
      // Its body can be read once, so which of a slug's broadcasts it is for is asked first.
      let id = "";
      const found = await first(c.env, name, (broadcast, its) => {
        id = its;
        return broadcast.hold();
      });
      if (isProblem(found)) return refuse(found);
      const asIs = c.req.query("asis") === "1";
      return told(await originOf(c.env, c.executionCtx).keepHold(id, body, asIs).catch(failed));
    }
    default:
      return refuse(methodNotAllowed("GET, HEAD, PUT, DELETE"));
  }
});

function failed(error: unknown): Problem {
  console.error(`Hold audio was not kept: ${String(error)}`);
  return PROBLEMS.holdNotKept;
}

function told(answer: HoldDescription | Problem): Response {
  if (isProblem(answer)) return refuse(answer);
  const { kind: _, ...described } = answer;
  return Response.json(described, { headers: NO_STORE });
}

function isProblem(answer: HoldDescription | Problem): answer is Problem {
  return answer.kind === "problem";
}
