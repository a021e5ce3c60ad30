import type { Problem } from "./problem.ts";

/** What is spoken over a show's hold audio: what crosses the seams between edge, origin and Broadcast. */

/**
 * When it is spoken. `before`: while no host has been heard yet; `interrupted`: one has been, and hold audio sounds again;
 * `after`: the show is over. That one is spoken once, and then the list ends.
 */
export type AnnouncedState = (typeof ANNOUNCED_STATES)[number];
export const ANNOUNCED_STATES = ["before", "interrupted", "after"] as const;

/** What Origin does of it: it takes the WAV in. */
export interface AnnouncementKeeper {
  /**
   * Keeps a WAV file as what broadcast `id` announces in `state`, and has it spoken from then on.
   *
   * @param wav the request's body, read as it comes
   * @param everySeconds from one beginning of it to the next; that of `after` is spoken once
   */
  keepAnnouncement(
    id: string,
    state: AnnouncedState,
    wav: ReadableStream<Uint8Array>,
    everySeconds: number,
  ): Promise<AnnouncementDescription | Problem>;
}

/** What the edge asks a Broadcast for. `drop`: nothing is announced any more. */
export interface AnnouncementAct {
  readonly kind: "show" | "drop";
  readonly state: AnnouncedState;
}

/** What is set for a state: `GET /api/broadcasts/:id/announcements/:state`. */
export interface AnnouncementDescription {
  readonly kind: "announcement-description";
  readonly state: AnnouncedState;
  /** Null where there is none. */
  readonly announcement: {
    /** From one beginning of it to the next, seconds; null where it is spoken once. */
    readonly every: number | null;
    readonly seconds: number;
    /** Integrated, LUFS (EBU R128); null where it is too short or too soft to have one. */
    readonly loudness: number | null;
    /** What it is played with, dB. */
    readonly gainDb: number;
    /** Milliseconds since 1970. */
    readonly setAt: number;
  } | null;
}
