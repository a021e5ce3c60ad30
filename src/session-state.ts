/**
 * What the relay tells a host about its own WHIP session, in headers of its answers to POST (the name alone), GET and HEAD. The
 * relay writes them, the studio reads them.
 */

/** The host's name, percent-encoded. */
export const NAME_HEADER = "Earshot-Host";
/** The warnings that are raised about the session's sound, separated by commas. */
export const WARNINGS_HEADER = "Earshot-Warnings";
/** Whether listeners can hear the session: an {@link Audible}. It is absent where no session was asked for. */
export const AUDIBLE_HEADER = "Earshot-Audible";

/** `not-yet`: nothing of the session's sound has come; `muted`: the producer has muted its host. */
export type Audible = "yes" | "muted" | "not-yet";

/** Reads {@link AUDIBLE_HEADER}; null where the relay does not say. */
export function audibleOf(header: string | null): Audible | null {
  return header === "yes" || header === "muted" || header === "not-yet" ? header : null;
}
