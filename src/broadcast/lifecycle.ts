import type { AnnouncedState } from "../announcement-api.ts";
import type { Changes, Details, Settings } from "../broadcast-api.ts";
import { type Problem, unfitDetails } from "../problem.ts";
import type { Whereabouts } from "./presence.ts";
import {
  type AnnouncedRow,
  type Announcement,
  type EndedRow,
  type HoldState,
  isRunning,
  NO_ANNOUNCEMENTS,
  type OwnHold,
  type Replacement,
  type RunningRow,
  type ShowRow,
  type TimelineRow,
} from "./show-row.ts";

/**
 * The steps of a show's life (show-row.ts has the states). Pure: each takes a row in a state that allows the step, and returns
 * the row after it.
 */

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
 * not reported late for that, and its hosts count as gone until then, so that it ends if they do not come back. One that was
 * ending still ends at its time.
 */
export function beginAnew(row: RunningRow, timeline: TimelineRow, anew: Replacement): RunningRow {
  const wasLive = row.state === "live";
  const lateFor = wasLive ? row.opensAt : row.lateFor;
  const hostsLeftAt = row.hostsLeftAt ?? (wasLive ? anew.at : null);
  return { ...row, state: "open", timeline, held: null, hostsLeftAt, anew, lateFor };
}

/** Closes the doors; the next opening begins a new timeline. An `opensAt` that has passed is dropped. */
export function close(row: RunningRow, now: number): AnnouncedRow {
  const opensAt = row.opensAt !== null && Date.parse(row.opensAt) > now ? row.opensAt : null;
  return { ...row, opensAt, state: "announced", timeline: null, held: null, farewellUntil: null };
}

/**
 * Notes whether hosts are there, muted or not. While that is unknown they count as there: an outage of the SFU ends no show. Until
 * a host is heard nothing changes: a host of an earlier timeline who connects and is never heard has not come back.
 */
export function withHosts(row: RunningRow, hosts: Whereabouts): RunningRow {
  if (row.state !== "live") return row;
  const hostsLeftAt = hosts.kind === "gone" ? (row.hostsLeftAt ?? hosts.since) : null;
  return hostsLeftAt === row.hostsLeftAt ? row : { ...row, hostsLeftAt };
}

/** Notes that the show has been reported late: `opensAt` has passed, and no host has been heard. */
export function sayLate<Row extends ShowRow>(row: Row): Row {
  return { ...row, lateFor: row.opensAt };
}

/** Notes the state of the timeline's hold audio. */
export function withHold(row: RunningRow, has: HoldState | null): RunningRow {
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
export function isRemovalDue(row: ShowRow, now: number): boolean {
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
