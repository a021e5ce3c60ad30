import { FIRST_HOST_NAME } from "../status.ts";
import type { KnownStatus } from "./status.ts";

/** What pages say about hosts and listeners. */

/**
 * Says which hosts are heard, by name; empty where no host is heard, as under hold audio, or the only one has the default name. A
 * silent host counts as on the air under hold audio too, and nobody hears it.
 */
export function onAirText({ onAir, line }: Pick<KnownStatus, "onAir" | "line">): string {
  if (line === "hold") return "";
  return onAir.some((name) => name !== FIRST_HOST_NAME) ? `On the air: ${onAir.join(", ")}` : "";
}

/**
 * Says how many listeners there are, rounded to the count's precision, for the beginning or the middle of a sentence. Empty where
 * the count is not known. An uncertain count is marked with "perhaps".
 */
export function crowdText({
  listeners,
  error95,
  confidence,
}: Pick<KnownStatus, "listeners" | "error95" | "confidence">): string {
  if (listeners === null) return "";
  const unsure = listeners * (error95 ?? 0);
  const step = unsure < 1 ? 1 : 10 ** Math.floor(Math.log10(unsure));
  const count = (Math.round(listeners / step) * step).toLocaleString();
  return `${confidence === "low" ? "perhaps" : "about"} ${count} listening`;
}
