import { AU_SAMPLES, fromMillis, toMillis } from "../media.ts";
import type { Chapter } from "../recording-api.ts";
import type { ChapterMark } from "./chapter-marks.ts";
import type { IndexedBlock } from "./segment-index.ts";

/** The shortest chapter, ms. */
const SHORTEST_MS = 1_000;

/** One timeline of a replay, and the part of it that the replay has. */
export interface Replayed {
  readonly epoch: string;
  /** The wall clock at its sample 0. */
  readonly startedAt: number;
  /** In order; at least one. */
  readonly blocks: readonly IndexedBlock[];
}

/**
 * Returns a replay's chapters; none if there is no replay. The first begins at 0 and is named by the show's title at that
 * time. Another begins where the title changes, where a marker was set, and where hosts come and go. A change less than a
 * second after a chapter's beginning, or before the replay's end, begins no chapter; a title or marker names the chapter
 * before it instead.
 *
 * @param marks oldest first; a host is never named
 * @param title the show's title, used if no mark has one
 * @param isWhole whether the replay is complete. While it grows, marks at or after its end are left out
 */
export function chaptersOf(
  timelines: readonly Replayed[],
  marks: readonly ChapterMark[],
  title: string,
  isWhole: boolean,
): Chapter[] {
  const endMs = lengthOf(timelines);
  if (endMs === 0) return [];
  const chapters: { startMs: number; title: string }[] = [
    { startMs: 0, title: firstTitle(timelines, marks, title) },
  ];
  let [current, hosts] = [chapters[0]?.title, 0];
  let areHostsKnown = false;
  for (const mark of marks) {
    const markMs = positionOf(timelines, mark);
    if (markMs === null || (markMs >= endMs && !isWhole)) continue;
    const isReplayed = markMs !== BEFORE;
    const startMs = Math.min(markMs, endMs);
    if (mark.kind === "hosts") {
      const change = mark.hosts - hosts;
      hosts = mark.hosts;
      // The replay begins with its first host, whose coming is no chapter of its own.
      if (areHostsKnown && change !== 0 && isReplayed)
        begin(chapters, { startMs, title: change > 0 ? "A host joins" : "A host leaves" }, endMs, false);
      areHostsKnown = true;
    } else if (isReplayed) {
      if (mark.kind === "title" && mark.title === current) continue;
      if (mark.kind === "title") current = mark.title;
      begin(chapters, { startMs, title: mark.title }, endMs, true);
    }
  }
  return chapters.map(({ startMs, title }) => ({ startMs: Math.round(startMs), title }));
}

/** Returns the length of a replay, ms. */
export function lengthOf(timelines: readonly Replayed[]): number {
  const units = timelines.flatMap(({ blocks }) => blocks).reduce((sum, block) => sum + block.units, 0);
  return toMillis(units * AU_SAMPLES);
}

/**
 * Begins a chapter, unless it or the last one would be too short. In that case, if it `isNamed` (a title or a marker), the last
 * chapter takes its name: in place of a host's coming or going, or else after its own name.
 */
function begin(
  chapters: { startMs: number; title: string }[],
  next: Chapter,
  endMs: number,
  isNamed: boolean,
): void {
  const last = chapters.at(-1);
  if (last !== undefined && Math.min(next.startMs - last.startMs, endMs - next.startMs) < SHORTEST_MS) {
    if (isNamed) last.title = isHosts(last.title) ? next.title : `${last.title} / ${next.title}`;
  } else chapters.push({ ...next });
}

function isHosts(title: string): boolean {
  return title === "A host joins" || title === "A host leaves";
}

/** Returns the show's title at the beginning of its replay. */
function firstTitle(timelines: readonly Replayed[], marks: readonly ChapterMark[], title: string): string {
  const titles = marks.filter((mark) => mark.kind === "title" && mark.epoch === timelines[0]?.epoch);
  const before = titles.filter((mark) => positionOf(timelines, mark) === BEFORE);
  // Otherwise the title noted when the show went live, a moment after the beginning of the first replayed segment.
  const named = before.at(-1) ?? titles[0];
  return named?.kind === "title" ? named.title : title;
}

/** The position of a mark before the part of its timeline that the replay has. */
const BEFORE = Number.NEGATIVE_INFINITY;

/** Returns a mark's position in the replay, ms; null: the replay has nothing of its timeline. */
function positionOf(timelines: readonly Replayed[], { epoch, at }: ChapterMark): number | null {
  const index = timelines.findIndex((timeline) => timeline.epoch === epoch);
  const timeline = timelines[index];
  if (timeline === undefined) return null;
  const sample = fromMillis(at - timeline.startedAt);
  if (sample < (timeline.blocks[0]?.at ?? 0)) return BEFORE;
  let before = fromMillis(lengthOf(timelines.slice(0, index))) as number;
  for (const [n, block] of timeline.blocks.entries()) {
    const next = timeline.blocks[n + 1];
    const inBlock = sample - block.at;
    // A mark after the last block may be in a segment that is not finished yet.
    if (next === undefined) return toMillis(before + inBlock);
    if (sample < next.at) return toMillis(before + Math.min(inBlock, block.units * AU_SAMPLES));
    before += block.units * AU_SAMPLES;
  }
  return null;
}
