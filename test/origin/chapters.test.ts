import { expect, test } from "vitest";
import { chaptersResponse, podcastChapters, webVtt } from "../../src/origin/chapters.ts";
import type { Chapters } from "../../src/recording-api.ts";

/** Chapters, compared to the letter, in the two formats that players ask for. */

const CHAPTERS: Chapters = {
  kind: "chapters",
  chapters: [
    { startMs: 0, title: "A show" },
    { startMs: 61_234, title: "Q & A\n--> <b>now</b>" },
    { startMs: 360_000_000, title: "A host leaves" },
  ],
  endMs: 360_001_007,
};

test("in WebVTT each chapter lasts until the next one, and a title's markup is escaped", () => {
  expect(webVtt(CHAPTERS)).toBe(`WEBVTT

1
00:00:00.000 --> 00:01:01.234
A show

2
00:01:01.234 --> 100:00:00.000
Q &amp; A --&gt; &lt;b&gt;now&lt;/b&gt;

3
100:00:00.000 --> 100:00:01.007
A host leaves
`);
});

test("in JSON titles are unchanged and times are in seconds", () => {
  expect(JSON.parse(podcastChapters(CHAPTERS))).toEqual({
    version: "1.2.0",
    chapters: [
      { startTime: 0, title: "A show" },
      { startTime: 61.234, title: "Q & A\n--> <b>now</b>" },
      { startTime: 360_000, title: "A host leaves" },
    ],
  });
});

test("each format states its type and how long it may be kept", () => {
  const headersOf = (format: "vtt" | "json") => {
    const { headers } = chaptersResponse(CHAPTERS, format);
    return [headers.get("content-type"), headers.get("cache-control")];
  };
  expect(headersOf("vtt")).toEqual(["text/vtt; charset=utf-8", "public, max-age=5, stale-if-error=0"]);
  expect(headersOf("json")).toEqual(["application/json+chapters", "public, max-age=5, stale-if-error=0"]);
});
