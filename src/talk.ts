/**
 * Talk-back, on which hosts hear each other: the messages between a studio and the relay under /talk/. The sound itself goes
 * from the SFU to the studio; only lists of hosts, SDP offers and SDP answers pass through the relay. A talk session is one
 * connection of one studio. A broken one is not repaired but replaced by one with another name.
 */

/** A host that a studio can hear. */
export interface Other {
  /** Names what the host publishes, for as long as it does. It is neither a name of the SFU's nor that of a WHIP session. */
  readonly publication: string;
  /** The host's name, which need not be unique. */
  readonly name: string;
}

/** The other hosts that are on. */
export interface Others {
  /** Changes whenever the answer does. A request that sends the present revision is held until there is another. */
  readonly revision: number;
  readonly others: readonly Other[];
  /** Whether the microphone of the studio's own session feeds back (squeals). While it does, its studio turns the others down. */
  readonly squeals: boolean;
}

/** The answer to a request for publications. */
export interface TalkOffer {
  /** Names this exchange; the studio sends it back with its SDP answer. */
  readonly mutation: string;
  /** An SDP offer, to be answered within {@link ANSWER_MS} of the request; null where nothing is new. */
  readonly offer: string | null;
  readonly tracks: readonly TalkTrack[];
}

/**
 * A publication and the media section of the offer that carries it. `not-yet`: its sound has not reached the SFU, so ask
 * again; `gone`: it is not published any more.
 */
export type TalkTrack =
  | { readonly publication: string; readonly mid: string }
  | { readonly publication: string; readonly error: "not-yet" | "gone" };

/** Time limit from a request for tracks until the SDP answer has been accepted, ms. A session that exceeds it is over. */
export const ANSWER_MS = 15_000;

/** How long a request for the other hosts is held at most, ms. */
export const HELD_MS = 20_000;

/** The most tracks that a talk session has at the same time. */
export const MOST_TRACKS = 8;
