/** What to do with a playlist request: answer, hold or refuse (draft-pantos-hls-rfc8216bis-22 section 6.2.5). */

import {
  covers,
  firstPublished,
  isTooFarAhead,
  type LiveEdge,
  later,
  type Position,
  positionAsked,
} from "../live-edge.ts";
import type { Directives } from "../media.ts";

/** `wait`: the request is held until the live edge covers `place`, for three target durations at most (then 503). */
export type Decision =
  | { readonly kind: "ready" }
  | { readonly kind: "wait"; readonly position: Position }
  | { readonly kind: "reject" };

/**
 * Decides on a request for a playlist with this live edge: `ready` is answered at once, `wait` is held and then decided again,
 * `reject` is 400. No list is handed out before the first one from which players can start.
 */
export function decide(edge: LiveEdge, directives: Directives): Decision {
  const asked = positionAsked(edge, directives);
  if (asked !== null && isTooFarAhead(edge, asked)) {
    return { kind: "reject" };
  }
  const first = firstPublished(edge);
  if (!covers(edge, first)) return { kind: "wait", position: asked === null ? first : later(asked, first) };
  return asked === null || covers(edge, asked) ? { kind: "ready" } : { kind: "wait", position: asked };
}
