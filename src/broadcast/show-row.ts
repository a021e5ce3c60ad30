import type { AnnouncedState } from "../announcement-api.ts";
import type { Details } from "../broadcast-api.ts";
import type { Latency, Profile, Samples } from "../media.ts";

/**
 * The state of a show, as stored in its row: announced -> open -> live -> ended. The timeline runs from open to ended, whatever
 * hosts do, with one exception: when nobody is there, the doors close and the show is announced again. There is no way back
 * from ended. These are the shapes alone: lifecycle.ts has the steps from one to the next, stored-show.ts reads rows that
 * any deploy has stored.
 */
export type ShowRow = AnnouncedRow | RunningRow | EndedRow;

/** The doors are closed: they have not opened yet, or closed because nobody was there. */
export interface AnnouncedRow extends Facts {
  readonly state: "announced";
  readonly timeline: null;
  readonly endedAt: null;
}

/** The timeline runs. The show is open, and live as soon as the first host has been heard. */
export interface RunningRow extends Facts {
  readonly state: "open" | "live";
  readonly timeline: TimelineRow;
  readonly endedAt: null;
}

export interface EndedRow extends Facts {
  readonly state: "ended";
  /** Null if the doors were closed when the show ended, or if its row was damaged. */
  readonly timeline: TimelineRow | null;
  /** Null if the row was damaged. */
  readonly endedAt: number | null;
}

/** The fields that a show has in every state. Every number `...At` is in milliseconds since 1970. */
export interface Facts extends Details {
  readonly id: string;
  readonly latency: Latency;
  /** AAC bit rate, bits per second. */
  readonly bitrate: number;
  readonly createdAt: number;
  /** How many times the first host's key has been replaced. */
  readonly keyGeneration: number;
  /**
   * Since when no host has been connected; null while one is, and before the first host was heard. After a new timeline has
   * begun it stays until a host is heard there; if a host was connected until then, it is when the timeline began.
   */
  readonly hostsLeftAt: number | null;
  /** While the farewell is spoken, with the show over: when the show ends. Null at all other times. */
  readonly farewellUntil: number | null;
  /** The `opensAt` for which the show has been reported late; null: none. */
  readonly lateFor: string | null;
  /** The hold audio of the timeline; null if there was none yet. */
  readonly held: HoldState | null;
  /** The producer's hold audio; null if there is none. */
  readonly ownHold: OwnHold | null;
  /** The announcements that are spoken over hold audio. */
  readonly announcements: Announcements;
  /** When the timeline last had to be replaced by a new one, and why; null: never. */
  readonly anew: Replacement | null;
}

export interface HoldState {
  /** Where on the timeline hold audio last began. */
  readonly from: Samples;
  /** Whether it is still on: a host who is heard ends it, but not that it is silenced while nobody listens. */
  readonly isOn: boolean;
}

/** A producer's sound, as stored in R2: 48 kHz stereo s16le. */
export interface KeptSound {
  /** Makes its R2 key differ from those of earlier sounds. */
  readonly version: string;
  /** Length in sample frames. */
  readonly frames: number;
  /** Integrated loudness, LUFS; null if it has none. */
  readonly loudness: number | null;
  /** Playback gain, dB. */
  readonly gainDb: number;
  /** When it was put into R2, ms since 1970. */
  readonly setAt: number;
}

/** A producer's hold audio. */
export interface OwnHold extends KeptSound {
  /** The sample frame from which playback goes on after the last one. */
  readonly loopFrom: number;
}

/** An announcement, spoken over hold audio. */
export interface Announcement extends KeptSound {
  /** Time from one start of the announcement to the next. */
  readonly everySeconds: number;
}

/** The announcement for each state; null: none. */
export type Announcements = Readonly<Record<AnnouncedState, Announcement | null>>;

export const NO_ANNOUNCEMENTS: Announcements = { before: null, interrupted: null, after: null };

export interface Replacement {
  readonly at: number;
  /** The reason, as the end of a sentence. */
  readonly why: string;
}

export interface TimelineRow {
  /** Makes the names of this timeline differ from those of all others (paths.ts). */
  readonly epoch: string;
  /** Wall-clock time of sample 0. */
  readonly startedAt: number;
  /** The profile that the timeline began with, and keeps: a deploy may change the numbers behind a profile's name. */
  readonly profile: Profile;
  /**
   * The media sequence number of its first segment; 0 if absent. Numbers continue from the show's earlier timelines, so that
   * one list can have the segments of all timelines.
   */
  readonly fromMsn?: number;
}

/** Whether the timeline is running. */
export function isRunning(row: ShowRow): row is RunningRow {
  return row.state === "open" || row.state === "live";
}
