import { backoff } from "./backoff.ts";
import { readStatus, type StatusAnswer } from "./status.ts";

/** The polling interval, ms, and the longest wait between two attempts while the relay can not be reached. */
const EVERY_MS = 5000;
const CEILING_MS = 60_000;
/**
 * The polling interval of a page whose playlist tells the events, ms: for all that is not in it, above all the count. And of one
 * whose show has ended, of which no more is to be learnt than that it has been deleted.
 */
const TOLD_EVERY_MS = 60_000;
/** After this many answers in a row that the show has ended, it has. A single one may be wrong about the replay. */
const SURE_OF_END = 2;
/**
 * Caches may keep an answer for this long, ms. A page that waits for the doors asks again when that is over, after a random
 * time, so that not all pages ask at once.
 */
const KEPT_MS = 1000;

/**
 * Asks for the broadcast's status about every 5 s, for as long as the page lives, and passes each answer to `tell`. While the
 * relay can not be reached, it asks less and less often, down to once a minute. So it does once the show has ended.
 *
 * @param wants whether to ask even while the page is hidden, because somebody listens or speaks. Otherwise a hidden page does not
 *   ask, and asks again as soon as it is shown
 * @param options `waitsForDoors`: whether the page waits for a show to begin; the relay then holds its request until the doors open.
 *   `hasEventsFromPlaylist`: whether the page learns the show's events from its playlist; it then asks about once a minute
 * @returns a function that asks at once: call it when the result of `wants` or `waitsForDoors` has changed
 */
export function pollStatus(
  id: string,
  wants: () => boolean,
  tell: (report: StatusAnswer) => void,
  {
    waitsForDoors = never,
    hasEventsFromPlaylist = never,
  }: { waitsForDoors?: () => boolean; hasEventsFromPlaylist?: () => boolean } = {},
): () => void {
  let misses = 0;
  let timer = 0;
  /** How many answers in a row have said that the show has ended. */
  let endings = 0;
  /** Until then a page that has no need to does not ask, by performance.now(). */
  let toldUntil = 0;
  /** Asks if it is time to. A page that learns the events from its playlist checks about every 5 s whether it still does. */
  const next = () => {
    const isTold = endings >= SURE_OF_END || hasEventsFromPlaylist();
    if (isTold && performance.now() < toldUntil) timer = window.setTimeout(next, spread(EVERY_MS));
    else void ask();
  };
  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden && !wants()) return;
    const report = await readStatus(id, waitsForDoors());
    misses = report.kind === "status" ? 0 : misses + 1;
    endings = report.kind === "status" && report.status.state === "ended" ? endings + 1 : 0;
    tell(report);
    clearTimeout(timer);
    // A page without a status needs one soon, even if its playlist tells the events from then on. That the doors have opened, which
    // the first listener may have done, is not among those.
    const isOpen = report.kind === "status" && report.status.state !== "announced";
    toldUntil = isOpen ? performance.now() + spread(TOLD_EVERY_MS) : 0;
    const regular = waitsForDoors() ? KEPT_MS * (1.1 + 0.4 * Math.random()) : spread(EVERY_MS);
    timer = window.setTimeout(next, misses === 0 ? regular : backoff(misses, EVERY_MS, CEILING_MS));
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void ask();
  });
  window.addEventListener("online", () => void ask());
  void ask();
  return () => void ask();
}

/** Returns a random time within 20 % of `millis`. */
function spread(millis: number): number {
  return millis * (0.8 + 0.4 * Math.random());
}

function never(): boolean {
  return false;
}
