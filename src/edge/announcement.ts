import { Hono } from "hono";
import { z } from "zod";
import { ANNOUNCED_STATES, type AnnouncedState } from "../announcement-api.ts";
import { patterns } from "../paths.ts";
import {
  invalidQuery,
  isProblem,
  methodNotAllowed,
  PROBLEMS,
  type Problem,
  unfitAnnouncement,
} from "../problem.ts";
import type { EdgeEnv } from "./env.ts";
import { answer, first } from "./operator.ts";
import { readParameters } from "./parameters.ts";
import { refuse } from "./refusal.ts";
import { putSound } from "./sound.ts";

/** The operators' routes for announcements over hold audio: set one with a WAV file, describe it, delete it. */
export const announcement = new Hono<{ Bindings: EdgeEnv }>();

announcement.all(patterns.announcement, async (c) => {
  const [name, state] = [c.req.param("id"), stateOf(c.req.param("state"))];
  if (typeof state !== "string") return refuse(state);
  switch (c.req.method) {
    case "GET":
    case "HEAD":
      return answer(await first(c.env, name, (broadcast) => broadcast.announcement({ kind: "show", state })));
    case "DELETE":
      return answer(await first(c.env, name, (broadcast) => broadcast.announcement({ kind: "drop", state })));
    case "PUT": {
      const asked = readParameters(new URL(c.req.url).searchParams, Parameters);
      if (isProblem(asked)) return refuse(asked);
      if (state === "after" && asked.every !== undefined)
        return refuse(invalidQuery('The parameter "every": what is announced after a show is spoken once.'));
      const kept = await putSound(c, name, {
        noFile: unfitAnnouncement("There is no file in the body: send a WAV file."),
        notKept: PROBLEMS.announcementNotKept,
        find: (broadcast) => broadcast.announcement({ kind: "show", state }),
        keep: (origin, id, wav) => origin.keepAnnouncement(id, state, wav, asked.every ?? 60),
      });
      return answer(kept);
    }
    default:
      return refuse(methodNotAllowed("GET, HEAD, PUT, DELETE"));
  }
});

/** `every`: the time from the start of one playback of the announcement to the start of the next, seconds. */
const EVERY_RULE = "it is a whole number of seconds from 10 to 3600";
const Parameters = z.strictObject({
  every: z
    .string()
    .regex(/^\d{2,4}$/, EVERY_RULE)
    .transform(Number)
    .refine((seconds) => seconds >= 10 && seconds <= 3_600, EVERY_RULE)
    .optional(),
});

function stateOf(name: string): AnnouncedState | Problem {
  return ANNOUNCED_STATES.find((state) => state === name) ?? PROBLEMS.noSuchState;
}
