import { PROFILES, STANDARD_BITRATE } from "../media.ts";
import { epochOf, timeOf } from "../paths.ts";
import { beginAnew } from "./lifecycle.ts";
import type { RunningRow, ShowRow, TimelineRow } from "./show-row.ts";
import type { Store } from "./store.ts";
import { leadMillis, Timeline } from "./timeline.ts";

/** A running timeline, and its show's row as the store has it. */
export interface Resumption {
  readonly row: RunningRow;
  readonly timeline: Timeline;
}

/** Resumes the stored timeline of a running show; replaces it by a new one if it cannot be resumed. */
export function resume(row: RunningRow, store: Store, now: number): Resumption {
  try {
    return { row, timeline: new Timeline(row, store) };
  } catch (error) {
    return replace(row, store, now, `what was stored of it does not fit (${String(error)})`);
  }
}

/**
 * Replaces a show's timeline by a new one, under a new epoch; `why` is the end of a sentence. If the timeline cannot be made
 * at the show's bit rate, the standard one is used. Throws if there can be no encoder at all.
 */
export function replace(row: RunningRow, store: Store, now: number, why: string): Resumption {
  console.warn(`The timeline of ${row.id} begins anew: ${why}.`);
  setAside(row.id, row.timeline.epoch, store);
  const next = beginAnew(row, newTimelineRow(row, store, now), { at: now, why });
  store.putShow(next);
  try {
    return { row: next, timeline: new Timeline(next, store) };
  } catch (error) {
    console.warn(`${row.id} goes on at ${STANDARD_BITRATE} bit/s: ${String(error)}`);
    const plain = { ...next, bitrate: STANDARD_BITRATE };
    store.putShow(plain);
    return { row: plain, timeline: new Timeline(plain, store) };
  }
}

/**
 * Returns the row of a timeline that opens now. Its epoch is later than those of all the show's timelines, even if the clock was
 * set back: edge and replay take the timeline with the latest epoch for the newest one.
 */
export function newTimelineRow({ latency, timeline }: ShowRow, { index }: Store, now: number): TimelineRow {
  const profile = PROFILES[latency];
  const earlier = [timeline?.epoch ?? null, index.newestEpoch()].filter((epoch) => epoch !== null);
  const epoch = epochOf(Math.max(now, ...earlier.map((epoch) => timeOf(epoch) + 1)));
  return { epoch, startedAt: now - leadMillis(profile), profile, fromMsn: index.nextMsn() };
}

/**
 * Makes room in the store of show `id` for a new timeline. Media of the previous one, `epoch`, that R2 does not have stays there,
 * and waits for R2. If the epoch is unknown (null), that media is lost.
 */
export function setAside(id: string, epoch: string | null, store: Store): void {
  if (epoch !== null) indexOpen(epoch, store);
  const given = store.setAside(epoch);
  if (given > 0) console.warn(`${given} segments of ${id} are given up: R2 has not taken them for too long.`);
}

/** Adds the open segment to the segment index, as far as it got: it goes to R2 as a segment, and must be found as one. */
function indexOpen(epoch: string, store: Store): void {
  const parts = store.parts(1);
  if (parts.length === 0 || parts.at(-1)?.closes === true) return;
  try {
    store.index.add(
      epoch,
      parts.map(({ part }) => part),
    );
  } catch (error) {
    console.warn(`The last segment of ${epoch} is left out of the replay: ${String(error)}`);
  }
}
