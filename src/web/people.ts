import { FIRST_HOST_NAME } from "../status.ts";
import type { Seen } from "./status.ts";

/** What pages say of who is there. */

/** Who is heard, by name; empty where nobody is, or nobody has been named. */
export function onAirText({ onAir }: Pick<Seen, "onAir">): string {
  return onAir.some((name) => name !== FIRST_HOST_NAME) ? `On the air: ${onAir.join(", ")}` : "";
}

/**
 * How many listen, rounded to what the count is sure of, as the beginning of a sentence or in the middle of one; empty where it
 * is not known. A figure that can not be trusted is said to be so.
 */
export function crowdText({
  listeners,
  error95,
  confidence,
}: Pick<Seen, "listeners" | "error95" | "confidence">): string {
  if (listeners === null) return "";
  const unsure = listeners * (error95 ?? 0);
  const step = unsure < 1 ? 1 : 10 ** Math.floor(Math.log10(unsure));
  const count = (Math.round(listeners / step) * step).toLocaleString();
  return `${confidence === "low" ? "perhaps" : "about"} ${count} listening`;
}
