/**
 * Talk-back, by which hosts hear each other: what crosses between a studio and the relay under /talk/. The sound itself goes
 * from the SFU to the studio; only who is there, offers and answers come by here. A talk session is one connection of one
 * studio; it is not mended but replaced, and then its name is another.
 */

/** One whom a studio can hear. */
export interface Other {
  /** The name of what they publish, for as long as they do; never the SFU's, nor that of a WHIP session. */
  readonly publication: string;
  /** What they are called. Several may be called the same. */
  readonly name: string;
}

/** Who else is on. */
export interface Others {
  /** Another number for another list. Who sends the one that it has is answered once there is another. */
  readonly revision: number;
  readonly others: readonly Other[];
  /** Whether the microphone of who asks squeals: what it hears of the others is to be lowered for as long as it does. */
  readonly squeals: boolean;
}

/** What comes of asking for publications. */
export interface TalkOffer {
  /** Names the exchange that the answer belongs to. */
  readonly mutation: string;
  /** SDP, to be answered within {@link ANSWER_MS} of the question; null where nothing is new. */
  readonly offer: string | null;
  readonly tracks: readonly TalkTrack[];
}

/**
 * A publication, with the section of the offer that it comes on. `not-yet`: its sound is not at the SFU yet, so ask again;
 * `gone`: nobody publishes it any more.
 */
export type TalkTrack =
  | { readonly publication: string; readonly mid: string }
  | { readonly publication: string; readonly error: "not-yet" | "gone" };

/** From the question for tracks until their answer has been taken, milliseconds. A session that takes longer is over. */
export const ANSWER_MS = 15_000;

/** How long a question for who else is on is held, milliseconds. */
export const HELD_MS = 20_000;

/** Tracks that a talk session has at most at the same time. */
export const MOST_TRACKS = 8;
