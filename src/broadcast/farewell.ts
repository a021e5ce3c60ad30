import { SAMPLE_RATE } from "../media.ts";
import { sayFarewell } from "./lifecycle.ts";
import type { RunningRow } from "./show-row.ts";

/**
 * What a farewell may take beyond the announcement's own length, ms: the last host goes, hold audio comes in and is alone for
 * 2 s, it is turned down and comes up again, and R2 may be slow.
 */
const AROUND_MS = 5_000;

/**
 * Returns the row of a running show that is to end, with its farewell begun: it then says when the show ends, after the
 * announcement `after` has been spoken. Null where nobody would hear one, so that the show must end at once: no such
 * announcement is set, no hold audio is wanted, the show is not live, or nobody listens. Null too once a farewell has begun:
 * the next call ends the show.
 */
export function farewellOf(row: RunningRow, hasListeners: boolean, wall: number): RunningRow | null {
  const { state, hold, farewellUntil, announcements } = row;
  const { after } = announcements;
  if (!hasListeners || after === null || hold === "none" || state !== "live" || farewellUntil !== null)
    return null;
  return sayFarewell(row, wall + (1_000 * after.frames) / SAMPLE_RATE + AROUND_MS);
}
