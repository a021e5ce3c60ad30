/** Shows for tests: deterministic frames pushed through the segmenter into a window, with every step of it kept. */

import type { DateRange } from "../../src/hls/date-range.ts";
import type { Names } from "../../src/hls/playlist.ts";
import { RewindText } from "../../src/hls/rewind-text.ts";
import { type Cut, Segmenter } from "../../src/hls/segmenter.ts";
import {
  addCut,
  emptyWindow,
  endWindow,
  listedEnd,
  type Window,
  withDateRange,
} from "../../src/hls/window.ts";
import { AU_SAMPLES, type Frame, type Profile, samples, toMillis } from "../../src/media.ts";

export const STARTED_AT = Date.UTC(2026, 10, 21, 20, 0, 0);
export const EPOCH = "mwq4yx3z";
export const FIRST_MSN = 1000;

export const names: Names = {
  init: "init.mp4",
  segment: (msn) => `${msn}.m4s`,
  part: (msn, index) => `${msn}.${index}.m4s`,
};

/** The frame of access unit `unit`: `unit % 7 + 1` bytes, each of them `unit` modulo 256. */
export function frame(unit: number): Frame {
  return { at: samples(unit * AU_SAMPLES), bytes: new Uint8Array((unit % 7) + 1).fill(unit) };
}

export interface Show {
  readonly cuts: readonly Cut[];
  /** `windows[n]` is the window after n cuts of a live show; the last one is the ended window unless `live`. */
  readonly windows: readonly Window[];
}

/**
 * A show of `units` access units, ended with a flush unless `live`. With `events` there is an event after every tenth cut.
 */
export function show(
  profile: Profile,
  units: number,
  options: { live?: boolean; length?: number; startedAt?: number; events?: boolean } = {},
): Show {
  const start = { epoch: EPOCH, startedAt: options.startedAt ?? STARTED_AT, msn: FIRST_MSN, at: samples(0) };
  const segmenter = new Segmenter(profile, start);
  let window = emptyWindow(profile, start, options.length === undefined ? {} : { length: options.length });
  const windows = [window];
  const cuts: Cut[] = [];
  for (let unit = 0; unit < units; unit += 1) {
    for (const cut of segmenter.push(frame(unit))) {
      cuts.push(cut);
      window = addCut(window, cut);
      if (options.events && cuts.length % 10 === 0)
        window = withDateRange(window, eventRange(window, cuts.length));
      windows.push(window);
    }
  }
  if (!options.live) {
    const last = segmenter.flush();
    cuts.push(...last);
    windows.push(endWindow(last.reduce(addCut, window)));
  }
  return { cuts, windows };
}

/** An event shortly after a window's end; `n` names it. */
function eventRange(window: Window, n: number): Omit<DateRange, "listed"> {
  const at = window.startedAt + toMillis(listedEnd(window)) + 150;
  return { id: String(n), at, attributes: { "X-KIND": "title", "X-TITLE": `Title "${n}"` } };
}

/** The last window of a show. */
export function windowAfter(...parameters: Parameters<typeof show>): Window {
  const window = show(...parameters).windows.at(-1);
  if (window === undefined) throw new Error("a show has at least its empty window");
  return window;
}

/** The part of the whole show's rewind list before `window`, which is one of its windows. */
export function pastBefore(window: Window, windows: readonly Window[]): RewindText {
  const { startedAt, profile } = window;
  const past = new RewindText(FIRST_MSN, 0, true);
  past.beginTimeline({ startedAt, profile, names }, FIRST_MSN);
  const closed = new Map(
    windows.flatMap(({ segments }) => segments.map((segment) => [segment.msn, segment])),
  );
  for (let msn = FIRST_MSN; msn < window.firstMsn; msn++) {
    const segment = closed.get(msn);
    if (segment !== undefined) past.add(segment);
  }
  return past;
}
