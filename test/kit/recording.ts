import type { Page } from "playwright-core";
import { findMarks, type Mark } from "./probe/marks.ts";
import { LOOP_SECONDS } from "./probe/signal.ts";

/** A recording made by a page's tap. */
export interface Recording {
  readonly pcm: Float32Array;
  readonly rate: number;
  /** Frames that the tap never saw: the machine was too busy, and the recording proves nothing there. */
  readonly lost: number;
  /** The wall clock at the recording's first sample, ms since 1970: when it was rendered, and when it was heard. */
  readonly renderedAt: number;
  readonly heardAt: number;
  /** Listener pages only: each time the element ran dry or leapt, in words. */
  readonly stalls: readonly string[];
  /** Listener pages only: how often it waited although it had the media. */
  readonly starved: number;
  /** Listener pages only: seconds of played media that were removed from the element's buffer. */
  readonly trimmed: number;
}

/** Takes the recording that `expression` gives in this page: `ear.take()`, `mouth.tap.take()` and so on. */
export async function take(page: Page, expression: string): Promise<Recording> {
  const raw = (await page.evaluate(expression)) as {
    pcm: string;
    first: number;
    lost: number;
    rate: number;
    stalls?: string[];
    starved?: number;
    trimmed?: number;
    anchors: { rendered: number; heard: number }[];
  };
  const bytes = Buffer.from(raw.pcm, "base64");
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const first = (raw.first / raw.rate) * 1000;
  return {
    pcm: Float32Array.from(samples, (sample) => sample / 32_767),
    rate: raw.rate,
    lost: raw.lost,
    // The graph renders ahead by a varying part of its buffer: the earliest reading of a frame is the true one.
    renderedAt: first + Math.min(...raw.anchors.map((anchor) => anchor.rendered)),
    heardAt: first + median(raw.anchors.map((anchor) => anchor.heard)),
    stalls: raw.stalls ?? [],
    starved: raw.starved ?? 0,
    trimmed: raw.trimmed ?? 0,
  };
}

/** A mark on the wall clock, ms since 1970. */
export interface Timed {
  readonly code: number;
  readonly at: number;
}

/** Every mark of a recording on the wall clock; `start` is the recording's `renderedAt` or `heardAt`. */
export function timedMarks(recording: Recording, start: number): Timed[] {
  return findMarks(recording.pcm, recording.rate).map(({ code, at }: Mark) => ({
    code,
    at: start + at * 1000,
  }));
}

/**
 * For each mark heard, ms since it was last spoken; `spoken` lists when. Marks repeat after 16 s, so delays are unambiguous up
 * to that.
 */
export function delays(spoken: readonly Timed[], heard: readonly Timed[]): number[] {
  return heard.flatMap(({ code, at }) => {
    const before = spoken.filter(
      (mark) => mark.code === code && mark.at <= at && at - mark.at < LOOP_SECONDS * 1000,
    );
    const last = before.at(-1);
    return last ? [at - last.at] : [];
  });
}

/** The value below which `share` (0 to 1) of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
