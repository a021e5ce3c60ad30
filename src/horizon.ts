import type { Directives } from "./media.ts";
import type { Target } from "./paths.ts";

/**
 * A show's live edge in one header: the origin writes it on every playlist, the edge reads it and can then refuse what
 * can not be there, and bring what means the same into one form, without asking.
 */
export interface Horizon {
  readonly epoch: string;
  readonly ended: boolean;
  /** Of the first listed segment. */
  readonly firstMsn: number;
  /** Of the last finished segment; one less than `firstMsn` while there is none. */
  readonly lastMsn: number;
  /** Parts of the segment being made. */
  readonly openParts: number;
  /** Parts in a whole segment. */
  readonly partsPerSegment: number;
  /** Milliseconds in a part. */
  readonly partMillis: number;
  /** Whether playlists list parts, or whole segments only. */
  readonly listsParts: boolean;
}

/** The header's name; between origin and edge alone. */
export const HORIZON_HEADER = "earshot-horizon";

/** What to do with a request for a show whose horizon is known. */
export type Verdict = "ask" | "other-epoch" | "no-such-media" | "too-far-ahead";

/** Segments whose parts may still be asked for after they have left the playlist: 3 target durations are two. */
const GRACE_SEGMENTS = 4;

const FORM = /^([0-9a-z]{6,12});(live|ended);(\d+);(-?\d+);(\d+);(\d+);(\d+);(parts|segments)$/;

export function writeHorizon(horizon: Horizon): string {
  const { epoch, ended, firstMsn, lastMsn, openParts, partsPerSegment, partMillis, listsParts } = horizon;
  const numbers = [firstMsn, lastMsn, openParts, partsPerSegment, partMillis];
  return [epoch, ended ? "ended" : "live", ...numbers, listsParts ? "parts" : "segments"].join(";");
}

/** Reads the header; null where it is absent or another version's. */
export function readHorizon(header: string | null): Horizon | null {
  const match = FORM.exec(header ?? "");
  if (match === null) return null;
  const numbers = match.slice(3, 8).map(Number);
  const [firstMsn = 0, lastMsn = 0, openParts = 0, partsPerSegment = 0, partMillis = 0] = numbers;
  const [epoch = "", state] = match.slice(1);
  const [ended, listsParts] = [state === "ended", match[8] === "parts"];
  return { epoch, ended, firstMsn, lastMsn, openParts, partsPerSegment, partMillis, listsParts };
}

/**
 * Judges a request. A horizon that is behind the show refuses too much, never too little: bring it up to date before a
 * refusal is believed.
 */
export function judge(horizon: Horizon, target: Target): Verdict {
  if (!("epoch" in target)) return "ask";
  if (target.epoch !== horizon.epoch) return "other-epoch";
  switch (target.kind) {
    case "init":
      return "ask";
    case "playlist": {
      // RFC 8216bis section 6.2.5.2: more than two segments ahead is refused.
      const { msn } = target.directives;
      return !horizon.ended && msn !== undefined && msn > horizon.lastMsn + 2 ? "too-far-ahead" : "ask";
    }
    case "segment":
      return target.msn > horizon.lastMsn ? "no-such-media" : "ask";
    case "part":
      return isPossible(horizon, target.msn, target.index) ? "ask" : "no-such-media";
  }
}

/** Whether a part is there, or is the next one, which may be asked for ahead (EXT-X-PRELOAD-HINT). */
function isPossible(horizon: Horizon, msn: number, index: number): boolean {
  if (index >= horizon.partsPerSegment || msn < horizon.firstMsn - GRACE_SEGMENTS) return false;
  if (msn <= horizon.lastMsn) return true;
  return !horizon.ended && msn === horizon.lastMsn + 1 && index <= horizon.openParts;
}

/**
 * The one form of directives that mean the same (section 6.2.5.2): none, where the newest list will do; a part beyond
 * its segment's last is the next segment's first; a segment without a part is for its first; and a skip is dropped,
 * since no list offers deltas.
 */
export function canonicalDirectives(horizon: Horizon, { msn, part }: Directives): Directives {
  if (msn === undefined || horizon.ended) return {};
  if (!horizon.listsParts) return msn <= horizon.lastMsn ? {} : { msn };
  const isBeyond = (part ?? 0) >= horizon.partsPerSegment;
  const wanted = isBeyond ? { msn: msn + 1, part: 0 } : { msn, part: part ?? 0 };
  const isListed =
    wanted.msn <= horizon.lastMsn || (wanted.msn === horizon.lastMsn + 1 && wanted.part < horizon.openParts);
  return isListed ? {} : wanted;
}
