import { backoff } from "./backoff.ts";
import { type Report, readStatus } from "./status.ts";

const EVERY_MS = 5000;
const CEILING_MS = 60_000;
/**
 * Caches may keep an answer for a second. A page that waits for the doors asks again when that is over, after a random time, so
 * that not all ask at once.
 */
const KEPT_MS = 1000;

/**
 * Asks for the broadcast's status about every 5 s, for as long as the page lives, and hands each answer to `tell`. A relay that
 * can not be reached is asked less and less often, down to once a minute. A hidden page does not ask unless it `wants` to know,
 * because somebody listens; it asks again as soon as it is shown. A page that `waits` for a show is told when it begins.
 *
 * @returns a function that asks at once: call it when `wants` or `waits` has changed
 */
export function pollStatus(
  id: string,
  wants: () => boolean,
  tell: (report: Report) => void,
  waits = () => false,
): () => void {
  let misses = 0;
  let timer = 0;
  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden && !wants()) return;
    const report = await readStatus(id, waits());
    misses = report.kind === "status" ? 0 : misses + 1;
    tell(report);
    clearTimeout(timer);
    const [least, most] = waits() ? [1.1 * KEPT_MS, 1.5 * KEPT_MS] : [0.8 * EVERY_MS, 1.2 * EVERY_MS];
    const wait =
      misses === 0 ? least + Math.random() * (most - least) : backoff(misses, EVERY_MS, CEILING_MS);
    timer = window.setTimeout(() => void ask(), wait);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void ask();
  });
  window.addEventListener("online", () => void ask());
  void ask();
  return () => void ask();
}
