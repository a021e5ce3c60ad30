/** A publisher, as far as it matters for whether its place in the show is given to another. */
export interface Candidate {
  readonly session: string;
  /** For how long nothing has come of it. */
  readonly quietMs: number;
  /** Whether anything has ever. */
  readonly phase: "heard" | "connecting";
  /** Whether it has no socket: then it is the SFU that is waited for. */
  readonly isAwaited: boolean;
}

/** Hosts who may be on at the same time. */
export const LIMIT = 8;
/**
 * For how long a host may be quiet on its socket before its place goes to a newcomer: once it was heard, what a dead
 * publisher is noticed by; before, as long as one that never connects is waited for. A hiccup or a slow start must not
 * cost anybody the show, nor must an SFU that is away: who has no socket keeps the place.
 */
const PATIENCE_MS = { heard: 6_000, connecting: 25_000 };
/** The same where every place is taken, socket or none: a host that lost the connection is to be back at once. */
const PATIENCE_IN_A_CROWD_MS = { heard: 1_000, connecting: 5_000 };

/** Whose places go to a newcomer; null where none is free and nobody is quiet. */
export function givingWay(places: readonly Candidate[]): readonly string[] | null {
  const quietest = places.toSorted((one, other) => other.quietMs - one.quietMs);
  const gone = quietest.filter(
    ({ quietMs, phase, isAwaited }) => !isAwaited && quietMs >= PATIENCE_MS[phase],
  );
  if (places.length - gone.length < LIMIT) return gone.map(({ session }) => session);
  const longest = quietest.find(({ quietMs, phase }) => quietMs >= PATIENCE_IN_A_CROWD_MS[phase]);
  return longest === undefined ? null : [longest.session];
}
