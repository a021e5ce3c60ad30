import { PROFILES, STANDARD_BITRATE } from "../media.ts";
import { epochOf, timeOf } from "../paths.ts";
import { beginAnew, isRunning, type Running, type Show, type Timeline } from "./lifecycle.ts";
import { leadMillis, Programme } from "./programme.ts";
import type { Store } from "./store.ts";

/** A show and its programme; the store has the show as it is here. */
export interface Resumption {
  readonly show: Running;
  readonly programme: Programme;
}

/** The programme of a running show's stored timeline; of a new one where that can not be gone on with. */
export function resume(show: Show, store: Store, now: number): Resumption {
  if (!isRunning(show)) throw new Error("only a running show is resumed");
  try {
    return { show, programme: new Programme(show, store) };
  } catch (error) {
    return replace(show, store, now, `what was stored of it does not fit (${String(error)})`);
  }
}

/**
 * The programme of a new timeline in the place of the one there was, under a new epoch; `why` is the end of a sentence.
 * Throws where there can be no encoder at all.
 */
export function replace(show: Show, store: Store, now: number, why: string): Resumption {
  console.warn(`The timeline of ${show.id} begins anew: ${why}.`);
  setAside(show, store);
  const timeline = timelineOf(show, now);
  const next = { ...beginAnew(show, timeline, why), timeline, anew: { at: now, why } };
  store.putShow(next);
  try {
    return { show: next, programme: new Programme(next, store) };
  } catch (error) {
    console.warn(`${show.id} goes on at ${STANDARD_BITRATE} bit/s: ${String(error)}`);
    const plain = { ...next, bitrate: STANDARD_BITRATE };
    store.putShow(plain);
    return { show: plain, programme: new Programme(plain, store) };
  }
}

/** The timeline that opens now. Its epoch is later than the one before it, also where the clock was set back: the edge compares them. */
export function timelineOf({ latency, timeline }: Show, now: number): Timeline {
  const profile = PROFILES[latency];
  const earliest = timeline === null ? 0 : timeOf(timeline.epoch) + 1;
  return { epoch: epochOf(Math.max(now, earliest)), startedAt: now - leadMillis(profile), profile };
}

/** Makes room in the store for a new timeline; what R2 does not hold of the one there was waits there on. */
export function setAside({ id, timeline }: Show, store: Store): void {
  const given = store.setAside(timeline?.epoch ?? null);
  if (given > 0) console.warn(`${given} segments of ${id} are given up: R2 has not taken them for too long.`);
}
