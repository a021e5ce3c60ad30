import fc from "fast-check";
import { expect, test } from "vitest";
import type { Figure } from "../../src/audience/figure.ts";
import { EMPTY_SERIES, MAX_STEPS, observe, type Series, withPeak } from "../../src/audience/series.ts";

/** What is kept of the audience figure minute by minute. */

const T = Date.parse("2026-11-21T20:00:00Z");

function figureAt(seconds: number, listeners: number, confidence: Figure["confidence"] = "high"): Figure {
  const asOf = new Date(T + 1000 * seconds).toISOString();
  return {
    listeners,
    error95: 0.0159,
    windowSeconds: 35,
    delivered: listeners,
    method: "m",
    asOf,
    confidence,
  };
}

/** Observes a figure; one of high confidence is taken as its own settled figure. */
const take = (series: Series, figure: Figure) =>
  observe(series, figure, figure.confidence === "high" ? figure : null);
const seriesOf = (figures: readonly Figure[]) => figures.reduce(take, EMPTY_SERIES);

test("golden: the current figure, the peak and the minutes", () => {
  const figures = [
    figureAt(0, 10, "low"),
    figureAt(55, 20),
    figureAt(60, 50),
    figureAt(65, 40, "low"),
    figureAt(200, 5),
  ];
  const minute = T / 60_000;
  expect(seriesOf(figures)).toEqual({
    current: figures[4],
    peak: figures[2],
    stepMinutes: 1,
    steps: [
      { minute, figures: 2, doubtful: 1, mean: 15, most: 20 },
      { minute: minute + 1, figures: 2, doubtful: 1, mean: 45, most: 50 },
      { minute: minute + 3, figures: 1, doubtful: 0, mean: 5, most: 5 },
    ],
  });
});

test("a figure that comes twice or late changes nothing", () => {
  const series = seriesOf([figureAt(0, 10), figureAt(5, 20)]);
  expect(take(series, figureAt(5, 99))).toBe(series);
  expect(take(series, figureAt(4, 99))).toBe(series);
  expect(take(series, figureAt(5.001, 99)).peak?.listeners).toBe(99);
});

test("a settled figure that comes after its slot's figure was observed still sets the peak", () => {
  const series = observe(EMPTY_SERIES, figureAt(0, 200, "low"), null);
  const settled = figureAt(4, 200);
  expect(observe(series, figureAt(0, 200), settled).peak).toBeNull();
  const peaked = withPeak(series, settled);
  expect(peaked).toEqual({ ...series, peak: settled });
  expect(withPeak(peaked, figureAt(5, 100))).toBe(peaked);
  expect(withPeak(series, null)).toBe(series);
});

test("only settled figures set the peak, whatever the others claim", () => {
  const peak = (...figures: Figure[]) => seriesOf(figures).peak?.listeners;
  expect(peak(figureAt(0, 900, "low"), figureAt(5, 800, "low"))).toBeUndefined();
  expect(peak(figureAt(0, 900, "low"), figureAt(5, 10))).toBe(10);
  expect(peak(figureAt(0, 10), figureAt(5, 900, "low"))).toBe(10);
  expect(peak(figureAt(0, 10), figureAt(5, 11), figureAt(10, 11))).toBe(11);
  // A figure may have high confidence before its slots have settled.
  expect(observe(EMPTY_SERIES, figureAt(0, 900), null).peak).toBeNull();
});

test("the steps of any show stay within their bound, and every figure is in one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat(1000)), {
        minLength: 1,
        size: "max",
        maxLength: 400,
      }),
      (gaps) => {
        let minutes = 0;
        const figures = gaps.flatMap(([gap, listeners]) =>
          Array.from({ length: 10 }, () => {
            minutes += gap;
            return figureAt(60 * minutes, listeners);
          }),
        );
        const { steps, stepMinutes } = seriesOf(figures);
        expect(steps.length).toBeLessThanOrEqual(MAX_STEPS);
        expect(steps.reduce((sum, step) => sum + step.figures, 0)).toBe(figures.length);
        const total = figures.reduce((sum, { listeners }) => sum + listeners, 0);
        expect(steps.reduce((sum, step) => sum + step.mean * step.figures, 0)).toBeCloseTo(total, 3);
        expect(Math.max(...steps.map(({ most }) => most))).toBe(
          Math.max(...figures.map(({ listeners }) => listeners)),
        );
        for (const [i, step] of steps.entries()) {
          expect(step.minute % stepMinutes).toBe(0);
          expect(step.minute).toBeGreaterThan(steps[i - 1]?.minute ?? 0);
        }
      },
    ),
    { seed: 1, numRuns: 10 },
  );
});

test("the length of a step doubles after a day", () => {
  const day = Array.from({ length: MAX_STEPS }, (_, minute) => figureAt(60 * minute, minute));
  const full = seriesOf(day);
  expect([full.stepMinutes, full.steps.length]).toEqual([1, 1440]);
  const over = take(full, figureAt(60 * MAX_STEPS, 7));
  expect([over.stepMinutes, over.steps.length]).toEqual([2, 721]);
  expect(over.steps[1]).toEqual({ minute: T / 60_000 + 2, figures: 2, doubtful: 0, mean: 2.5, most: 3 });
});

test("a figure every half hour keeps the steps within their bound at every moment", () => {
  let series = EMPTY_SERIES;
  for (let i = 0; i < MAX_STEPS + 10; i += 1) {
    series = take(series, figureAt(1800 * i, i));
    expect(series.steps.length).toBeLessThanOrEqual(MAX_STEPS);
  }
  expect([series.stepMinutes, series.steps.length]).toEqual([32, 1359]);
});
