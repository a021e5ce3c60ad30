/** A publisher, as far as it matters for whether its place in the show is given to another. */
export interface Candidate {
  readonly session: string;
  readonly hostId: string;
  /** For how long nothing has come of it. */
  readonly quietMs: number;
  /** Whether anything has ever. */
  readonly phase: "heard" | "connecting";
  /** Whether it has no socket: then it is the SFU that is waited for. */
  readonly isAwaited: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Who comes. */
export interface Claim {
  readonly hostId: string;
  /** Whether it takes a place also where nobody is quiet. */
  readonly takeover: boolean;
}

/** Whether there is a place for a newcomer. */
export type Precedence =
  /** There is, once these sessions have given way. */
  | { readonly kind: "room"; readonly givingWay: readonly string[] }
  /** There is none, and will be in so many milliseconds at the earliest: when one who falls silent now has been quiet for long enough. */
  | { readonly kind: "full"; readonly untilMs: number };

/**
 * For how long a host may be quiet on its socket before its place goes to a newcomer: once it was heard, what a dead
 * publisher is noticed by; before, as long as one that never connects is waited for. A hiccup or a slow start must not
 * cost anybody the show, nor must an SFU that is away: who has no socket keeps the place.
 */
const PATIENCE_MS = { heard: 6_000, connecting: 25_000 };
/** The same where every place is taken, socket or none: a host that lost the connection is to be back at once. */
const PATIENCE_IN_A_CROWD_MS = { heard: 1_000, connecting: 5_000 };
/** Packets come every 20 ms; who is quiet for less than this has a hiccup. */
const HICCUP_MS = 500;

/**
 * Whose places go to a newcomer, where `limit` hosts may be on. Those go who have long been quiet; where no place is free, those
 * who have been quiet for a while, the longest first. A newcomer that takes over does not wait for that: sessions of the same
 * host go first, then who has been quiet for longer than a hiccup, the longest first, then the oldest sessions.
 */
export function precedence(places: readonly Candidate[], limit: number, claim: Claim): Precedence {
  const needed = places.length - limit + 1;
  const quietest = places.toSorted((one, other) => other.quietMs - one.quietMs);
  const gone = quietest.filter(
    ({ quietMs, phase, isAwaited }) => !isAwaited && quietMs >= PATIENCE_MS[phase],
  );
  if (gone.length >= needed) return room(gone);
  const patienceLeft = ({ quietMs, phase }: Candidate) => PATIENCE_IN_A_CROWD_MS[phase] - quietMs;
  const quiet = quietest.filter((place) => patienceLeft(place) <= 0);
  if (quiet.length >= needed) return room(quiet.slice(0, needed));
  if (claim.takeover) return room(places.toSorted(byClaim(claim.hostId)).slice(0, needed));
  const left = places.map(patienceLeft).toSorted((one, other) => one - other);
  return { kind: "full", untilMs: left[needed - 1] ?? 0 };
}

function room(places: readonly Candidate[]): Precedence {
  return { kind: "room", givingWay: places.map(({ session }) => session) };
}

/** Who goes first for a session of `hostId` that takes over. */
function byClaim(hostId: string) {
  const quiet = ({ quietMs }: Candidate) => (quietMs > HICCUP_MS ? quietMs : 0);
  return (one: Candidate, other: Candidate): number =>
    Number(other.hostId === hostId) - Number(one.hostId === hostId) ||
    quiet(other) - quiet(one) ||
    one.createdAt - other.createdAt;
}
