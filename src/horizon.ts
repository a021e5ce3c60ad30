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
  /** The wall clock at the end of the newest part, milliseconds since 1970. */
  readonly endsAt: number;
}

/** The header's name; between origin and edge alone. */
export const HORIZON_HEADER = "earshot-horizon";

/** What to do with a request for a show whose horizon is known. */
export type Verdict = "ask" | "other-epoch" | "no-such-media" | "too-far-ahead";

/** How far two clocks of the platform are taken to differ at most. */
const SKEW_MILLIS = 1_000;
/** Segments whose parts may still be asked for after they have left the playlist: 3 target durations are two. */
const GRACE_SEGMENTS = 4;

const FORM = /^([0-9a-z]{6,12});(live|ended);(\d+);(-?\d+);(\d+);(\d+);(\d+);(parts|segments);(\d+)$/;

export function writeHorizon(horizon: Horizon): string {
  const { firstMsn, lastMsn, openParts, partsPerSegment, partMillis } = horizon;
  const numbers = [firstMsn, lastMsn, openParts, partsPerSegment, partMillis];
  const [state, kind] = [horizon.ended ? "ended" : "live", horizon.listsParts ? "parts" : "segments"];
  return [horizon.epoch, state, ...numbers, kind, Math.round(horizon.endsAt)].join(";");
}

/** Reads the header; null where it is absent or another version's. */
export function readHorizon(header: string | null): Horizon | null {
  const match = FORM.exec(header ?? "");
  if (match === null) return null;
  const numbers = match.slice(3, 8).map(Number);
  const [firstMsn = 0, lastMsn = 0, openParts = 0, partsPerSegment = 0, partMillis = 0] = numbers;
  const [epoch = "", state] = match.slice(1);
  const [ended, listsParts] = [state === "ended", match[8] === "parts"];
  const endsAt = Number(match[9]);
  return { epoch, ended, firstMsn, lastMsn, openParts, partsPerSegment, partMillis, listsParts, endsAt };
}

/**
 * Judges a request at wall-clock time `now`. The timeline is a real-time clock, so a horizon of a while ago still tells
 * how far the show can have come since; whatever may be there by now is to be asked for.
 */
export function judge(horizon: Horizon, target: Target, now: number): Verdict {
  if (!("epoch" in target)) return "ask";
  if (target.epoch !== horizon.epoch) return "other-epoch";
  const { partsPerSegment } = horizon;
  const parts = possibleParts(horizon, now);
  switch (target.kind) {
    case "init":
      return "ask";
    case "playlist": {
      // Judged is what would be asked: the origin's refusals are origin reads like any other.
      const { msn, part } = canonicalDirectives(horizon, target.directives);
      if (msn === undefined) return "ask";
      // RFC 8216bis section 6.2.5.2: more than two segments after the last one is refused, and so is a part too far ahead.
      if (msn > Math.floor(parts / partsPerSegment) + 1) return "too-far-ahead";
      if (part === undefined) return "ask";
      return msn * partsPerSegment + part - (parts - 1) > advanceLimit(horizon) ? "too-far-ahead" : "ask";
    }
    case "segment":
      return (horizon.ended ? target.msn <= horizon.lastMsn : (target.msn + 1) * partsPerSegment <= parts)
        ? "ask"
        : "no-such-media";
    case "part": {
      const isNamed = target.index < partsPerSegment && target.msn >= horizon.firstMsn - GRACE_SEGMENTS;
      // The next part may be asked for ahead (EXT-X-PRELOAD-HINT); after the end there is none.
      const isPossible = horizon.ended
        ? target.msn <= horizon.lastMsn
        : target.msn * partsPerSegment + target.index <= parts;
      return isNamed && isPossible ? "ask" : "no-such-media";
    }
  }
}

/** How long ago media ended, by the show's clock, in milliseconds at the most; below zero for what is yet to come. */
export function ageOf(horizon: Horizon, media: Media, now: number): number {
  const { partsPerSegment, partMillis } = horizon;
  const ended =
    media.kind === "part" ? media.msn * partsPerSegment + media.index + 1 : (media.msn + 1) * partsPerSegment;
  return (possibleParts(horizon, now) - ended) * partMillis;
}

type Media = Extract<Target, { kind: "part" | "segment" }>;

/** The Advance Part Limit: three seconds of parts, rounded up in the client's favour, or three (section 6.2.5.2). */
function advanceLimit({ partMillis }: Horizon): number {
  return partMillis < 1_000 ? Math.ceil(3_000 / partMillis) : 3;
}

/** How many parts the show can have listed by `now`, from its first on; its clock and ours may differ by a little. */
function possibleParts(
  { lastMsn, openParts, partsPerSegment, partMillis, endsAt }: Horizon,
  now: number,
): number {
  const since = Math.max(0, Math.floor((now + SKEW_MILLIS - endsAt) / partMillis));
  return (lastMsn + 1) * partsPerSegment + openParts + since;
}

/**
 * The one form of directives that mean the same (section 6.2.5.2): a part beyond its segment's last is the next
 * segment's first; a segment without a part is for its first; a skip is dropped, since no list offers deltas; and an
 * ended list has nothing to wait for.
 */
export function canonicalDirectives(horizon: Horizon, { msn, part }: Directives): Directives {
  if (msn === undefined || horizon.ended) return {};
  if (!horizon.listsParts) return { msn };
  return (part ?? 0) >= horizon.partsPerSegment ? { msn: msn + 1, part: 0 } : { msn, part: part ?? 0 };
}

/** Whether a list with this horizon holds what canonical directives ask for. */
export function covers(horizon: Horizon, { msn, part }: Directives): boolean {
  if (msn === undefined || horizon.ended || msn <= horizon.lastMsn) return true;
  return part !== undefined && msn === horizon.lastMsn + 1 && part < horizon.openParts;
}

/** The directives that ask for a list at least as new as this horizon. */
export function newest({ lastMsn, openParts, partsPerSegment, listsParts }: Horizon): Directives {
  if (!listsParts) return { msn: lastMsn };
  return openParts > 0
    ? { msn: lastMsn + 1, part: openParts - 1 }
    : { msn: lastMsn, part: partsPerSegment - 1 };
}

/** Whether a list with horizon `a` is at least as new as one with `b`. */
export function isAsNew(a: Horizon, b: Horizon): boolean {
  if (a.epoch !== b.epoch) return a.epoch > b.epoch;
  return a.ended || a.lastMsn > b.lastMsn || (a.lastMsn === b.lastMsn && a.openParts >= b.openParts);
}

/** The horizon once media of this timeline has been had: what there is of it, lists that are asked for from now on have. */
export function reached(horizon: Horizon, target: Target): Horizon {
  if ((target.kind !== "part" && target.kind !== "segment") || target.epoch !== horizon.epoch) return horizon;
  const { partsPerSegment, partMillis, endsAt } = horizon;
  const parts = target.msn * partsPerSegment + (target.kind === "part" ? target.index + 1 : partsPerSegment);
  const ahead = parts - (horizon.lastMsn + 1) * partsPerSegment - horizon.openParts;
  if (horizon.ended || ahead <= 0) return horizon;
  return {
    ...horizon,
    lastMsn: Math.floor(parts / partsPerSegment) - 1,
    openParts: parts % partsPerSegment,
    endsAt: endsAt + ahead * partMillis,
  };
}
