import { readError } from "./relay-error.ts";

/**
 * Why a WHIP session could not be opened. `full`: every place is taken. `refused`: the same request can never succeed. `unreached`:
 * the relay was not reached, or can not do it now, or no media came through. `reason` is a sentence for the host.
 */
export interface Unopened {
  readonly kind: "unopened";
  readonly why: "full" | "refused" | "unreached";
  readonly reason: string;
}

/** What a host is told whose key is not one, or has been replaced. */
export const WRONG_KEY = "The host key in this link is wrong. Ask for the studio link again.";
/** What a host is told about an error of the relay's, by its code; about any other, the relay's own message. */
const SENTENCES: Readonly<Record<string, string>> = {
  unauthorized: WRONG_KEY,
  unknown_broadcast: "There is no such broadcast.",
  too_many_hosts: "Every seat is taken: another host has to leave first.",
  ended: "This broadcast has ended.",
};

/** Reads an answer to an offer that is not 201. Only the relay itself can refuse for good. */
export async function refusal(response: Response): Promise<Unopened> {
  const { status } = response;
  const error = await readError(response);
  if (error === null) return unreached(`The relay does not answer as it should (${status}).`);
  const { code, message } = error;
  const reason = SENTENCES[code] ?? (message || `The relay refused the connection (${status}).`);
  if (code === "too_many_hosts") return { kind: "unopened", why: "full", reason };
  const isForGood = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  return isForGood ? { kind: "unopened", why: "refused", reason } : unreached(reason);
}

/** @param reason a sentence for the host */
export function unreached(reason: string): Unopened {
  return { kind: "unopened", why: "unreached", reason };
}
