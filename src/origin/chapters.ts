import type { ChapterFormat } from "../paths.ts";
import type { Chapters } from "../recording-api.ts";

/** How long caches may keep a show's chapters, seconds. */
const CACHE_SECONDS = 5;

/** Returns chapters in the format that the player requested. */
export function chaptersResponse(chapters: Chapters, format: ChapterFormat): Response {
  const headers = {
    "content-type": format === "vtt" ? "text/vtt; charset=utf-8" : "application/json+chapters",
    "cache-control": `public, max-age=${CACHE_SECONDS}, stale-if-error=0`,
  };
  return new Response(format === "vtt" ? webVtt(chapters) : podcastChapters(chapters), { headers });
}

/** Writes chapters as WebVTT cues; each lasts until the next one begins (W3C WebVTT, 1.3 chapters). */
export function webVtt({ chapters, endMs }: Chapters): string {
  const cues = chapters.map(({ startMs, title }, index) => {
    const until = chapters[index + 1]?.startMs ?? endMs;
    return `${index + 1}\n${timestamp(startMs)} --> ${timestamp(until)}\n${cueText(title)}\n`;
  });
  return ["WEBVTT\n", ...cues].join("\n");
}

/** Writes chapters as JSON Chapters 1.2.0 of the Podcasting 2.0 namespace; its times are seconds. */
export function podcastChapters({ chapters }: Chapters): string {
  return JSON.stringify({
    version: "1.2.0",
    chapters: chapters.map(({ startMs, title }) => ({ startTime: startMs / 1000, title })),
  });
}

/** Formats milliseconds as hh:mm:ss.mmm. */
function timestamp(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const [hours, minutes, seconds] = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60];
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${String(ms % 1000).padStart(3, "0")}`;
}

/** Escapes a cue's text and puts it on one line. */
function cueText(title: string): string {
  return title.replace(/\s+/g, " ").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
