/** What to do with a playlist request: answer, hold or refuse (draft-pantos-hls-rfc8216bis-22 section 6.2.5). */

import { AU_SAMPLES, type Directives, SAMPLE_RATE } from "../media.ts";
import { partsPerSegment } from "./segmenter.ts";
import { firstPublished, lastMsn, published, skippable, type Window } from "./window.ts";

/** `part` is null when whole segments are waited for. A held request is decided again once it is satisfied. */
export interface Wait {
  readonly kind: "wait";
  readonly msn: number;
  readonly part: number | null;
}

export type Decision =
  | { readonly kind: "ready"; readonly skip: boolean }
  | Wait
  | { readonly kind: "reject"; readonly reason: string };

/**
 * Judges a request against the window: `ready` is answered at once (`skip`: with a delta update), `wait` is held for
 * at most three target durations (then 503) until {@link satisfied}, `reject` is 400.
 */
export function decide(window: Window, directives: Directives): Decision {
  // An ended list has nothing to wait for and no delta: all directives are ignored (sections 6.2.5.1, 6.2.5.2).
  if (window.ended) return { kind: "ready", skip: false };
  const { msn } = directives;
  if (msn === undefined) return published(window) ? ready(window, directives) : untilPublished(window);
  const last = lastMsn(window);
  if (msn > last + 2) return reject(`_HLS_msn ${msn} is more than two after the last segment ${last}`);
  if (msn === last + 1 || msn === last + 2) {
    if (exceedsAdvanceLimit(window, msn, directives.part)) return reject("_HLS_part is too far ahead");
  }
  const wait = wanted(window, msn, directives.part);
  if (!satisfied(window, wait)) return published(window) ? wait : later(wait, untilPublished(window));
  return ready(window, directives);
}

/** Whether the window has what `wait` asks for, and may be handed out; everything is satisfied by the end. */
export function satisfied(window: Window, wait: Wait): boolean {
  if (window.ended) return true;
  if (!published(window)) return false;
  if (wait.msn <= lastMsn(window)) return true;
  return wait.part !== null && wait.msn === window.open?.msn && wait.part < window.open.parts.length;
}

/**
 * What a request waits for, as a place on the grid of parts.
 *
 * A list without parts counts whole segments, and a part index means nothing in it. Else a request without a part is
 * for the segment's first: Safari asks so for a new segment, and an early answer makes it spin, one at the segment's
 * end makes it late. A part beyond its segment's last is the next segment's first (section 6.2.5.2).
 */
function wanted(window: Window, msn: number, part: number | undefined): Wait {
  if (!window.profile.lowLatency) return { kind: "wait", msn, part: null };
  return (part ?? 0) < partCount(window, msn)
    ? { kind: "wait", msn, part: part ?? 0 }
    : { kind: "wait", msn: msn + 1, part: 0 };
}

/** How many parts segment `msn` has or will have; one that has left the list had as many as the grid says. */
function partCount(window: Window, msn: number): number {
  return window.segments[msn - window.firstMsn]?.parts.length ?? partsPerSegment(window.profile);
}

/**
 * The Advance Part Limit: three over the part target if that is below a second, else three, in parts after the last
 * one listed; a fraction is rounded up in the client's favour (section 6.2.5.2).
 */
function exceedsAdvanceLimit(window: Window, msn: number, part: number | undefined): boolean {
  if (part === undefined || window.open === null || !window.profile.lowLatency) return false;
  const target = (window.profile.partUnits * AU_SAMPLES) / SAMPLE_RATE;
  const limit = target < 1 ? Math.ceil(3 / target) : 3;
  const newest = window.open.parts.length - 1;
  return (msn - window.open.msn) * partsPerSegment(window.profile) + part - newest > limit;
}

/**
 * A stale request is answered with the entire list (section 6.2.5.2: "even if it is no longer in the Playlist"), and
 * so is one whose segment the delta would skip: who asks for it can not have it, so could not merge the delta.
 */
function ready(window: Window, directives: Directives): Decision {
  const skipped = directives.skip ? skippable(window) : 0;
  const msn = directives.msn ?? Number.POSITIVE_INFINITY;
  return { kind: "ready", skip: skipped > 0 && msn >= window.firstMsn + skipped };
}

/** The first list handed out has three segments: the wait is for the part that closes the third. */
function untilPublished(window: Window): Wait {
  const { msn, part } = firstPublished(window);
  return { kind: "wait", msn, part: window.profile.lowLatency ? part : null };
}

function later(a: Wait, b: Wait): Wait {
  return a.msn > b.msn || (a.msn === b.msn && (a.part ?? 0) > (b.part ?? 0)) ? a : b;
}

function reject(reason: string): Decision {
  return { kind: "reject", reason };
}
