import { z } from "zod";

/** Refused in names, which are shown as they are, on one line: line breaks, controls, changes of direction (Unicode UAX 9). */
const NOT_PLAIN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** The settings of a host (broadcast-api.ts), and which values each may have. */
const settings = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .refine((text) => !NOT_PLAIN.test(text), "plain text on one line"),
  muted: z.boolean(),
  gainDb: z.number().min(-24).max(24),
  level: z.boolean(),
};

/** The body of `POST /api/broadcasts/:id/hosts`. */
export const NewHost = z.strictObject({
  name: settings.name,
  muted: settings.muted.default(false),
  gainDb: settings.gainDb.default(0),
  level: settings.level.default(true),
});

/** The body of `PATCH /api/broadcasts/:id/hosts/:hostId`. A setting that is not named stays as it is. */
export const HostChanges = z.strictObject(settings).exactPartial();
