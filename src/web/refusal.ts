import { readError } from "./relay-error.ts";

/**
 * Why a WHIP session could not be opened. `full`: every place is taken. `refused`: the same request can never succeed. `unreached`:
 * the relay was not reached, or can not do it now, or no media came through. `reason` is a sentence for the host.
 */
export interface Unopened {
  readonly kind: "unopened";
  readonly why: "full" | "refused" | "unreached";
  readonly reason: string;
  /** After how long the relay may accept the same request, ms; null where it does not say. */
  readonly retryAfterMs: number | null;
}

/**
 * What follows on an attempt that failed. `again`: another, after a wait that grows. `wait`: another, after `millis`. `fail`: none,
 * until the host acts.
 */
export type Step = { readonly kind: "again" | "fail" } | { readonly kind: "wait"; readonly millis: number };

/** The longest that a host who joins a full show is left waiting for a place before the page says so, ms. */
const LONGEST_WAIT_MS = 10_000;

/** What a host is told whose key is not one, or has been replaced. */
export const WRONG_KEY = "The host key in this link is wrong. Ask for the studio link again.";
/** What a host is told about an error of the relay's, by its code; about any other, the relay's own message. */
const SENTENCES: Readonly<Record<string, string>> = {
  unauthorized: WRONG_KEY,
  unknown_broadcast: "There is no such broadcast.",
  too_many_hosts: "Every place is taken: another host has to leave first.",
  ended: "This broadcast has ended.",
};

/** Reads an answer to an offer that is not 201. Only the relay itself can refuse for good. */
export async function refusal(response: Response): Promise<Unopened> {
  const { status } = response;
  const error = await readError(response);
  if (error === null) return unreached(`The relay does not answer as it should (${status}).`);
  const { code, message } = error;
  const reason = SENTENCES[code] ?? (message || `The relay refused the connection (${status}).`);
  const retryAfterMs = retryAfter(response);
  if (code === "too_many_hosts") return { kind: "unopened", why: "full", reason, retryAfterMs };
  const isForGood = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  return isForGood ? { kind: "unopened", why: "refused", reason, retryAfterMs } : unreached(reason);
}

/** @param reason a sentence for the host */
export function unreached(reason: string): Unopened {
  return { kind: "unopened", why: "unreached", reason, retryAfterMs: null };
}

/**
 * Decides what follows on an attempt that failed. In a full show, a host that was on the air lost its place to its own previous
 * session or to a takeover, and gets one as soon as one is free. A host that joins tries once more when a host whose connection
 * broke has lost its place.
 *
 * @param wasOn whether the host has been on the air since it pressed the button
 * @param hasWaited whether it has waited for a place since then
 */
export function afterUnopened({ why, retryAfterMs }: Unopened, wasOn: boolean, hasWaited: boolean): Step {
  if (why === "unreached" || (why === "full" && wasOn)) return { kind: "again" };
  const mayWait = why === "full" && !hasWaited && retryAfterMs !== null && retryAfterMs <= LONGEST_WAIT_MS;
  return mayWait ? { kind: "wait", millis: retryAfterMs } : { kind: "fail" };
}

/** Reads Retry-After in its form that the relay uses, seconds; null where there is none. */
function retryAfter({ headers }: Response): number | null {
  const seconds = headers.get("Retry-After");
  return seconds !== null && /^\d+$/.test(seconds) ? Number(seconds) * 1000 : null;
}
