import { z } from "zod";
import type { HostSettings } from "../broadcast-api.ts";

/** A host of a broadcast, as stored. */
export interface HostRow extends HostSettings {
  readonly hostId: string;
  /** How often the host's key has been replaced. Not the first host's: that is in the show's row (show-row.ts). */
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A field that is added needs a default, so that rows stored before it can be read. */
const Row = z.object({
  name: z.string(),
  generation: z.int().nonnegative(),
  muted: z.boolean().default(false),
  gainDb: z.number().default(0),
  level: z.boolean().default(true),
  createdAt: z.number().default(0),
});

/** Reads a host's row. Returns null if it is damaged: nobody knows then which of the host's keys is the present one. */
export function readHostRow(json: string, hostId: string): HostRow | null {
  try {
    return { ...Row.parse(JSON.parse(json)), hostId };
  } catch (error) {
    console.warn(`The row of a host can not be read, and its key opens nothing: ${String(error)}`);
    return null;
  }
}
