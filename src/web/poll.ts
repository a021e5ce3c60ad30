import { backoff } from "./backoff.ts";
import { type Report, readStatus } from "./status.ts";

const EVERY_MS = 5000;
const CEILING_MS = 60_000;

/**
 * Asks for the broadcast's status about every 5 s and hands each answer on. Unreachable relays are asked less and
 * less often, up to once a minute. A hidden page that `wants` nothing (nobody is listening to it) asks nobody;
 * it catches up as soon as it is shown. Goes on for as long as the page lives.
 */
export function pollStatus(id: string, wants: () => boolean, tell: (report: Report) => void): void {
  let misses = 0;
  let timer = 0;
  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden && !wants()) return;
    const report = await readStatus(id);
    misses = report.kind === "status" ? 0 : misses + 1;
    tell(report);
    clearTimeout(timer);
    const wait =
      misses === 0 ? EVERY_MS * (0.8 + Math.random() * 0.4) : backoff(misses, EVERY_MS, CEILING_MS);
    timer = window.setTimeout(() => void ask(), wait);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void ask();
  });
  window.addEventListener("online", () => void ask());
  void ask();
}
