import type { Settings } from "../broadcast-api.ts";
import type { Latency, Profile } from "../media.ts";

/**
 * A show's life, as its row in the store has it: announced -> open -> live -> ended. The timeline runs from open to ended,
 * whatever hosts do, except that one which nobody attends is closed, and the show announced again; there is no way back from
 * ended. Pure: each step takes a show that it can be taken with, and returns what becomes of it.
 */
export type ShowRow = AnnouncedRow | RunningRow | EndedRow;

/** Its doors are closed: not open yet, or closed because nobody was there. */
export interface AnnouncedRow extends Facts {
  readonly state: "announced";
  readonly timeline: null;
  readonly endedAt: null;
}

/** Its timeline runs: open, or live from the first host that is heard on. */
export interface RunningRow extends Facts {
  readonly state: "open" | "live";
  readonly timeline: TimelineRow;
  readonly endedAt: null;
}

export interface EndedRow extends Facts {
  readonly state: "ended";
  /** Null where its doors were closed when it ended, or its row was damaged. */
  readonly timeline: TimelineRow | null;
  /** Null where its row was damaged. */
  readonly endedAt: number | null;
}

/** What does not depend on where a show is in its life. Every `...At` is in milliseconds since 1970. */
export interface Facts {
  readonly id: string;
  readonly title: string;
  readonly latency: Latency;
  /** AAC bit rate, bits per second. */
  readonly bitrate: number;
  readonly createdAt: number;
  /** After how many minutes with neither host nor listener its doors close. */
  readonly idleMinutes: number;
  /** How often its host key has been replaced. */
  readonly keyGeneration: number;
  /** When its timeline last had to begin anew, and why; null: never. */
  readonly anew: Anew | null;
}

export interface Anew {
  readonly at: number;
  /** The end of a sentence. */
  readonly why: string;
}

export interface TimelineRow {
  /** What keeps this timeline's names from all others' (paths.ts). */
  readonly epoch: string;
  /** The wall clock at sample 0. */
  readonly startedAt: number;
  /** The profile it was begun with, which it keeps: a deploy may change what its name stands for. */
  readonly profile: Profile;
}

/** A timeline interrupted for longer than this is not filled with silence but begun anew, under a new epoch. */
export const LONGEST_FILL_MS = 10 * 60_000;

/** A show that has been announced and not begun. */
export function announce(settings: Settings, now: number): AnnouncedRow {
  const { id, title, latency, bitrate, idleMinutes } = settings;
  return {
    id,
    title,
    latency,
    bitrate,
    createdAt: now,
    state: "announced",
    timeline: null,
    endedAt: null,
    idleMinutes,
    keyGeneration: 0,
    anew: null,
  };
}

/** Opens the doors: the timeline runs from now on. */
export function open(row: AnnouncedRow, timeline: TimelineRow): RunningRow {
  return { ...row, state: "open", timeline };
}

/** The first host has been heard. */
export function goLive(row: RunningRow): RunningRow {
  return row.state === "open" ? { ...row, state: "live" } : row;
}

/** Begins a new timeline in the place of one that can not be gone on with, which waits for its first host again. */
export function beginAnew(row: RunningRow, timeline: TimelineRow, anew: Anew): RunningRow {
  return { ...row, state: "open", timeline, anew };
}

/** Closes the doors until they are opened again; the next timeline is another. */
export function close(row: RunningRow): AnnouncedRow {
  return { ...row, state: "announced", timeline: null };
}

/** When a show that runs is to be closed, where a host or a listener was last there at `attendedAt`. */
export function forgottenAt({ idleMinutes }: RunningRow, attendedAt: number): number {
  return attendedAt + idleMinutes * 60_000;
}

/** Ends the show, for good. */
export function end(row: AnnouncedRow | RunningRow, now: number): EndedRow {
  return { ...row, state: "ended", endedAt: now };
}

/** Replaces the host key: the one there was opens nothing any more. */
export function rotateKey<Row extends ShowRow>(row: Row): Row {
  return { ...row, keyGeneration: row.keyGeneration + 1 };
}

/** Whether the timeline is running. */
export function isRunning(row: ShowRow): row is RunningRow {
  return row.state === "open" || row.state === "live";
}
