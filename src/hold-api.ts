import type { Problem } from "./problem.ts";

/** The producer's own hold audio: what crosses the seams between edge, origin and Broadcast. */

/** What Origin does of it: it takes the WAV in, which the edge has no memory for and the show's clock no time. */
export interface HoldKeeper {
  /**
   * Keeps a WAV file as the hold audio of broadcast `id`, and has it played from then on.
   *
   * @param wav the request's body, read as it comes
   * @param asIs whether it is played as loud as it is, and not levelled
   */
  keepHold(id: string, wav: ReadableStream<Uint8Array>, asIs: boolean): Promise<HoldDescription | Problem>;
}

/** What is set for a broadcast: `GET /api/broadcasts/:id/hold`. */
export interface HoldDescription {
  readonly kind: "hold-description";
  /** What is heard while no host is connected. */
  readonly hold: "default" | "own" | "none";
  /** The producer's own, whether it is what is heard or not; null where there is none. */
  readonly own: {
    readonly seconds: number;
    /** Integrated, LUFS (EBU R128); null where it is too short or too soft to have one. */
    readonly loudness: number | null;
    /** What it is played with, dB. */
    readonly gainDb: number;
    /** Milliseconds since 1970. */
    readonly setAt: number;
  } | null;
}
