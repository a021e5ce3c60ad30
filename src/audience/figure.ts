import { Sketch } from "./sketch.ts";
import { SLOT_MS, type SlotCount, type SlotWindow } from "./slots.ts";

/** The published listener figure of one show: `GET /live/:id/audience.json`. */
export interface Figure {
  /** Distinct listeners that requested the live playlist within the window. */
  readonly listeners: number;
  /** Relative error: 95 times in 100 the true number of listeners seen is within `listeners` x (1 +- error95). */
  readonly error95: number;
  /** How far back `listeners` looks from `asOf`: 30..40. */
  readonly windowSeconds: number;
  /** Seconds of media delivered per second, counted independently of `listeners`; null while reports are too slow to tell. */
  readonly delivered: number | null;
  readonly method: string;
  /** ISO 8601, UTC. */
  readonly asOf: string;
  readonly confidence: "high" | "low";
  /** Present when confidence is low: one sentence. */
  readonly why?: string;
}

/** The state of the shard that publishes, in ms. */
export interface Circumstances {
  /** The longest interval between reports that shards now ask for (pace.ts), summed over all levels up to this shard. */
  readonly paceMs: number;
  /** When this shard began to count: its last start without stored state. */
  readonly sinceMs: number;
}

const METHOD = "HyperLogLog 2^14 of listeners asking for the live playlist";

/**
 * Returns the figure for the sightings in `window`. Its confidence is high where two counts agree that share no code: distinct
 * listeners, from requests for playlists, and media seconds per second, from the parts and segments that were sent.
 *
 * They are compared over settled slots: slots whose reports have all had time to arrive. Take a slot of length T with N
 * listeners. J of them were absent in the previous slot, L are absent in the next slot, and B in both. Q others were
 * present in the previous slot and are absent in this one. Then, on average over the slots,
 *
 *     N - (J + L - B) / 2  <=  delivered seconds / T  <=  N + (J + Q) x BURST / T
 *
 * because a listener who stays takes T seconds, and one who joins or leaves takes half of that on average. A joining listener
 * also takes the media that a player fetches ahead at once. If that listener soon leaves, some of it counts in the next slot.
 * As long as the next slot has not settled, L and B are 0.
 *
 * All listeners of the settled slots together may exceed the number that the media accounts for by the share {@link TURNOVER},
 * and no more, because listeners who are present only for a moment are easily invented. All bounds are widened by the sketches'
 * error and {@link SLACK}.
 *
 * More listeners than media means that ids were invented, or that players request playlists without playing. More media than
 * listeners means that the cap is at work (cap.ts), or that somebody downloads without requesting playlists. Listeners newer
 * than the settled slots cannot be compared; while they are many, the confidence is low whoever they are.
 */
export function figure(window: SlotWindow, circumstances: Circumstances): Figure {
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
    ...(why === null ? { confidence: "high" } : { confidence: "low", why }),
  };
}

/**
 * Returns the figure of the settled slots alone, as of the end of the last one; null where the two counts disagree, or where no
 * slot has settled. Later reports do not change such a figure, so a show's peak is taken from these.
 */
