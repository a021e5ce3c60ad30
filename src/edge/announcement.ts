import { Hono } from "hono";
import { z } from "zod";
import { ANNOUNCED_STATES, type AnnouncedState, type AnnouncementDescription } from "../announcement-api.ts";
import { patterns } from "../paths.ts";
import { invalidQuery, methodNotAllowed, PROBLEMS, type Problem, unfitAnnouncement } from "../problem.ts";
import { type EdgeEnv, originOf } from "./env.ts";
import { first, NO_STORE } from "./operator.ts";
import { refuse } from "./refusal.ts";

/** Announcements over hold audio: set by a WAV file, asked for, and given up. */
export const announcement = new Hono<{ Bindings: EdgeEnv }>();

announcement.all(patterns.announcement, async (c) => {
  const [name, state] = [c.req.param("id"), stateOf(c.req.param("state"))];
  if (typeof state !== "string") return refuse(state);
  switch (c.req.method) {
    case "GET":
    case "HEAD":
      return told(await first(c.env, name, (broadcast) => broadcast.announcement({ kind: "show", state })));
    case "DELETE":
      return told(await first(c.env, name, (broadcast) => broadcast.announcement({ kind: "drop", state })));
    case "PUT": {
      const every = Every.safeParse(c.req.query("every") ?? "60");
      if (!every.success)
        return refuse(invalidQuery(`The parameter "every": ${every.error.issues[0]?.message}.`));
      const { body } = c.req.raw;
      if (body === null) return refuse(unfitAnnouncement("There is no file in the body: send a WAV file."));
      // Its body can be read once, so which of a slug's broadcasts it is for is asked first.
      let id = "";
      const found = await first(c.env, name, (broadcast, its) => {
        id = its;
        return broadcast.announcement({ kind: "show", state });
      });
      if (found.kind === "problem") return refuse(found);
      const origin = originOf(c.env, c.executionCtx);
      return told(await origin.keepAnnouncement(id, state, body, every.data).catch(failed));
    }
    default:
      return refuse(methodNotAllowed("GET, HEAD, PUT, DELETE"));
  }
});

/** From one beginning of it to the next, seconds. */
const EVERY_RULE = "it is a whole number of seconds from 10 to 3600";
const Every = z
  .string()
  .regex(/^\d{2,4}$/, EVERY_RULE)
  .transform(Number)
  .refine((seconds) => seconds >= 10 && seconds <= 3_600, EVERY_RULE);

function stateOf(name: string): AnnouncedState | Problem {
  if (name === "after") return PROBLEMS.nothingAfter;
  return ANNOUNCED_STATES.find((state) => state === name) ?? PROBLEMS.noSuchState;
}

function failed(error: unknown): Problem {
  console.error(`An announcement was not kept: ${String(error)}`);
  return PROBLEMS.announcementNotKept;
}

function told(answer: AnnouncementDescription | Problem): Response {
  if (answer.kind === "problem") return refuse(answer);
  const { kind: _, ...described } = answer;
  return Response.json(described, { headers: NO_STORE });
}
