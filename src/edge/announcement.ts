import { Hono } from "hono";
import { z } from "zod";
import { ANNOUNCED_STATES, type AnnouncedState, type AnnouncementAct } from "../announcement-api.ts";
import { patterns } from "../paths.ts";
import { invalidQuery, isProblem, PROBLEMS, type Problem, unfitAnnouncement } from "../problem.ts";
import type { EdgeEnv } from "./env.ts";
import { answerBy } from "./methods.ts";
import { answer, askBroadcast } from "./operator.ts";
import { readParameters } from "./parameters.ts";
import { refuse } from "./refusal.ts";
import { putSound } from "./sound.ts";

/** The operators' routes for announcements over hold audio: set one with a WAV file, describe it, delete it. */
export const announcement = new Hono<{ Bindings: EdgeEnv }>();

announcement.all(patterns.announcement, (c) => {
  const [name, read] = [c.req.param("id"), stateOf(c.req.param("state"))];
  if (read.kind === "problem") return refuse(read);
  const state = read.value;
  const handle = async (act: AnnouncementAct) =>
    answer(await askBroadcast(c.env, name, (broadcast) => broadcast.announcement(act)));
  const show = () => handle({ kind: "show", state });
  const PUT = async () => {
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
  };
  const DELETE = () => handle({ kind: "drop", state });
  return answerBy({ GET: show, HEAD: show, PUT, DELETE }, c.req.method);
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

function stateOf(name: string): { readonly kind: "read"; readonly value: AnnouncedState } | Problem {
  const value = ANNOUNCED_STATES.find((state) => state === name);
  return value === undefined ? PROBLEMS.noSuchState : { kind: "read", value };
}
