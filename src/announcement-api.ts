import type { Problem } from "./problem.ts";

/** Announcements, which are spoken over a show's hold audio: the types that edge, origin and Broadcast exchange. */

/**
 * When an announcement is spoken. `before`: while no host has been heard yet. `interrupted`: while hold audio plays again after a
 * host has been heard. `after`: once the show is over; it is spoken once, and then the playlist ends.
 */
export type AnnouncedState = (typeof ANNOUNCED_STATES)[number];
export const ANNOUNCED_STATES = ["before", "interrupted", "after"] as const;

/** Origin's part in announcements: it takes in the WAV file. */
export interface AnnouncementKeeper {
  /**
   * Stores a WAV file as the announcement of broadcast `id` for `state`, and has the Broadcast speak it from then on.
   *
   * @param wav the request's body, read as a stream
   * @param everySeconds the time from one start of the announcement to the next; ignored for `after`, which is spoken once
   */
  keepAnnouncement(
    id: string,
    state: AnnouncedState,
    wav: ReadableStream<Uint8Array>,
    everySeconds: number,
  ): Promise<AnnouncementDescription | Problem>;
}

/** What the edge asks a Broadcast to do. `show`: describe the announcement of `state`; `drop`: remove it. */
export interface AnnouncementAct {
  readonly kind: "show" | "drop";
  readonly state: AnnouncedState;
}

/** The announcement that is set for a state: `GET /api/broadcasts/:id/announcements/:state`. */
export interface AnnouncementDescription {
  readonly kind: "announcement-description";
  readonly state: AnnouncedState;
  /** Null where none is set. */
  readonly announcement: {
    /** The time from one start of the announcement to the next, seconds; null where it is spoken once. */
    readonly every: number | null;
    readonly seconds: number;
    /** Integrated loudness, LUFS (EBU R128); null where the sound is too short or too soft to be measured. */
    readonly loudness: number | null;
    /** The gain it is played with, dB. */
    readonly gainDb: number;
    /** When it was set, milliseconds since 1970. */
    readonly setAt: number;
  } | null;
}
