import type { Problem } from "./problem.ts";

/** The producer's own hold audio: the types that edge, origin and Broadcast exchange. */

/** Origin takes in the WAV file: the edge lacks the memory for it, and converting it in the Broadcast would delay the show. */
export interface HoldKeeper {
  /**
   * Stores a WAV file as the hold audio of broadcast `id`, and has the Broadcast play it from then on.
   *
   * @param wav the request's body, read as a stream
   * @param asIs whether it is played at its own loudness, without levelling
   */
  keepHold(id: string, wav: ReadableStream<Uint8Array>, asIs: boolean): Promise<HoldDescription | Problem>;
}

/** The hold audio settings of a broadcast: `GET /api/broadcasts/:id/hold`. */
export interface HoldDescription {
  readonly kind: "hold-description";
  /** Which hold audio plays while no host is connected. */
  readonly hold: "default" | "own" | "none";
  /** The producer's own hold audio, whether it is in use or not; null where there is none. */
  readonly own: {
    readonly seconds: number;
    /** Integrated loudness, LUFS (EBU R128); null where the sound is too short or too soft to be measured. */
    readonly loudness: number | null;
    /** The gain it is played with, dB. */
    readonly gainDb: number;
    /** When it was set, milliseconds since 1970. */
    readonly setAt: number;
  } | null;
}
