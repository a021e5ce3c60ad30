import type { Figure } from "./figure.ts";

/** A show's audience over time, which stays readable after the show. Plain data, stored as it is. */
export interface Series {
  readonly current: Figure | null;
  /** The largest figure of settled slots with high confidence (figure.ts `settledFigure`); a doubtful one is never the peak. */
  readonly peak: Figure | null;
  /** Minutes in one step: 1, doubled whenever there would be more than {@link MAX_STEPS} steps. */
  readonly stepMinutes: number;
  /** Oldest first; steps without a figure are left out. */
  readonly steps: readonly Step[];
}

export interface Step {
  /** Minutes since the epoch at which the step starts: a multiple of `stepMinutes`. */
  readonly minute: number;
  /** The number of figures in the step, and of those with low confidence. */
  readonly figures: number;
  readonly doubtful: number;
  /** The mean (unrounded) and the largest of the step's figures. */
  readonly mean: number;
  readonly most: number;
}

/** A day of one-minute steps. A longer show has coarser steps: two days 2 minutes, four days 4. */
export const MAX_STEPS = 1440;

export const EMPTY_SERIES: Series = { current: null, peak: null, stepMinutes: 1, steps: [] };

/**
 * Returns the series with `figure` added, and with the peak raised to `settled` if that is higher. A figure that is not newer
 * than the current one changes nothing, so a figure may come twice.
 */
export function observe(series: Series, figure: Figure, settled: Figure | null): Series {
  const ms = Date.parse(figure.asOf);
  if (series.current && ms <= Date.parse(series.current.asOf)) return series;
  const added: Step = {
    minute: stepOf(ms / 60_000, series.stepMinutes),
    figures: 1,
    doubtful: figure.confidence === "low" ? 1 : 0,
    mean: figure.listeners,
    most: figure.listeners,
  };
  const grown = {
    ...series,
    current: figure,
    peak: higher(series.peak, settled),
    steps: append(series.steps, added),
  };
  return grown.steps.length > MAX_STEPS ? coarser(grown) : grown;
}

/**
 * Returns the series with its peak raised to `settled` if that is higher; otherwise the same object. Where reports are late, the
 * settled slots agree only part of the time. So the peak is updated at every read, not once per slot like the rest.
 */
export function withPeak(series: Series, settled: Figure | null): Series {
  const peak = higher(series.peak, settled);
  return peak === series.peak ? series : { ...series, peak };
}

function higher(peak: Figure | null, settled: Figure | null): Figure | null {
  if (peak === null || settled === null) return peak ?? settled;
  return settled.listeners > peak.listeners ? settled : peak;
}

function coarser(series: Series): Series {
  const stepMinutes = 2 * series.stepMinutes;
  const steps = series.steps.reduce<Step[]>((made, step) => {
    const widened = { ...step, minute: stepOf(step.minute, stepMinutes) };
    const last = made.at(-1);
    if (last?.minute === widened.minute) made[made.length - 1] = join(last, widened);
    else made.push(widened);
    return made;
  }, []);
  const result = { ...series, stepMinutes, steps };
  return steps.length > MAX_STEPS ? coarser(result) : result;
}

function append(steps: readonly Step[], step: Step): readonly Step[] {
  const last = steps.at(-1);
  return last?.minute === step.minute ? [...steps.slice(0, -1), join(last, step)] : [...steps, step];
}

function join(a: Step, b: Step): Step {
  const figures = a.figures + b.figures;
  return {
    minute: a.minute,
    figures,
    doubtful: a.doubtful + b.doubtful,
    mean: (a.mean * a.figures + b.mean * b.figures) / figures,
    most: Math.max(a.most, b.most),
  };
}

function stepOf(minutes: number, stepMinutes: number): number {
  return Math.floor(minutes / stepMinutes) * stepMinutes;
}
