import { SAMPLE_RATE } from "../media.ts";
import type { Life, Running } from "./life.ts";
import { sayFarewell } from "./lifecycle.ts";

/**
 * What it takes beside the announcement itself, milliseconds: the last host goes, hold audio comes in and is alone for 2 s, is
 * turned down and up again, and R2 may be slow.
 */
const AROUND_MS = 5_000;

/**
 * A show that is to end, as it is until what is announced after it has been spoken. Null where nothing would be heard of that, so
 * that it is to end at once: nothing is announced, no hold audio is wanted, it was not live, nobody follows it; and where it has
 * begun to end before.
 */
export function farewellOf(life: Life, hasListeners: boolean, wall: number): Running | null {
  if (life.kind !== "running" || !hasListeners) return null;
  const { state, hold, farewellUntil, announcements } = life.row;
  const { after } = announcements;
  if (after === null || hold === "none" || state !== "live" || farewellUntil !== null) return null;
  const until = wall + (1_000 * after.frames) / SAMPLE_RATE + AROUND_MS;
  return { ...life, row: sayFarewell(life.row, until) };
}
