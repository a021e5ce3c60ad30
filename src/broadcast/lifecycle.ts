import type { AnnouncedState } from "../announcement-api.ts";
import type { Changes, Details, Settings } from "../broadcast-api.ts";
import type { Latency, Profile, Samples } from "../media.ts";
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
  /** For which `opensAt` it has been said that it is late; null: for none. */
  readonly lateFor: string | null;
  /** The hold audio of its timeline; null: there was none yet. */
  readonly held: Held | null;
  /** The producer's hold audio; null: there is none. */
  readonly ownHold: OwnHold | null;
  /** What is spoken over its hold audio. */
  readonly announcements: Announcements;
  /** When its timeline last had to begin anew, and why; null: never. */
  readonly anew: Anew | null;
}

export interface Held {
  /** Where on the timeline it last began. */
  readonly from: Samples;
  /** Whether it has been on since, heard or not. */
  readonly isOn: boolean;
}

/** A producer's sound, as it lies in R2: 48 kHz stereo s16le. */
export interface KeptSound {
  /** What keeps its key from those before it. */
  readonly version: string;
  /** Its sample frames. */
  readonly frames: number;
  /** Its integrated loudness, LUFS; null where it has none. */
  readonly loudness: number | null;
  /** What it is played with, dB. */
  readonly gainDb: number;
  /** When it was put there. */
  readonly setAt: number;
}

/** A producer's hold audio. */
export interface OwnHold extends KeptSound {
  /** The sample frame that follows its last one. */
  readonly loopFrom: number;
}

/** What is spoken over hold audio. */
export interface Announcement extends KeptSound {
  /** From one beginning of it to the next. */
  readonly everySeconds: number;
}

/** Null: nothing is spoken then. */
export type Announcements = Readonly<Record<AnnouncedState, Announcement | null>>;

export const NO_ANNOUNCEMENTS: Announcements = { before: null, interrupted: null };

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
  /**
   * The media sequence number of its first segment, 0 where it is left out: it goes on from the show's timelines before, so that
   * one list can have the segments of them all.
   */
  readonly fromMsn?: number;
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
    lateFor: null,
    held: null,
    ownHold: null,
    announcements: NO_ANNOUNCEMENTS,
    anew: null,
  };
}

/** What its operator says of a show, and nothing else. */
export function detailsOf(of: Details): Details {
  const { title, description, artwork, language, opensAt, endsAt } = of;
  const { autoOpen, idleMinutes, endAfterMinutes, maxHosts } = of;
  const { hold, holdAfterSeconds, holdOnDeadAirSeconds, duckSqueal } = of;
  return {
    ...{ title, description, artwork, language, opensAt, endsAt },
    ...{ autoOpen, idleMinutes, endAfterMinutes, maxHosts },
    ...{ hold, holdAfterSeconds, holdOnDeadAirSeconds, duckSqueal },
  };
}

/** Why a show can not be with these details at `now`; null: it can. Only times are looked at that are `given` now. */
export function unfit(
  { opensAt, endsAt, ownHold = null }: Details & { readonly ownHold?: OwnHold | null },
  given: Changes,
  now: number,
): Problem | null {
  if (given.hold === "own" && ownHold === null)
    return unfitDetails(
      "hold",
      'there is none of its own yet: PUT to …/hold brings it, and makes this "own"',
    );
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
  return { ...row, state: "open", timeline, held: null };
}

/** The first host has been heard. */
export function goLive(row: RunningRow): RunningRow {
  return row.state === "open" ? { ...row, state: "live" } : row;
}

/** Begins a new timeline in the place of one that can not be gone on with, which waits for its first host again. */
export function beginAnew(row: RunningRow, timeline: TimelineRow, anew: Anew): RunningRow {
  const lateFor = row.state === "live" ? row.opensAt : row.lateFor;
  return { ...row, state: "open", timeline, held: null, anew, lateFor };
}

/** Closes the doors until they are opened again; the next timeline is another. A time to open that has passed is over. */
export function close(row: RunningRow, now: number): AnnouncedRow {
  const opensAt = row.opensAt !== null && Date.parse(row.opensAt) > now ? row.opensAt : null;
  return { ...row, opensAt, state: "announced", timeline: null, held: null };
}

/** Whether hosts are connected to a show, as it is at `now`. */
export function withHosts(row: RunningRow, areThere: boolean, now: number): RunningRow {
  const hostsLeftAt = areThere ? null : (row.hostsLeftAt ?? (row.state === "live" ? now : null));
  return hostsLeftAt === row.hostsLeftAt ? row : { ...row, hostsLeftAt };
}

/** The time to open has passed, and no host has been heard. */
export function sayLate<Row extends ShowRow>(row: Row): Row {
  return { ...row, lateFor: row.opensAt };
}

/** What its timeline has of hold audio now. */
export function withHold(row: RunningRow, has: Held | null): RunningRow {
  // Where it is not wanted at all it is over, though nobody has been heard instead.
  const held = has !== null && row.hold === "none" ? { ...has, isOn: false } : has;
  return held?.from === row.held?.from && held?.isOn === row.held?.isOn ? row : { ...row, held };
}

/** The producer's hold audio is another, or none (null), and it is that or the built-in that is heard from now on. */
export function withOwnHold<Row extends ShowRow>(row: Row, ownHold: OwnHold | null): Row {
  return { ...row, ownHold, hold: ownHold === null ? "default" : "own" };
}

/** What is announced in `state` is another, or nothing (null). */
export function withAnnouncement<Row extends ShowRow>(
  row: Row,
  state: AnnouncedState,
  announcement: Announcement | null,
): Row {
  return { ...row, announcements: { ...row.announcements, [state]: announcement } };
}

/** What a running show announces where its hold audio sounds: it is live once a host has been heard. */
export function announcedState({ state }: RunningRow): AnnouncedState {
  return state === "open" ? "before" : "interrupted";
}

/** What a show does by itself. `late`: it says that it is. */
export interface Step {
  readonly kind: "open" | "close" | "end" | "late";
  readonly at: number;
}

/** What a show does next by itself, where a host or a listener was last there at `attendedAt`; null: nothing. */
export function nextStep(row: AnnouncedRow | RunningRow, attendedAt: number): Step | null {
  const { opensAt, endsAt, hostsLeftAt, idleMinutes, endAfterMinutes, lateFor } = row;
  const steps: Step[] = [];
  if (endsAt !== null) steps.push({ kind: "end", at: Date.parse(endsAt) });
  if (hostsLeftAt !== null && endAfterMinutes !== null)
    steps.push({ kind: "end", at: hostsLeftAt + endAfterMinutes * 60_000 });
  if (isRunning(row)) steps.push({ kind: "close", at: attendedAt + idleMinutes * 60_000 });
  else if (opensAt !== null) steps.push({ kind: "open", at: Date.parse(opensAt) });
  if (row.state === "open" && opensAt !== null && lateFor !== opensAt)
    steps.push({ kind: "late", at: Date.parse(opensAt) });
  return steps.reduce<Step | null>(
    (first, step) => (first === null || step.at < first.at ? step : first),
    null,
  );
}

/** Ends the show, for good. */
export function end(row: AnnouncedRow | RunningRow, now: number): EndedRow {
  return { ...row, state: "ended", held: null, endedAt: now };
}

/** Replaces the first host's key: the one there was opens nothing any more. */
export function rotateKey<Row extends ShowRow>(row: Row): Row {
  return { ...row, keyGeneration: row.keyGeneration + 1 };
}

/** Whether the timeline is running. */
export function isRunning(row: ShowRow): row is RunningRow {
  return row.state === "open" || row.state === "live";
}
