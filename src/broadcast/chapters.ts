import { AU_SAMPLES, fromMillis, toMillis } from "../media.ts";
import type { Chapter } from "../recording-api.ts";
import type { Place } from "./places.ts";
import type { IndexedPage } from "./segment-index.ts";

/** The least that a chapter lasts, milliseconds. */
const LEAST_MS = 1_000;

/** A timeline of a replay, and what of it the replay has. */
export interface Replayed {
  readonly epoch: string;
  /** The wall clock at its sample 0. */
  readonly startedAt: number;
  /** In order, one at least. */
  readonly pages: readonly IndexedPage[];
}

/**
 * A replay's chapters. The first begins at 0 and is named by the title there was then; another begins where the title changes,
 * where a marker was set, where hosts come and go. What is less than a second after the beginning of a chapter, or before the
 * replay's end, is of that chapter, which takes the name of a title or marker. Empty where there is no replay.
 *
 * @param places oldest first; a host is never named
 * @param title the show's, where none is among the places
 * @param isWhole whether the replay does not grow any more. While it does, what lies behind its end is not told of yet
 */
export function chaptersOf(
  timelines: readonly Replayed[],
  places: readonly Place[],
  title: string,
  isWhole: boolean,
): Chapter[] {
  const endMs = lengthOf(timelines);
  if (endMs === 0) return [];
  const chapters: { startMs: number; title: string }[] = [
    { startMs: 0, title: firstTitle(timelines, places, title) },
  ];
  let [current, hosts] = [chapters[0]?.title, 0];
  let areHostsKnown = false;
  for (const place of places) {
    const placeMs = positionOf(timelines, place);
    if (placeMs === null || (placeMs >= endMs && !isWhole)) continue;
    const isReplayed = placeMs !== BEFORE;
    const startMs = Math.min(placeMs, endMs);
    if (place.kind === "hosts") {
      const change = place.hosts - hosts;
      hosts = place.hosts;
      // With the first the replay begins.
      if (areHostsKnown && change !== 0 && isReplayed)
        begin(chapters, { startMs, title: change > 0 ? "A host joins" : "A host leaves" }, endMs, false);
      areHostsKnown = true;
    } else if (isReplayed) {
      if (place.kind === "title" && place.title === current) continue;
      if (place.kind === "title") current = place.title;
      begin(chapters, { startMs, title: place.title }, endMs, true);
    }
  }
  return chapters.map(({ startMs, title }) => ({ startMs: Math.round(startMs), title }));
}

/** How long a replay is, milliseconds. */
export function lengthOf(timelines: readonly Replayed[]): number {
  const units = timelines.flatMap(({ pages }) => pages).reduce((sum, page) => sum + page.units, 0);
  return toMillis(units * AU_SAMPLES);
}

/** Begins a chapter, or lets the last one have a name that was given, where it would be too short. */
function begin(
  chapters: { startMs: number; title: string }[],
  next: Chapter,
  endMs: number,
  isNamed: boolean,
): void {
  const last = chapters.at(-1);
  if (last !== undefined && Math.min(next.startMs - last.startMs, endMs - next.startMs) < LEAST_MS) {
    if (isNamed) last.title = isHosts(last.title) ? next.title : `${last.title} / ${next.title}`;
  } else chapters.push({ ...next });
}

function isHosts(title: string): boolean {
  return title === "A host joins" || title === "A host leaves";
}

/** The title that the show had where its replay begins. */
function firstTitle(timelines: readonly Replayed[], places: readonly Place[], title: string): string {
  const titles = places.filter((place) => place.kind === "title" && place.epoch === timelines[0]?.epoch);
  const before = titles.filter((place) => positionOf(timelines, place) === BEFORE);
  // Else that of the going live, which is noted a moment after the segment's beginning.
  const named = before.at(-1) ?? titles[0];
  return named?.kind === "title" ? named.title : title;
}

/** Where a place is that comes before what the replay has of its timeline. */
const BEFORE = Number.NEGATIVE_INFINITY;

/** Where in the replay a place is, milliseconds; null where the replay has nothing of its timeline. */
function positionOf(timelines: readonly Replayed[], { epoch, at }: Place): number | null {
  const index = timelines.findIndex((timeline) => timeline.epoch === epoch);
  const timeline = timelines[index];
  if (timeline === undefined) return null;
  const sample = fromMillis(at - timeline.startedAt);
  if (sample < (timeline.pages[0]?.at ?? 0)) return BEFORE;
  let before = fromMillis(lengthOf(timelines.slice(0, index))) as number;
  for (const [n, page] of timeline.pages.entries()) {
    const next = timeline.pages[n + 1];
    const inPage = sample - page.at;
    // Behind the last page a place may lie that its timeline has no finished segment for yet.
    if (next === undefined) return toMillis(before + inPage);
    if (sample < next.at) return toMillis(before + Math.min(inPage, page.units * AU_SAMPLES));
    before += page.units * AU_SAMPLES;
  }
  return null;
}
