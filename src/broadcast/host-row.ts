import { z } from "zod";
import type { HostSettings } from "../broadcast-api.ts";

/** One host of a broadcast, as the store has it. */
export interface HostRow extends HostSettings {
  readonly hostId: string;
  /** How often its key has been replaced. Not the first host's: that is in the show's row (lifecycle.ts). */
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** What later code adds needs a default, with which rows from before it are read. */
const Row = z.object({
  name: z.string(),
  generation: z.int().nonnegative(),
  muted: z.boolean().default(false),
  gainDb: z.number().default(0),
  level: z.boolean().default(true),
  createdAt: z.number().default(0),
});

/** Reads a host's row. One that is damaged is none: which of its keys is the present one is not known. */
export function readHostRow(json: string, hostId: string): HostRow | null {
  try {
    return { ...Row.parse(JSON.parse(json)), hostId };
  } catch (error) {
    console.warn(`The row of a host can not be read, and its key opens nothing: ${String(error)}`);
    return null;
  }
}
