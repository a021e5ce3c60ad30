import type { Settings } from "../broadcast-api.ts";
import type { Latency, Profile } from "../media.ts";

/**
 * A broadcast's life: announced -> open -> live -> ended. The timeline runs from open to ended, whatever hosts do, except
 * that one which nobody attends is closed, and the show announced again; there is no way back from ended. Pure: every
 * function returns the next show.
 */
export interface ShowRow {
  readonly id: string;
  readonly title: string;
  readonly latency: Latency;
  /** AAC bit rate, bits per second. */
  readonly bitrate: number;
  /** Milliseconds since 1970, like every `...At` here. */
  readonly createdAt: number;
  readonly state: "announced" | "open" | "live" | "ended";
  /** The running timeline; null until the doors open. */
  readonly timeline: TimelineRow | null;
  readonly endedAt: number | null;
  /** After how many minutes with neither host nor listener its doors close. */
  readonly idleMinutes: number;
  /** How often its host key has been replaced. */
  readonly keyGeneration: number;
  /** When its timeline last had to begin anew, and why; null: never. */
  readonly anew: Anew | null;
}

/** A show whose timeline runs. */
export type RunningRow = ShowRow & { readonly timeline: TimelineRow };

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
export function announce(settings: Settings, now: number): ShowRow {
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

/** Opens the doors: the timeline runs from now on. A show that is past it stays as it is. */
export function open(show: ShowRow, timeline: TimelineRow): ShowRow {
  return show.state === "announced" ? { ...show, state: "open", timeline } : show;
}

/** The first host has been heard. */
export function goLive(show: ShowRow): ShowRow {
  return show.state === "open" ? { ...show, state: "live" } : show;
}

/** Begins a new timeline in the place of one that can not be gone on with. */
export function beginAnew(show: ShowRow, timeline: TimelineRow, why: string): ShowRow {
  return isRunning(show) ? { ...show, state: "open", timeline, anew: { at: timeline.startedAt, why } } : show;
}

/** Closes the doors until they are opened again; the next timeline is another. */
export function close(show: ShowRow): ShowRow {
  return isRunning(show) ? { ...show, state: "announced", timeline: null } : show;
}

/** When a show that runs is to be closed, where a host or a listener was last there at `attendedAt`. */
export function forgottenAt({ idleMinutes }: ShowRow, attendedAt: number): number {
  return attendedAt + idleMinutes * 60_000;
}

/** Whether a running show is to be closed at `now`. */
export function isForgotten(show: ShowRow, attendedAt: number, now: number): boolean {
  return isRunning(show) && now >= forgottenAt(show, attendedAt);
}

/** Ends the show, for good. */
export function end(show: ShowRow, now: number): ShowRow {
  return show.state === "ended" ? show : { ...show, state: "ended", endedAt: now };
}

/** Replaces the host key: the one there was opens nothing any more. */
export function rotateKey(show: ShowRow): ShowRow {
  return { ...show, keyGeneration: show.keyGeneration + 1 };
}

/** Whether the timeline is running. */
export function isRunning(show: ShowRow): show is RunningRow {
  return (show.state === "open" || show.state === "live") && show.timeline !== null;
}
