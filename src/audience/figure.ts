import { Sketch } from "./sketch.ts";
import { type Seen, SLOT_MS, type Window } from "./slots.ts";

/** The published figure of one show: `GET /live/:id/audience.json`. */
export interface Figure {
  /** Distinct listeners seen asking for the live playlist within the window. */
  readonly listeners: number;
  /** Relative: 95 times in 100 the true number of those seen is within `listeners` x (1 +- error95). */
  readonly error95: number;
  /** How far back `listeners` looks from `asOf`: 30..40. */
  readonly windowSeconds: number;
  /** Seconds of media delivered per second, counted apart from `listeners`; null while reports are too slow to tell. */
  readonly delivered: number | null;
  readonly method: string;
  /** ISO 8601, UTC. */
  readonly asOf: string;
  readonly confidence: "high" | "low";
  /** Present when confidence is low: one sentence. */
  readonly why?: string;
}

/** How the shard that publishes is doing, all in ms. */
export interface Circumstances {
  /** The longest that reports are now asked to wait for each other (pace.ts), all steps to this shard together. */
  readonly paceMs: number;
  /** When this shard began to count: its last restart. */
  readonly sinceMs: number;
}

const METHOD = "HyperLogLog 2^14 of listeners asking for the live playlist";

/**
 * The figure for what `window` holds.
 *
 * Two counts that share no code path must agree: distinct listeners (from playlist requests) and media seconds per
 * second (from parts and segments sent). They are compared over settled slots, those for which every report has had
 * its time. In a slot of length T with N listeners, of whom J were not there in the slot before, L are not there in the
 * next and B were in neither, and Q who were there before and are not now, on average over the slots
 *
 *     N - (J + L - B) / 2  <=  delivered seconds / T  <=  N + (J + Q) x BURST / T
 *
 * since who stayed took T seconds, and who came or went half of that on average, plus, for who came, the seconds a player
 * fetches ahead at once, which for who went may reach into the next slot. While the next slot has not settled, nobody
 * counts as gone in it. And all listeners of the settled slots together may be {@link TURNOVER} more than the media was
 * for, since who is there for a moment is easily invented. On top come the sketches' error and {@link SLACK}.
 *
 * More listeners than media: ids were invented, or players ask without playing. More media than listeners: the cap
 * holds listeners back (cap.ts), or someone downloads without asking for the playlist. And listeners of whom the settled
 * slots know nothing have yet to be compared: until then the figure is low, whoever they are.
 */
export function figure(window: Window, circumstances: Circumstances): Figure {
  const { toMs, fromMs, slots } = window;
  const now = countOf(slots.filter(({ startMs }) => startMs >= fromMs));
  const settled = settledOf(window, circumstances);
  const why = doubtOf(settled, now, circumstances, toMs);
  return {
    ...now,
    windowSeconds: Math.round((toMs - fromMs) / 1000),
    delivered: settled === null ? null : Math.round(settled.delivered * 10) / 10,
    method: METHOD,
    asOf: new Date(toMs).toISOString(),
    ...(why === undefined ? { confidence: "high" } : { confidence: "low", why }),
  };
}

/**
 * The figure of the settled slots alone, as it was at the end of the last of them; null where they do not agree, or are
 * none. Nothing that comes later changes it: what is kept of a show (its peak) is taken from these.
 */
export function settledFigure(window: Window, circumstances: Circumstances): Figure | null {
  const settled = settledOf(window, circumstances);
  if (settled === null || settledDoubt(settled, circumstances, window.toMs) !== undefined) return null;
  const { count, delivered, slots, endMs } = settled;
  return {
    ...count,
    windowSeconds: (slots.length * SLOT_MS) / 1000,
    delivered: Math.round(delivered * 10) / 10,
    method: METHOD,
    asOf: new Date(endMs).toISOString(),
    confidence: "high",
  };
}

/** Share by which honest players may differ for reasons of their own: pauses with an open playlist, failed fetches. */
const SLACK = 0.05;
/** Listeners by which the two may differ whatever their number: few listeners are never in an even flow. */
const FEW = 2;
/** Seconds of media a joining player fetches ahead: three target durations of the longest profile, 12 s. */
const BURST_MS = 12_000;
/** Listeners who come in others' place: with a mean stay of five minutes they are 10 % of 30 s. */
const TURNOVER = 0.1;
/**
 * Slower, and a listener who asks every few seconds may be reported too late for the window of 30 s. At this pace a slot
 * that {@link Window} holds, with the ones before and after it, has always settled.
 */
const SLOWEST_PACE_MS = 25_000;
/** After a restart, the time in which every listener has been seen and reported again: a window and a report. */
const RECOVERY_MS = 4 * SLOT_MS;
/** Settled slots that are compared: the window of 30..40 s, the slot under way left out. */
const SETTLED_SLOTS = 3;
/**
 * Of the listeners lost to shared seats, how many for each that a quarter of the seats loses more: a third where few
 * share, 0.6 at 500 behind one address (cap.ts gives both). Whoever sits behind an address with more is beyond the cap.
 */
