import { z } from "zod";
import { STANDARD_BITRATE, STANDARD_IDLE_MINUTES } from "../media.ts";

/** What `POST /api/broadcasts` takes. Everything has a default; what is not named here is refused by name. */
export const Settings = z.strictObject({
  title: z.string().trim().min(1).max(200).default("Untitled show"),
  slug: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "a slug is made of a-z, 0-9 and single hyphens between them")
    .max(48)
    .optional(),
  latency: z.enum(["low", "balanced", "economy"]).default("balanced"),
  /** AAC bit rate, bits per second. */
  bitrate: z.int().min(64_000).max(256_000).default(STANDARD_BITRATE),
  /** After how many minutes with neither host nor listener the doors close: a day at the most, since each costs. */
  idleMinutes: z.int().min(1).max(1_440).default(STANDARD_IDLE_MINUTES),
});

/** Why a body is not {@link Settings}: the first field at fault, and what it should be. */
export function faultOf(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "The body is not valid.";
  if (issue.code === "unrecognized_keys") return `There is no field "${issue.keys.join('", "')}".`;
  const field = issue.path.join(".");
  return field === ""
    ? `The body must be a JSON object: ${issue.message}.`
    : `The field "${field}": ${issue.message}.`;
}
