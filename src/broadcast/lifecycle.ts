import type { AnnouncedState } from "../announcement-api.ts";
import type { Changes, Details, Settings } from "../broadcast-api.ts";
import type { Latency, Profile, Samples } from "../media.ts";
import { type Problem, unfitDetails } from "../problem.ts";

/**
 * The state of a show, as stored in its row: announced -> open -> live -> ended. The timeline runs from open to ended, whatever
 * hosts do, with one exception: when nobody is there, the doors close and the show is announced again. There is no way back
 * from ended. Pure: each step takes a row in a state that allows the step, and returns the row after it.
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
  /** Since when no host has been connected; null while one is, and before the first host was heard. */
  readonly hostsLeftAt: number | null;
  /** While the farewell is spoken, with the show over: when the show ends. Null at all other times. */
  readonly farewellUntil: number | null;
  /** The `opensAt` for which the show has been reported late; null: none. */
  readonly lateFor: string | null;
  /** The hold audio of the timeline; null if there was none yet. */
  readonly held: Held | null;
  /** The producer's hold audio; null if there is none. */
  readonly ownHold: OwnHold | null;
  /** The announcements that are spoken over hold audio. */
  readonly announcements: Announcements;
  /** When the timeline last had to be replaced by a new one, and why; null: never. */
  readonly anew: Anew | null;
}

export interface Held {
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

export interface Anew {
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

/** The longest interruption that is filled with silence, ms. After a longer one, a new timeline begins under a new epoch. */
export const LONGEST_FILL_MS = 10 * 60_000;

/** Returns the row of a new show, whose doors have not opened yet. */
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
    farewellUntil: null,
    lateFor: null,
    held: null,
    ownHold: null,
    announcements: NO_ANNOUNCEMENTS,
    anew: null,
  };
}

/** Returns only those fields that an operator sets of a show. */
export function detailsOf(of: Details): Details {
  const { title, description, artwork, language, opensAt, endsAt } = of;
  const { autoOpen, idleMinutes, endAfterMinutes, retainDays, maxHosts } = of;
  const { hold, holdAfterSeconds, holdOnDeadAirSeconds, duckSqueal } = of;
  return {
    ...{ title, description, artwork, language, opensAt, endsAt },
    ...{ autoOpen, idleMinutes, endAfterMinutes, retainDays, maxHosts },
    ...{ hold, holdAfterSeconds, holdOnDeadAirSeconds, duckSqueal },
  };
}

/**
 * Returns why a show cannot have these details at `now`; null if it can. A `given` end must lie in the future, unless it is the
 * end that the show had `before`, which may have passed.
 */
export function unfit(
  { opensAt, endsAt, ownHold = null }: Details & { readonly ownHold?: OwnHold | null },
  given: Changes,
  now: number,
  before: Pick<Details, "endsAt"> | null = null,
): Problem | null {
  if (given.hold === "own" && ownHold === null)
    return unfitDetails(
      "hold",
      'there is none of its own yet: PUT to …/hold brings it, and makes this "own"',
    );
  if (given.endsAt && given.endsAt !== before?.endsAt && Date.parse(given.endsAt) <= now)
    return unfitDetails("endsAt", "it must lie in the future");
  const isOrdered = opensAt === null || endsAt === null || Date.parse(opensAt) < Date.parse(endsAt);
  if (!isOrdered) return unfitDetails(given.endsAt ? "endsAt" : "opensAt", "a show opens before it ends");
  return null;
}

/** Changes details of a show. */
export function change<Row extends ShowRow>(row: Row, changes: Changes): Row {
  return { ...row, ...changes };
}

/** Opens the doors: from then on the timeline runs. */
export function open(row: AnnouncedRow, timeline: TimelineRow): RunningRow {
  return { ...row, state: "open", timeline, held: null };
}

/** Makes the show live: the first host has been heard. */
export function goLive(row: RunningRow): RunningRow {
  return row.state === "open" ? { ...row, state: "live" } : row;
}

/**
 * Replaces a timeline that cannot be resumed by a new one. The show is open again until a host is heard. One that was live is
 * not reported late for that.
 */
