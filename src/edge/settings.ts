import { z } from "zod";
import {
  MOST_HOSTS,
  STANDARD_BITRATE,
  STANDARD_HOLD_AFTER_SECONDS,
  STANDARD_IDLE_MINUTES,
  STANDARD_RETAIN_DAYS,
} from "../media.ts";

/** The value of `holdOnDeadAirSeconds` when it is given as `true`, seconds. */
const HOLD_ON_DEAD_AIR_SECONDS = 30;

/**
 * The instants that a plan may have, ms since 1970: from 1970 to 2099. Others may have a year of six digits in UTC, which a
 * stored row can not have, and the platform sets no alarm for a time that is far enough away.
 */
const [EARLIEST_MS, LATEST_MS] = [0, Date.UTC(2100, 0, 1) - 1];

/** An instant: ISO 8601 with its offset from UTC. It is converted to UTC. */
const time = z.iso
  .datetime({
    offset: true,
    error: "a time as ISO 8601 has it, with its offset from UTC: 2026-12-01T20:00:00Z",
  })
  .refine((text) => Date.parse(text) >= EARLIEST_MS && Date.parse(text) <= LATEST_MS, {
    error: "a time in the years from 1970 to 2099",
  })
  .transform((text) => new Date(text).toISOString())
  .nullable();

/** The details of a broadcast (broadcast-api.ts), and which values each may have. */
const details = {
  title: z.string().trim().min(1).max(200),
  description: z.string().trim().max(2_000),
  artwork: z
    .url({ protocol: /^https?$/, error: "an http(s) URL" })
    .max(2_000)
    .nullable(),
  language: z.string().max(35).refine(isLanguage, "a language tag as BCP 47 has it: en, pt-BR").nullable(),
  opensAt: time,
  endsAt: time,
  autoOpen: z.boolean(),
  /** After how many minutes with neither host nor listener the doors close. A day at most, since each minute costs. */
  idleMinutes: z.int().min(1).max(1_440),
  /** After how many minutes without a host the show ends. A week at most; null: never. */
  endAfterMinutes: z.int().min(1).max(10_080).nullable(),
  /** After how many days an ended show is removed. Ten years at most; null: never. */
  retainDays: z.int().min(1).max(3_650).nullable(),
  holdOnDeadAirSeconds: z.union(
    [z.literal(true).transform(() => HOLD_ON_DEAD_AIR_SECONDS), z.int().min(10).max(600), z.null()],
    {
      error: "a whole number of seconds from 10 to 600, true for 30, or null",
    },
  ),
  duckSqueal: z.boolean(),
  maxHosts: z.int().min(1).max(MOST_HOSTS),
  hold: z.enum(["default", "own", "none"]),
  holdAfterSeconds: z.int().min(0).max(600),
};

/** The body of `POST /api/broadcasts`. Every field is optional; a field that is not named here is refused by name. */
export const Settings = z.strictObject({
  title: details.title.default("Untitled show"),
  description: details.description.default(""),
  artwork: details.artwork.default(null),
  language: details.language.default(null),
  opensAt: details.opensAt.default(null),
  endsAt: details.endsAt.default(null),
  autoOpen: details.autoOpen.default(true),
  idleMinutes: details.idleMinutes.default(STANDARD_IDLE_MINUTES),
  endAfterMinutes: details.endAfterMinutes.default(null),
  retainDays: details.retainDays.default(STANDARD_RETAIN_DAYS),
  holdOnDeadAirSeconds: details.holdOnDeadAirSeconds.default(null),
  duckSqueal: details.duckSqueal.default(false),
  maxHosts: details.maxHosts.default(MOST_HOSTS),
  // A broadcast can get hold audio of its own only once it exists.
  hold: details.hold.exclude(["own"]).default("default"),
  holdAfterSeconds: details.holdAfterSeconds.default(STANDARD_HOLD_AFTER_SECONDS),
  slug: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "a slug is made of a-z, 0-9 and single hyphens between them")
    .max(48)
    .optional(),
  latency: z.enum(["low", "balanced", "economy"]).default("balanced"),
  /** AAC bit rate, bits per second. */
  bitrate: z.int().min(64_000).max(256_000).default(STANDARD_BITRATE),
});

/** The body of `PATCH /api/broadcasts/:id`: any of the details. */
export const Changes = z.strictObject(details).exactPartial();

/** The settings of a broadcast that can not be changed after its creation. */
const KEPT = ["slug", "latency", "bitrate"];

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** Says why a body is not valid {@link Settings} or {@link Changes}: the first field at fault, and what it should be. */
export function faultOf(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "The body is not valid.";
  if (issue.code === "unrecognized_keys") {
    const kept = issue.keys.find((key) => KEPT.includes(key));
    if (kept !== undefined)
      return `The field "${kept}" can not be changed: a broadcast keeps what it was created with.`;
  }
  if (issue.code === "unrecognized_keys") return `There is no field "${issue.keys.join('", "')}".`;
  const field = issue.path.join(".");
  return field === ""
    ? `The body must be a JSON object: ${issue.message}.`
    : `The field "${field}": ${issue.message}.`;
}
