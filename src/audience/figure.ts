import { Sketch } from "./sketch.ts";
import { SLOT_MS, type Window } from "./slots.ts";

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

export const METHOD = "HyperLogLog 2^14 of listeners asking for the live playlist";

/**
 * The figure for what `window` holds.
 *
 * Two counts that share no code path must agree: distinct listeners (from playlist requests) and media seconds per
 * second (from parts and segments sent). They are compared over settled slots, those for which every report has had
 * its time. In a slot of length T with N listeners, of whom J were not there in the slot before and L are not there
 * in the next, and Q who were there before and are not now,
 *
 *     N - J - L  <=  delivered seconds / T  <=  N + (J + Q) x BURST / T
 *
 * since who stayed took T seconds, who came or went took between nothing and T, plus, for who came, the seconds a
 * player fetches ahead at once, which for who went may reach into the next slot. On top of this join and leave slack
 * come the sketches' error95 and {@link SLACK}.
 *
 * More listeners than media: ids were invented, or players ask without playing. More media than listeners: the cap
 * holds listeners back (cap.ts), or someone downloads without asking for the playlist.
 */
export function figure(window: Window, circumstances: Circumstances): Figure {
  const { toMs, fromMs, union } = window;
  const { paceMs, sinceMs } = circumstances;
  const check = paceMs > SLOWEST_PACE_MS ? undefined : compare(window, toMs - paceMs);
  const why = doubt(check, toMs - sinceMs);
  return {
    listeners: Math.round(union.estimate()),
    error95: union.error95(),
    windowSeconds: Math.round((toMs - fromMs) / 1000),
    delivered: check ? Math.round(check.delivered * 10) / 10 : null,
    method: METHOD,
    asOf: new Date(toMs).toISOString(),
    ...(why === undefined ? { confidence: "high" } : { confidence: "low", why }),
  };
}

/** Share by which honest players may differ for reasons of their own: pauses with an open playlist, failed fetches. */
const SLACK = 0.05;
/** Listeners by which the two may differ whatever their number: few listeners are never in an even flow. */
const FEW = 2;
/** Seconds of media a joining player fetches ahead: three target durations of the longest profile, 12 s. */
const BURST_MS = 12_000;
/**
 * Slower, and a listener who asks every few seconds may be reported too late for the window of 30 s. At this pace a slot
 * that {@link Window} holds, with the ones before and after it, has always settled.
 */
const SLOWEST_PACE_MS = 25_000;
/** After a restart, the time in which every listener has been seen and reported again: a window and a report. */
const RECOVERY_MS = 4 * SLOT_MS;

/** Mean listeners by delivery, with the bounds that the sketches set, over the slots that ended before `settledMs`. */
interface Comparison {
  readonly delivered: number;
  readonly least: number;
  readonly most: number;
}

function compare({ slots }: Window, settledMs: number): Comparison {
  let compared = 0;
  let delivered = 0;
  let least = 0;
  let most = 0;
  for (const [i, slot] of slots.entries()) {
    const before = slots[i - 1];
    const after = slots[i + 1];
    if (!before || !after || slot.startMs + SLOT_MS > settledMs) continue;
    const [earlier, here, later] = [
      before.sketch.estimate(),
      slot.sketch.estimate(),
      after.sketch.estimate(),
    ];
    const withEarlier = Sketch.union([before.sketch, slot.sketch]).estimate();
    const joined = withEarlier - earlier;
    const gone = withEarlier - here;
    const left = Sketch.union([slot.sketch, after.sketch]).estimate() - later;
    const tolerance = slot.sketch.error95() + SLACK;
    compared += 1;
    delivered += slot.deliveredMs / SLOT_MS;
    least += Math.max(0, (here - joined - left) * (1 - tolerance) - FEW);
    most += (here + ((joined + gone) * BURST_MS) / SLOT_MS) * (1 + tolerance) + FEW;
  }
  return { delivered: delivered / compared, least: least / compared, most: most / compared };
}

function doubt(check: Comparison | undefined, countedMs: number): string | undefined {
  if (countedMs < RECOVERY_MS)
    return "Counting began less than 40 s ago; not every listener has been reported yet.";
  if (!check) return "Reports are slower than the window; listeners are missing from the count.";
  if (check.delivered < check.least) {
    return `Media was delivered for ${said(check.delivered)} listeners; those counted would take at least ${said(check.least)}.`;
  }
  if (check.delivered > check.most) {
    return `Media was delivered for ${said(check.delivered)} listeners; those counted would take at most ${said(check.most)}.`;
  }
  return undefined;
}

function said(listeners: number): string {
  return String(Math.round(listeners));
}
