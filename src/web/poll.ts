import { backoff } from "./backoff.ts";
import { type Report, readStatus } from "./status.ts";

const EVERY_MS = 5000;
const CEILING_MS = 60_000;
/** How often a page asks that is told by the playlist what happens: for what is not in it, the count above all. */
const TOLD_EVERY_MS = 60_000;
/**
 * Caches may keep an answer for a second. A page that waits for the doors asks again when that is over, after a random time, so
 * that not all ask at once.
 */
const KEPT_MS = 1000;

/**
 * Asks for the broadcast's status about every 5 s, for as long as the page lives, and hands each answer to `tell`. A relay that
 * can not be reached is asked less and less often, down to once a minute. A hidden page does not ask unless it `wants` to know,
 * because somebody listens; it asks again as soon as it is shown. A page that `waits` for a show is told when it begins. One that
 * `isTold` otherwise what happens asks about once a minute.
 *
 * @returns a function that asks at once: call it when `wants` or `waits` has changed
 */
export function pollStatus(
  id: string,
  wants: () => boolean,
  tell: (report: Report) => void,
  { waits = never, isTold = never }: { waits?: () => boolean; isTold?: () => boolean } = {},
): () => void {
  let misses = 0;
  let timer = 0;
  /** Before then a page that is told what happens does not ask, by performance.now(). */
  let toldUntil = 0;
  /** It is looked after this often whether the page is still told. */
  const next = () => {
    if (isTold() && performance.now() < toldUntil) timer = window.setTimeout(next, spread(EVERY_MS));
    else void ask();
  };
  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden && !wants()) return;
    const report = await readStatus(id, waits());
    misses = report.kind === "status" ? 0 : misses + 1;
    tell(report);
    clearTimeout(timer);
    toldUntil = performance.now() + spread(TOLD_EVERY_MS);
    const regular = waits() ? KEPT_MS * (1.1 + 0.4 * Math.random()) : spread(EVERY_MS);
    timer = window.setTimeout(next, misses === 0 ? regular : backoff(misses, EVERY_MS, CEILING_MS));
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void ask();
  });
  window.addEventListener("online", () => void ask());
  void ask();
  return () => void ask();
}

/** A time of about so long. */
function spread(millis: number): number {
  return millis * (0.8 + 0.4 * Math.random());
}

function never(): boolean {
  return false;
}
