import type { Changes, Details, Settings } from "../broadcast-api.ts";
import type { Latency, Profile } from "../media.ts";
import { type Problem, unfitDetails } from "../problem.ts";

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
export interface Facts extends Details {
  readonly id: string;
  readonly latency: Latency;
  /** AAC bit rate, bits per second. */
  readonly bitrate: number;
  readonly createdAt: number;
  /** How often its first host's key has been replaced. */
  readonly keyGeneration: number;
  /** Since when no host has been connected; null while one is, and before the first was heard. */
  readonly hostsLeftAt: number | null;
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
  const { id, latency, bitrate } = settings;
  return {
    id,
    latency,
    bitrate,
    ...detailsOf(settings),
    createdAt: now,
    state: "announced",
    timeline: null,
    endedAt: null,
    keyGeneration: 0,
    hostsLeftAt: null,
    anew: null,
  };
}

/** What its operator says of a show, and nothing else. */
export function detailsOf(of: Details): Details {
  const { title, description, artwork, language, opensAt, endsAt } = of;
  const { autoOpen, idleMinutes, endAfterMinutes, maxHosts } = of;
  const said = { title, description, artwork, language, opensAt, endsAt };
  return { ...said, autoOpen, idleMinutes, endAfterMinutes, maxHosts };
}

/** Why a show can not be with these details at `now`; null: it can. Only times are looked at that are `given` now. */
export function unfit(details: Details, given: Changes, now: number): Problem | null {
  const { opensAt, endsAt } = details;
  if (given.endsAt && Date.parse(given.endsAt) <= now)
    return unfitDetails("endsAt", "it must lie in the future");
  const isOrdered = opensAt === null || endsAt === null || Date.parse(opensAt) < Date.parse(endsAt);
  if (!isOrdered) return unfitDetails(given.endsAt ? "endsAt" : "opensAt", "a show opens before it ends");
  return null;
}

/** Says other things of a show. */
export function change<Row extends ShowRow>(row: Row, changes: Changes): Row {
  return { ...row, ...changes };
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

/** Closes the doors until they are opened again; the next timeline is another. A time to open that has passed is over. */
export function close(row: RunningRow, now: number): AnnouncedRow {
  const opensAt = row.opensAt !== null && Date.parse(row.opensAt) > now ? row.opensAt : null;
  return { ...row, opensAt, state: "announced", timeline: null };
}

/** Whether hosts are connected to a show, as it is at `now`. */
export function withHosts(row: RunningRow, areThere: boolean, now: number): RunningRow {
  const hostsLeftAt = areThere ? null : (row.hostsLeftAt ?? (row.state === "live" ? now : null));
  return hostsLeftAt === row.hostsLeftAt ? row : { ...row, hostsLeftAt };
}

/** What a show does by itself. */
export interface Step {
  readonly kind: "open" | "close" | "end";
  readonly at: number;
}

/** What a show does next by itself, where a host or a listener was last there at `attendedAt`; null: nothing. */
export function nextStep(row: AnnouncedRow | RunningRow, attendedAt: number): Step | null {
  const { opensAt, endsAt, hostsLeftAt, idleMinutes, endAfterMinutes } = row;
  const steps: Step[] = [];
  if (endsAt !== null) steps.push({ kind: "end", at: Date.parse(endsAt) });
  if (hostsLeftAt !== null && endAfterMinutes !== null)
    steps.push({ kind: "end", at: hostsLeftAt + endAfterMinutes * 60_000 });
  if (isRunning(row)) steps.push({ kind: "close", at: attendedAt + idleMinutes * 60_000 });
  else if (opensAt !== null) steps.push({ kind: "open", at: Date.parse(opensAt) });
  return steps.reduce<Step | null>(
    (first, step) => (first === null || step.at < first.at ? step : first),
    null,
  );
}

/** Ends the show, for good. */
export function end(row: AnnouncedRow | RunningRow, now: number): EndedRow {
  return { ...row, state: "ended", endedAt: now };
}

/** Replaces the first host's key: the one there was opens nothing any more. */
export function rotateKey<Row extends ShowRow>(row: Row): Row {
  return { ...row, keyGeneration: row.keyGeneration + 1 };
}

/** Whether the timeline is running. */
export function isRunning(row: ShowRow): row is RunningRow {
  return row.state === "open" || row.state === "live";
}