export function beginAnew(row: RunningRow, timeline: TimelineRow, anew: Anew): RunningRow {
  const lateFor = row.state === "live" ? row.opensAt : row.lateFor;
  return { ...row, state: "open", timeline, held: null, farewellUntil: null, anew, lateFor };
}

/** Closes the doors; the next opening begins a new timeline. An `opensAt` that has passed is dropped. */
export function close(row: RunningRow, now: number): AnnouncedRow {
  const opensAt = row.opensAt !== null && Date.parse(row.opensAt) > now ? row.opensAt : null;
  return { ...row, opensAt, state: "announced", timeline: null, held: null, farewellUntil: null };
}

/** Notes whether hosts are connected at `now`. */
export function withHosts(row: RunningRow, areThere: boolean, now: number): RunningRow {
  const hostsLeftAt = areThere ? null : (row.hostsLeftAt ?? (row.state === "live" ? now : null));
  return hostsLeftAt === row.hostsLeftAt ? row : { ...row, hostsLeftAt };
}

/** Notes that the show has been reported late: `opensAt` has passed, and no host has been heard. */
export function sayLate<Row extends ShowRow>(row: Row): Row {
  return { ...row, lateFor: row.opensAt };
}

/** Notes the state of the timeline's hold audio. */
export function withHold(row: RunningRow, has: Held | null): RunningRow {
  // With `hold` set to "none", hold audio is over, although no host has been heard.
  const held = has !== null && row.hold === "none" ? { ...has, isOn: false } : has;
  return held?.from === row.held?.from && held?.isOn === row.held?.isOn ? row : { ...row, held };
}

/** Replaces the producer's hold audio, and selects it. Null removes it, and selects the built-in. */
export function withOwnHold<Row extends ShowRow>(row: Row, ownHold: OwnHold | null): Row {
  return { ...row, ownHold, hold: ownHold === null ? "default" : "own" };
}

/** Replaces the announcement for `state`; null removes it. */
export function withAnnouncement<Row extends ShowRow>(
  row: Row,
  state: AnnouncedState,
  announcement: Announcement | null,
): Row {
  return { ...row, announcements: { ...row.announcements, [state]: announcement } };
}

/** Returns which announcement a running show has over its hold audio. "interrupted": after the first host was heard. */
export function announcedState({ state, farewellUntil }: RunningRow): AnnouncedState {
  if (farewellUntil !== null) return "after";
  return state === "open" ? "before" : "interrupted";
}

/** A step that a show takes by itself. `late`: it reports that it is late. */
export interface Step {
  readonly kind: "open" | "close" | "end" | "late";
  readonly at: number;
}

/** Returns the next step that a show takes by itself; null: none. `attendedAt`: when a host or a listener was last there. */
export function nextStep(row: AnnouncedRow | RunningRow, attendedAt: number): Step | null {
  const { opensAt, endsAt, hostsLeftAt, idleMinutes, endAfterMinutes, lateFor, farewellUntil } = row;
  const steps: Step[] = [];
  if (farewellUntil !== null) return { kind: "end", at: farewellUntil };
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

/** Notes that the show is over and ends at `until`; the farewell is spoken meanwhile. */
export function sayFarewell(row: RunningRow, until: number): RunningRow {
  return { ...row, farewellUntil: until };
}

/** Returns when a show is to be removed automatically, ms since 1970; null: never, or the show has not ended. */
export function removalAt({ endedAt, retainDays }: ShowRow): number | null {
  return endedAt === null || retainDays === null ? null : endedAt + retainDays * 86_400_000;
}

/** Whether a show is to be removed automatically at `now`. */
export function isOver(row: ShowRow, now: number): boolean {
  return now >= (removalAt(row) ?? Number.POSITIVE_INFINITY);
}

/** Ends the show for good. */
export function end(row: AnnouncedRow | RunningRow, now: number): EndedRow {
  return { ...row, state: "ended", held: null, farewellUntil: null, endedAt: now };
}

/** Replaces the first host's key: the previous key stops working. */
export function rotateKey<Row extends ShowRow>(row: Row): Row {
  return { ...row, keyGeneration: row.keyGeneration + 1 };
}

/** Whether the timeline is running. */
export function isRunning(row: ShowRow): row is RunningRow {
  return row.state === "open" || row.state === "live";
}
