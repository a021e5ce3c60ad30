import type { Warning } from "../events.ts";
import { AUDIBLE_HEADER, type Audible, audibleOf, NAME_HEADER, WARNINGS_HEADER } from "../session-state.ts";
import { readError } from "./relay-error.ts";
import { readWarnings } from "./warnings.ts";

/** What the relay says of a host, or of a WHIP session, when it is asked. */
export type Look =
  /**
   * `name`: the host's name. `warnings`: what the relay finds wrong with its sound. `audible`: whether listeners can hear the session;
   * null where no session was asked for.
   */
  | {
      readonly kind: "there";
      readonly name: string;
      readonly warnings: readonly Warning[];
      readonly audible: Audible | null;
    }
  /** The relay has dropped the session, or the key is not valid any more; `code` is that of its error. */
  | { readonly kind: "gone"; readonly code: string }
  /** The relay did not answer: it is unknown what it would have said. */
  | { readonly kind: "unknown" };

/** Timeout for a look, ms. It is shorter than the interval between looks (sender.ts), so that their answers come in order. */
const LOOK_MS = 4_000;

/**
 * Asks the relay about a WHIP session by its URL, or about the host with this key by the WHIP endpoint. It asks by GET, because an
 * answer to HEAD has no body, and only the body tells the relay's refusal from another server's.
 */
export async function look(url: string, key: string): Promise<Look> {
  const response = await fetch(url, {
    headers: { Authorization: `Bearer ${key}` },
    cache: "no-store",
    signal: AbortSignal.timeout(LOOK_MS),
  }).catch(() => null);
  return response === null ? { kind: "unknown" } : readLook(response);
}

/** Reads the answer to a look. An answer that is not the relay's is `unknown`, whatever its status. */
export async function readLook(response: Response): Promise<Look> {
  const { headers, status } = response;
  const name = readName(response);
  if (response.ok && name !== null) {
    const warnings = readWarnings(headers.get(WARNINGS_HEADER));
    return { kind: "there", name, warnings, audible: audibleOf(headers.get(AUDIBLE_HEADER)) };
  }
  if (![401, 403, 404, 410].includes(status)) return { kind: "unknown" };
  const error = await readError(response);
  return error === null ? { kind: "unknown" } : { kind: "gone", code: error.code };
}

/** Reads the host's name from an answer; null where it has none. */
export function readName({ headers }: Response): string | null {
  const name = headers.get(NAME_HEADER);
  return name === null ? null : decodeURIComponent(name);
}
