import { Hono } from "hono";
import { z } from "zod";
import { patterns } from "../paths.ts";
import { isProblem, PROBLEMS, unfitHold } from "../problem.ts";
import type { EdgeEnv } from "./env.ts";
import { answerBy } from "./methods.ts";
import { answer, askBroadcast } from "./operator.ts";
import { readParameters } from "./parameters.ts";
import { refuse } from "./refusal.ts";
import { putSound } from "./sound.ts";

/** The operators' routes for hold audio: set it with a WAV file, describe it, go back to the built-in. */
export const hold = new Hono<{ Bindings: EdgeEnv }>();

hold.all(patterns.hold, (c) => {
  const name = c.req.param("id");
  const show = async () => answer(await askBroadcast(c.env, name, (broadcast) => broadcast.hold()));
  const PUT = async () => {
    const asked = readParameters(new URL(c.req.url).searchParams, Parameters);
    if (isProblem(asked)) return refuse(asked);
    const kept = await putSound(c, name, {
      noFile: unfitHold("There is no file in the body: send a WAV file."),
      notKept: PROBLEMS.holdNotKept,
      find: (broadcast) => broadcast.hold(),
      keep: (origin, id, wav) => origin.keepHold(id, wav, asked.asis),
    });
    return answer(kept);
  };
  const DELETE = async () => answer(await askBroadcast(c.env, name, (broadcast) => broadcast.useHold(null)));
  return answerBy({ GET: show, HEAD: show, PUT, DELETE }, c.req.method);
});

/** `asis=1`: the file is played at its own loudness, and not levelled. */
const Parameters = z.strictObject({
  asis: z
    .enum(["0", "1"], "it is 1 or 0")
    .default("0")
    .transform((asis) => asis === "1"),
});