const LOST_PER_SHARED = 0.6;
/** Which seats are shared is chance: about its root more or less (Poisson), and 2.5 times that 95 times in 100, since both are guessed from one draw. */
const SHARED_DEVIATIONS = 2.5;

interface Count {
  readonly listeners: number;
  readonly error95: number;
}

/** The slots whose reports have all had their time, and that follow one that is known; oldest first. */
interface Settled {
  readonly slots: readonly Seen[];
  readonly endMs: number;
  readonly count: Count;
  /** Mean listeners by delivery, and what those counted may have taken. */
  readonly delivered: number;
  readonly least: number;
  readonly most: number;
}

/** Listeners of `slots` together. What shared seats have cost is known by what a quarter of the seats would cost. */
function countOf(slots: readonly Seen[]): Count {
  const union = Sketch.union(slots.map(({ seats }) => seats));
  const listeners = union.estimate();
  const shared = listeners - Sketch.union(slots.map(({ coarse }) => coarse)).estimate();
  const most = Math.max(0, shared) + SHARED_DEVIATIONS * Math.sqrt(Math.max(0, shared));
  const lost = listeners > 0 ? (LOST_PER_SHARED * most) / listeners : 0;
  return { listeners: Math.round(listeners), error95: SKETCH_ERROR + lost };
}

function settledOf({ slots, toMs }: Window, { paceMs }: Circumstances): Settled | null {
  if (paceMs > SLOWEST_PACE_MS) return null;
  const ended = slots.findLastIndex(
    (slot, i) => i < slots.length - 1 && slot.startMs + SLOT_MS <= toMs - paceMs,
  );
  const last = slots[ended];
  if (ended < 1 || last === undefined) return null;
  const first = Math.max(1, ended + 1 - SETTLED_SLOTS);
  const own = slots.slice(first, ended + 1);
  const bounds = own.map((slot, i) => boundsOf(slots[first + i - 1] ?? slot, slot, own[i + 1]));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / own.length;
  return {
    slots: own,
    endMs: last.startMs + SLOT_MS,
    count: countOf(own),
    delivered: mean(own.map(({ deliveredMs }) => deliveredMs / SLOT_MS)),
    least: mean(bounds.map(({ least }) => least)),
    most: mean(bounds.map(({ most }) => most)),
  };
}

/** What the listeners of a slot may have taken, in listeners; `after` where it has settled. */
function boundsOf(before: Seen, slot: Seen, after: Seen | undefined): Record<"least" | "most", number> {
  const together = (...seen: Seen[]) => Sketch.union(seen.map(({ seats }) => seats)).estimate();
  const here = slot.seats.estimate();
  const joined = together(before, slot) - before.seats.estimate();
  const gone = together(before, slot) - here;
  const left = after === undefined ? 0 : together(slot, after) - after.seats.estimate();
  const both = after === undefined ? 0 : together(before, slot, after) - together(before, after);
  const tolerance = SKETCH_ERROR + SLACK;
  return {
    least: Math.max(0, (here - (joined + left - both) / 2) * (1 - tolerance) - FEW),
    most: (here + ((joined + gone) * BURST_MS) / SLOT_MS) * (1 + tolerance) + FEW,
  };
}

function doubtOf(
  settled: Settled | null,
  now: Count,
  circumstances: Circumstances,
  toMs: number,
): string | undefined {
  const doubt = settledDoubt(settled, circumstances, toMs);
  if (doubt !== undefined || settled === null) return doubt;
  if (isMore(now.listeners, settled.count.listeners, SLACK)) {
    const seconds = said((toMs - settled.endMs) / 1000);
    return `Of these listeners ${said(now.listeners - settled.count.listeners)} came in the last ${seconds} s; the media they take is yet to be compared.`;
  }
  return undefined;
}

function settledDoubt(settled: Settled | null, { sinceMs }: Circumstances, toMs: number): string | undefined {
  if (toMs - sinceMs < RECOVERY_MS)
    return "Counting began less than 40 s ago; not every listener has been reported yet.";
  if (settled === null) return "Reports are slower than the window; listeners are missing from the count.";
  const { count, delivered, least, most } = settled;
  const taken = `Media was delivered for ${said(delivered)} listeners`;
  if (delivered < least) return `${taken}; those counted would take at least ${said(least)}.`;
  if (delivered > most) return `${taken}; those counted would take at most ${said(most)}.`;
  if (isMore(count.listeners, delivered * (1 + TURNOVER), SLACK))
    return `${taken} at a time; that ${said(count.listeners)} were there, most for a moment, can not be told from it.`;
  return undefined;
}

/** Whether `count` listeners are more than `known` ones can be, but for the sketches' error and a share of `slack`. */
function isMore(count: number, known: number, slack: number): boolean {
  return count * (1 - SKETCH_ERROR - slack) - FEW > known;
}

const SKETCH_ERROR = new Sketch().error95();

function said(listeners: number): string {
  return String(Math.round(listeners));
}
