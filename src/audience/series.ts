import type { Figure } from "./figure.ts";

/** A show's audience over time: kept for the show, readable after it. Plain data, to be stored as it is. */
export interface Series {
  readonly current: Figure | null;
  /** The largest figure of settled slots that agree (figure.ts `settledFigure`); a doubtful one is never the peak. */
  readonly peak: Figure | null;
  /** Minutes in one step: 1, and doubled whenever there would be more than {@link MAX_STEPS}. */
  readonly stepMinutes: number;
  /** Oldest first; steps in which no figure was made are left out. */
  readonly steps: readonly Step[];
}

export interface Step {
  /** Minutes since the epoch at which the step starts: a multiple of `stepMinutes`. */
  readonly minute: number;
  /** How many figures the step holds, and how many of them had low confidence. */
  readonly figures: number;
  readonly doubtful: number;
  /** Over the step's figures: the mean (unrounded) and the largest. */
  readonly mean: number;
  readonly most: number;
}

/** A day of minutes; a longer show has coarser steps: two days 2 minutes, four days 4. */
export const MAX_STEPS = 1440;

export const EMPTY_SERIES: Series = { current: null, peak: null, stepMinutes: 1, steps: [] };

/**
 * The series with `figure` taken in, and with the `settled` one if there is one. A figure no newer than the current one
 * changes nothing: it may come twice.
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
 * The series with its peak at `settled`, if that is higher; the same series if not. Where reports are late, the slots agree for
 * a part of the time only. So the peak is looked for at every reading, and not once in a slot like the rest.
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
