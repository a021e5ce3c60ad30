import { FIRST_HOST } from "../access/keys.ts";

/** What decides whether a publisher's place in the show is given to another. */
export interface Candidate {
  readonly session: string;
  readonly hostId: string;
  /** How long nothing has come from it, ms. */
  readonly quietMs: number;
  /** Whether anything has ever come from it. */
  readonly phase: "heard" | "connecting";
  /** Whether it has no socket: then the SFU, and not the host, is late. */
  readonly isAwaited: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A newcomer's claim to a place. */
export interface Claim {
  readonly hostId: string;
  /** Whether it takes a place even if nobody is quiet. */
  readonly takeover: boolean;
}

/** Whether there is a place for a newcomer. */
export type Precedence =
  /** There is, once these sessions have given way. */
  | { readonly kind: "room"; readonly givingWay: readonly string[] }
  /** There is none for `untilMs` milliseconds at least: before that, too few hosts can have been quiet for long enough. */
  | { readonly kind: "full"; readonly untilMs: number };

/**
 * Hosts quiet on their sockets for this long, ms, are the first to give way when every place is taken. `heard`: after this long
 * a publisher counts as dead. `connecting`: as long as the relay waits for a publisher that never connects. A host without a
 * socket is not among them, since an SFU outage may be the cause.
 */
const PATIENCE_MS = { heard: 6_000, connecting: 25_000 };
/** The same for those who give way next, with or without a socket: a host that lost its connection must get back at once. */
const PATIENCE_IN_A_CROWD_MS = { heard: 1_000, connecting: 5_000 };
/** Packets come every 20 ms; a host that is quiet for less than this, ms, has a hiccup. */
const HICCUP_MS = 500;

/**
 * Decides whose places go to a newcomer, if `limit` hosts may be on. While a place is free nobody else gives way, however
 * quiet: a host whose network was away for half a minute goes on when it is back, and many encoders would never connect again.
 * Only a newcomer's own earlier sessions do. Without a
 * free place, as many as necessary give way: hosts that have long been quiet, else hosts that have been quiet for a while, the
 * longest first. A newcomer that takes over does not wait for that: sessions of the same host give way first, then hosts quiet
 * for longer than a hiccup, the longest first, then the oldest sessions.
 */
export function precedence(places: readonly Candidate[], limit: number, claim: Claim): Precedence {
  const needed = places.length - limit + 1;
  const quietest = places.toSorted((one, other) => other.quietMs - one.quietMs);
  const gone = quietest.filter(
    ({ quietMs, phase, isAwaited }) => !isAwaited && quietMs >= PATIENCE_MS[phase],
  );
  // The key of the first host may be used by several people.
  if (needed <= 0) return room(gone.filter(({ hostId }) => hostId === claim.hostId && hostId !== FIRST_HOST));
  if (gone.length >= needed) return room(gone.slice(0, needed));
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

/** Orders sessions by which gives way first when a session of `hostId` takes over. */
function byClaim(hostId: string) {
  const quiet = ({ quietMs }: Candidate) => (quietMs > HICCUP_MS ? quietMs : 0);
  return (one: Candidate, other: Candidate): number =>
    Number(other.hostId === hostId) - Number(one.hostId === hostId) ||
    quiet(other) - quiet(one) ||
    one.createdAt - other.createdAt;
}
