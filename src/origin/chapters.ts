import type { ChapterFormat } from "../paths.ts";
import type { Chapters } from "../recording-api.ts";

/** How long caches may keep a show's chapters, seconds. */
const KEPT_SECONDS = 5;

/** Chapters as a player asks for them. */
export function chaptersResponse(chapters: Chapters, format: ChapterFormat): Response {
  const headers = {
    "content-type": format === "vtt" ? "text/vtt; charset=utf-8" : "application/json+chapters",
    "cache-control": `public, max-age=${KEPT_SECONDS}, stale-if-error=0`,
  };
  return new Response(format === "vtt" ? webVtt(chapters) : podcastChapters(chapters), { headers });
}

/** WebVTT whose cues are chapters, each until the next one begins (W3C WebVTT, 1.3 chapters). */
export function webVtt({ chapters, endMs }: Chapters): string {
  const cues = chapters.map(({ startMs, title }, index) => {
    const until = chapters[index + 1]?.startMs ?? endMs;
    return `${index + 1}\n${timestamp(startMs)} --> ${timestamp(until)}\n${cueText(title)}\n`;
  });
  return ["WEBVTT\n", ...cues].join("\n");
}

/** JSON Chapters 1.2.0, of the Podcasting 2.0 namespace: seconds. */
export function podcastChapters({ chapters }: Chapters): string {
  return JSON.stringify({
    version: "1.2.0",
    chapters: chapters.map(({ startMs, title }) => ({ startTime: startMs / 1000, title })),
  });
}

/** Hours, minutes, seconds and milliseconds. */
function timestamp(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const [hours, minutes, seconds] = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60];
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${String(ms % 1000).padStart(3, "0")}`;
}

/** Text of a cue: on one line, and no markup. */
function cueText(title: string): string {
  return title.replace(/\s+/g, " ").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
