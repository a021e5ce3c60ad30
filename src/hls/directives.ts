/** What to do with a playlist request: answer, hold or refuse (draft-pantos-hls-rfc8216bis-22 section 6.2.5). */

import { covers, isTooFarAhead, type LiveEdge, type Place, placeAsked } from "../live-edge.ts";
import type { Directives } from "../media.ts";
import { firstPublished } from "./window.ts";

/** `wait`: the request is held until the live edge covers `place`, for three target durations at most (then 503). */
export type Decision =
  | { readonly kind: "ready" }
  | { readonly kind: "wait"; readonly place: Place }
  | { readonly kind: "reject" };

/**
 * Decides on a request for a playlist with this live edge: `ready` is answered at once, `wait` is held and then decided again,
 * `reject` is 400. No list is handed out before the first one from which players can start.
 */
export function decide(edge: LiveEdge, directives: Directives): Decision {
  const asked = placeAsked(edge, directives);
  if (asked !== null && isTooFarAhead(edge, asked)) {
    return { kind: "reject" };
  }
  const first = firstPublished(edge);
  if (!covers(edge, first)) return { kind: "wait", place: asked === null ? first : later(asked, first) };
  return asked === null || covers(edge, asked) ? { kind: "ready" } : { kind: "wait", place: asked };
}

/**
 * Whether these directives are answered with a delta update, which has the segments from `until` on. `until` is null if there is
 * no delta update, as for a list that has ended, where all directives are ignored (section 6.2.5.1). A stale request gets the
 * entire list (section 6.2.5.2: "even if it is no longer in the Playlist"). So does a request for a segment that the delta would
 * skip: its client does not have that segment, and could not merge the delta.
 */
export function isDelta(until: number | null, { skip, msn }: Directives): boolean {
  return skip === true && until !== null && (msn ?? Number.POSITIVE_INFINITY) >= until;
}

function later(a: Place, b: Place): Place {
  return a.msn > b.msn || (a.msn === b.msn && (a.part ?? 0) > (b.part ?? 0)) ? a : b;
}
