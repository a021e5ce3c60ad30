import { z } from "zod";
import { jsonOf } from "../json.ts";
import {
  MOST_HOSTS,
  PROFILES,
  STANDARD_BITRATE,
  STANDARD_HOLD_AFTER_SECONDS,
  STANDARD_IDLE_MINUTES,
  samples,
} from "../media.ts";
import { NO_ANNOUNCEMENTS, type ShowRow, type TimelineRow } from "./show-row.ts";

/** Reads a show's row from JSON that this or any earlier deploy wrote. show-row.ts has the row as code uses it. */

const units = z.int().positive();
const Profile = z
  .object({
    latency: z.enum(["low", "balanced", "economy"]),
    partUnits: units,
    segmentUnits: units,
    targetDuration: units,
    lowLatency: z.boolean(),
  })
  .refine(({ partUnits, segmentUnits }) => segmentUnits % partUnits === 0);
const Timeline = z.object({
  epoch: z.string().regex(/^[0-9a-z]{6,12}$/),
  startedAt: z.number(),
  profile: Profile.optional(),
  fromMsn: z.int().nonnegative().optional(),
});
const state = z.enum(["announced", "open", "live", "ended"]);
const latency = z.enum(["low", "balanced", "economy"]);
const bitrate = z.int().positive();
const generation = z.int().nonnegative();
const anew = z.object({ at: z.number(), why: z.string() });
const text = z.string();
const time = z.iso.datetime();
const minutes = z.number().positive();
const hold = z.enum(["default", "own", "none"]);
const days = z.int().positive();
const seconds = z.number().nonnegative();
const maxHosts = z.int().min(1).max(MOST_HOSTS);
const held = z.object({ from: z.int().nonnegative().transform(samples), isOn: z.boolean() });
const kept = z.object({
  version: z.string().regex(/^[0-9a-z]+$/),
  frames: units,
  loudness: z.number().nullable(),
  gainDb: z.number(),
  setAt: z.number(),
});
const ownHold = kept.extend({ loopFrom: z.int().nonnegative() });
const announcement = kept.extend({ everySeconds: z.number().positive() }).nullable().catch(null);
const announcements = z.object({
  before: announcement,
  interrupted: announcement,
  after: announcement.default(null),
});

/** Fields that were added later have a default, so that older rows can be read. */
const facts = {
  id: z.string().min(1),
  title: text,
  description: text.default(""),
  artwork: text.nullable().default(null),
  language: text.nullable().default(null),
  // An earlier deploy accepted times that can not be read back. Such a time is dropped, and the rest of the row stays.
  opensAt: time.nullable().catch(null),
  endsAt: time.nullable().catch(null),
  autoOpen: z.boolean().default(false),
  latency,
  bitrate,
  createdAt: z.number(),
  idleMinutes: minutes.default(STANDARD_IDLE_MINUTES),
  endAfterMinutes: minutes.nullable().default(null),
  // A show older than this field is kept: nobody was told that it would be removed.
  retainDays: days.nullable().default(null),
  holdOnDeadAirSeconds: seconds.nullable().default(null),
  duckSqueal: z.boolean().default(false),
  maxHosts: maxHosts.default(MOST_HOSTS),
  hold: hold.default("default"),
  holdAfterSeconds: seconds.default(STANDARD_HOLD_AFTER_SECONDS),
  held: held.nullable().default(null),
  ownHold: ownHold.nullable().default(null),
  announcements: announcements.default(NO_ANNOUNCEMENTS),
  keyGeneration: generation.default(0),
  hostsLeftAt: z.number().nullable().default(null),
  farewellUntil: z.number().nullable().default(null),
  lateFor: time.nullable().catch(null),
  anew: anew.nullable().default(null),
};
const Row = z.discriminatedUnion("state", [
  z.object({ ...facts, state: z.literal("announced"), timeline: z.null(), endedAt: z.null() }),
  z.object({ ...facts, state: z.enum(["open", "live"]), timeline: Timeline, endedAt: z.null() }),
  z.object({
    ...facts,
    state: z.literal("ended"),
    timeline: Timeline.nullable(),
    endedAt: z.number().nullable(),
  }),
]);

/** Reads a damaged row field by field; a field that cannot be read gets a default. */
const Damaged = z.object({
  title: text.catch("Untitled show"),
  description: text.catch(""),
  artwork: text.nullable().catch(null),
  language: text.nullable().catch(null),
  opensAt: time.nullable().catch(null),
  endsAt: time.nullable().catch(null),
  autoOpen: z.boolean().catch(false),
  latency: latency.catch("balanced"),
  bitrate: bitrate.catch(STANDARD_BITRATE),
  createdAt: z.number().catch(0),
  state: state.catch("announced"),
  endedAt: z.number().nullable().catch(null),
  idleMinutes: minutes.catch(STANDARD_IDLE_MINUTES),
  endAfterMinutes: minutes.nullable().catch(null),
  retainDays: days.nullable().catch(null),
  holdOnDeadAirSeconds: seconds.nullable().catch(null),
  duckSqueal: z.boolean().catch(false),
  maxHosts: maxHosts.catch(MOST_HOSTS),
  hold: hold.catch("default"),
  holdAfterSeconds: seconds.catch(STANDARD_HOLD_AFTER_SECONDS),
  ownHold: ownHold.nullable().catch(null),
  announcements: announcements.catch(NO_ANNOUNCEMENTS),
  keyGeneration: generation.catch(0),
  hostsLeftAt: z.number().nullable().catch(null),
  lateFor: time.nullable().catch(null),
});

/** Reads a timeline's profile. Null where it can not be read. */
export function readProfile(json: string): z.infer<typeof Profile> | null {
  return Profile.safeParse(jsonOf(json)).data ?? null;
}

/** Reads the row of show `id`. A damaged row loses its timeline: where that stands is unknown. */
export function readRow(json: string, id: string): Stored {
  const parsed = jsonOf(json);
  const whole = Row.safeParse(parsed);
  if (whole.success) return { kind: "whole", row: rowOf(whole.data) };
  const { state: was, endedAt, ...rest } = Damaged.safeParse(parsed).data ?? Damaged.parse({});
  const facts = { ...rest, id, timeline: null, held: null, farewellUntil: null, anew: null };
  const row: ShowRow =
    was === "ended" ? { ...facts, state: "ended", endedAt } : { ...facts, state: "announced", endedAt: null };
  return { kind: "damaged", row, wasRunning: was === "open" || was === "live" };
}

/** Returns the row as code uses it. A timeline stored without its profile began with the profile of the show's latency. */
function rowOf(row: z.infer<typeof Row>): ShowRow {
  const withProfile = ({ epoch, startedAt, profile, fromMsn }: z.infer<typeof Timeline>): TimelineRow => ({
    epoch,
    startedAt,
    ...(fromMsn !== undefined && { fromMsn }),
    profile: profile ?? PROFILES[row.latency],
  });
  switch (row.state) {
    case "announced":
      return row;
    case "open":
    case "live":
      return { ...row, timeline: withProfile(row.timeline) };
    case "ended":
      return { ...row, timeline: row.timeline === null ? null : withProfile(row.timeline) };
  }
}

/** A stored show, as read from its row. */
export type Stored =
  | { readonly kind: "whole"; readonly row: ShowRow }
  | { readonly kind: "damaged"; readonly row: ShowRow; readonly wasRunning: boolean };