export function settledFigure(window: SlotWindow, circumstances: Circumstances): Figure | null {
  const settled = settledOf(window, circumstances);
  if (settled === null || settledDoubt(settled, circumstances, window.toMs) !== null) return null;
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

/** Share by which the two counts of honest players may differ: players pause but reload the playlist, or a fetch fails. */
const SLACK = 0.05;
/** Listeners by which the two counts may always differ, because averages over few listeners are unreliable. */
const FEW = 2;
/** Media that a joining player fetches ahead, ms: three target durations of the longest profile. */
const BURST_MS = 12_000;
/** Share of listeners that are replaced by others within 30 s: 10 % if they stay for five minutes on average. */
const TURNOVER = 0.1;
/**
 * If isolates report less often than this, a listener who requests every few seconds may be reported too late for the window
 * of 30 s. At this pace the window always holds a settled slot with the one before and the one after it.
 */
const SLOWEST_PACE_MS = 25_000;
/** Time after a restart until every listener has been seen and reported again, ms: a window and the interval of a report. */
const RECOVERY_MS = 4 * SLOT_MS;
/** Settled slots that are compared: the window of 30..40 s without the slot in progress. */
const SETTLED_SLOTS = 3;
/**
 * Converts a difference in counts into lost listeners. The difference is between all seats and a quarter of the seats; lost are
 * the listeners that are not counted because they share a seat. The factor is a third where few share one, and 0.6 for 500
 * listeners behind one address (by the formula in cap.ts). With more behind one address the cap is at work.
 */
const LOST_PER_SHARED = 0.6;
/**
 * How many listeners share a seat is random and varies by about its square root (Poisson). It is known only from the difference
 * of the two counts, which 95 times in 100 is within 2.5 times that root.
 */
const SHARED_DEVIATIONS = 2.5;

interface Count {
  readonly listeners: number;
  readonly error95: number;
}

/** The settled slots, oldest first. The slot before the first of them is known too. */
interface Settled {
  readonly slots: readonly SlotCount[];
  readonly endMs: number;
  readonly count: Count;
  /** Means over the slots: listeners that the delivered media accounts for, and the bounds of {@link figure} on them. */
  readonly delivered: number;
  readonly least: number;
  readonly most: number;
}

/** Counts the distinct listeners of all `slots`. How many share a seat is estimated from the count by a quarter of the seats. */
function countOf(slots: readonly SlotCount[]): Count {
  const union = Sketch.union(slots.map(({ seats }) => seats));
  const listeners = union.estimate();
  const shared = listeners - Sketch.union(slots.map(({ coarse }) => coarse)).estimate();
  const most = Math.max(0, shared) + SHARED_DEVIATIONS * Math.sqrt(Math.max(0, shared));
  const lost = listeners > 0 ? (LOST_PER_SHARED * most) / listeners : 0;
  return { listeners: Math.round(listeners), error95: SKETCH_ERROR + lost };
}

function settledOf({ slots, toMs }: SlotWindow, { paceMs }: Circumstances): Settled | null {
  if (paceMs > SLOWEST_PACE_MS) return null;
  const ended = slots.findLastIndex(
    (slot, i) => i < slots.length - 1 && slot.startMs + SLOT_MS <= toMs - paceMs,
  );
  const last = slots[ended];
  if (ended < 1 || last === undefined) return null;
  const first = Math.max(1, ended + 1 - SETTLED_SLOTS);
  const own = slots.slice(first, ended + 1);
  const bounds = own.map((slot, i) => boundsOf(slots[first + i - 1] ?? slot, slot, own[i + 1] ?? null));
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

/** Returns the bounds of {@link figure} for one slot, in listeners. `after` is the next slot, or null if it has not settled. */
function boundsOf(
  before: SlotCount,
  slot: SlotCount,
  after: SlotCount | null,
): Record<"least" | "most", number> {
  const together = (...seen: SlotCount[]) => Sketch.union(seen.map(({ seats }) => seats)).estimate();
  const here = slot.seats.estimate();
  const joined = together(before, slot) - before.seats.estimate();
  const gone = together(before, slot) - here;
  const left = after === null ? 0 : together(slot, after) - after.seats.estimate();
  const both = after === null ? 0 : together(before, slot, after) - together(before, after);
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
): string | null {
  const doubt = settledDoubt(settled, circumstances, toMs);
  if (doubt !== null || settled === null) return doubt;
  if (isMore(now.listeners, settled.count.listeners, SLACK)) {
    const seconds = said((toMs - settled.endMs) / 1000);
    return `Of these listeners ${said(now.listeners - settled.count.listeners)} came in the last ${seconds} s; the media they take is yet to be compared.`;
  }
  return null;
}

function settledDoubt(settled: Settled | null, { sinceMs }: Circumstances, toMs: number): string | null {
  if (toMs - sinceMs < RECOVERY_MS)
    return "Counting began less than 40 s ago; not every listener has been reported yet.";
  if (settled === null) return "Reports are slower than the window; listeners are missing from the count.";
  const { count, delivered, least, most } = settled;
  const taken = `Media was delivered for ${said(delivered)} listeners`;
  if (delivered < least) return `${taken}; those counted would take at least ${said(least)}.`;
  if (delivered > most) return `${taken}; those counted would take at most ${said(most)}.`;
  if (isMore(count.listeners, delivered * (1 + TURNOVER), SLACK))
    return `${taken} at a time; that ${said(count.listeners)} were there, most for a moment, can not be told from it.`;
  return null;
}

/** Whether `count` exceeds `known` by more than the sketches' error and the share `slack` explain. */
function isMore(count: number, known: number, slack: number): boolean {
  return count * (1 - SKETCH_ERROR - slack) - FEW > known;
}

const SKETCH_ERROR = new Sketch().error95();

function said(listeners: number): string {
  return String(Math.round(listeners));
}
