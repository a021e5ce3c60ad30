import { backoff } from "./backoff.ts";
import { type Report, readStatus } from "./status.ts";

const EVERY_MS = 5000;
const CEILING_MS = 60_000;
/** An answer may be kept for a second: who waits for the doors asks again when it is over, and not all at once. */
const KEPT_MS = 1000;

/**
 * Asks for the broadcast's status about every 5 s and hands each answer on. Unreachable relays are asked less and
 * less often, up to once a minute. A hidden page that `wants` nothing (nobody is listening to it) asks nobody;
 * it catches up as soon as it is shown. Of a show that has not begun, a page that `waits` for it is told when it does.
 * Goes on for as long as the page lives.
 *
 * @returns asks at once: call it when what the page wants has changed
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
