/**
 * Playlists as text: pure functions of the window. Rules are cited by their section in draft-pantos-hls-rfc8216bis-22
 * ("section") and in Apple's HLS authoring specification ("Apple").
 */

import { AU_SAMPLES, type Profile, SAMPLE_RATE, type Samples, samples, toMillis } from "../media.ts";
import { dateRangeTag } from "./date-range.ts";
import { quotable } from "./quoted-string.ts";
import { listedRanges, listsParts, type OpenSegment, type Window } from "./window.ts";

/** Relative URIs of the things that a media playlist lists. The same thing must have the same URI in every list. */
export interface Names {
  readonly init: string;
  segment(msn: number): string;
  part(msn: number, index: number): string;
}

/** Returns the media playlist of a window. directives.ts decides whether it may be handed out yet. */
export function mediaPlaylist(window: Window, names: Names): string {
  const lines = [
    // Section 6.2.1: no higher than needed. EXT-X-MAP requires 6 (section 8).
    ...headTags(window.profile, {
      version: 6,
      targetDuration: window.profile.targetDuration,
      skipBoundary: null,
    }),
    `#EXT-X-MEDIA-SEQUENCE:${window.firstMsn}`, // section 4.4.3.2
    `#EXT-X-DISCONTINUITY-SEQUENCE:${window.discontinuitySequence}`, // Apple 8.17: in every list, or in none
    // Section 4.4.4.5. The map comes before the first date, which belongs to the next segment.
    mapTag(names),
    ...listedRanges(window).map(dateRangeTag), // section 4.4.5.1
    ...segmentLines(window, names, window.firstMsn),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Returns the beginning of a media playlist: the tags that stay constant for as long as a show lives.
 *
 * @param skipBoundary null: delta updates are not offered
 */
export function headTags(
  profile: Profile,
  constants: { version: number; targetDuration: number; skipBoundary: Samples | null },
): string[] {
  const { version, targetDuration, skipBoundary } = constants;
  const lines = [
    "#EXTM3U", // section 4.4.1.1: the first line
    `#EXT-X-VERSION:${version}`,
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    ...serverControl(profile, targetDuration, skipBoundary),
  ];
  // Section 4.4.3.7: required with parts. A list without parts must not have it: players would wait for parts.
  if (profile.lowLatency) lines.push(`#EXT-X-PART-INF:PART-TARGET=${seconds(partTarget(profile))}`);
  return lines;
}

/** Returns the segments of a window from number `from` on, and the end of the list. */
export function segmentLines(window: Window, names: Names, from: number): string[] {
  const { profile, open } = window;
  const lines: string[] = [];
  for (const segment of window.segments.slice(Math.max(0, from - window.firstMsn))) {
    lines.push(...head(window, segment, names));
    // Section 4.4.4.1. The parts come before the line of their parent segment.
    lines.push(`#EXTINF:${seconds(segment.duration)},`, names.segment(segment.msn));
  }
  if (open !== null && profile.lowLatency) {
    if (open.parts.length > 0) lines.push(...head(window, open, names));
    // Appendix B.1: a live playlist hints at exactly one part. Right after a segment it is the first of the next segment.
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${names.part(open.msn, open.parts.length)}"`);
  }
  // Section 4.4.5.3: never together with a hint. A window that has ended has no open segment, so it has no hint.
  if (window.ended) lines.push("#EXT-X-ENDLIST");
  return lines;
}

/** Section 4.4.4.5: a map applies to all segments that follow, up to the next map. */
export function mapTag(names: Pick<Names, "init">): string {
  return `#EXT-X-MAP:URI="${names.init}"`;
}

/**
 * Returns the multivariant playlist: one audio variant (an EXT-X-MEDIA group for a single rendition hides it from VLC).
 * `bandwidth` is the peak segment bit rate, container included, `averageBandwidth` the long-term one, bit/s.
 * `redundantUri` is a second place of the same media, for clients that fail with the first.
 */
export function multivariantPlaylist(variant: {
  uri: string;
  bandwidth: number;
  averageBandwidth: number;
  title?: string;
  redundantUri?: string;
}): string {
  const { uri, bandwidth, averageBandwidth, title, redundantUri } = variant;
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:6",
    "#EXT-X-INDEPENDENT-SEGMENTS", // section 4.4.2.1: every AAC-LC unit is independent; not in the media playlist too
  ];
  // Section 4.4.6.4.
  if (title !== undefined)
    lines.push(`#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="${quotable(title)}"`);
  // Apple 9.14 requires AVERAGE-BANDWIDTH, 9.1 CODECS.
  const variantTag = `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},AVERAGE-BANDWIDTH=${averageBandwidth},CODECS="mp4a.40.2"`;
  lines.push(variantTag, uri);
  // Section 6.2.4: a redundant variant has the same attributes, so that clients take it for a substitute, not a choice.
  if (redundantUri !== undefined) lines.push(variantTag, redundantUri);
  return `${lines.join("\n")}\n`;
}

/**
 * Formats a duration as decimal seconds. Whole milliseconds (every multiple of three access units) get three digits, and are
 * exact. All others get six, cut off and not rounded. That keeps the order of durations, so that no listed part is longer than
 * the part target (section 4.4.4.9; AVPlayer refuses such a list). It uses integer arithmetic throughout.
 */
export function seconds(duration: Samples): string {
  const whole = duration % (SAMPLE_RATE / 1000) === 0;
  const digits = whole ? 3 : 6;
  // 48 000 samples are 10^6 microseconds: 3 samples are 62.5 of them.
  const units = whole ? duration / (SAMPLE_RATE / 1000) : Math.floor((duration * 125) / 6);
  const text = String(units).padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Section 4.4.3.8. Every value is constant for the show: AVPlayer stops for good when one of them changes. */
function serverControl(profile: Profile, targetDuration: number, skipBoundary: Samples | null): string[] {
  const holdBack = `HOLD-BACK=${seconds(samples(3 * targetDuration * SAMPLE_RATE))}`;
  const skip = skipBoundary === null ? [] : [`CAN-SKIP-UNTIL=${seconds(skipBoundary)}`];
  // A list without parts does not offer blocking reloads. Its players stay three whole segments from the end, so blocking would
  // gain nothing, and the whole audience would ask in the same instant, once per segment. HOLD-BACK would be the default value.
  if (!profile.lowLatency && skip.length === 0) return [];
  const blocking = profile.lowLatency
    ? ["CAN-BLOCK-RELOAD=YES", `PART-HOLD-BACK=${seconds(samples(3 * partTarget(profile)))}`] // Apple 14.3: at least 3
    : [];
  return [`#EXT-X-SERVER-CONTROL:${[...blocking, holdBack, ...skip].join(",")}`];
}

/** Returns a segment's date and parts. The date comes before the first part (section 4.4.4.9). */
function head(window: Window, segment: OpenSegment, names: Names): string[] {
  const lines = [dateTag(window.startedAt, segment.at)];
  if (!listsParts(window, segment)) return lines;
  for (const [index, part] of segment.parts.entries()) {
    const uri = names.part(segment.msn, index);
    // Section 4.4.4.9: every part has an independent frame, and says so.
    lines.push(`#EXT-X-PART:DURATION=${seconds(part.duration)},URI="${uri}",INDEPENDENT=YES`);
  }
  return lines;
}

/**
 * Returns the date of a sample, to the millisecond (section 4.4.4.6, Apple 8.4). It is computed from the sample count alone: a
 * segment must have the same date in every list, and dates taken from the wall clock would jitter.
 */
export function dateTag(startedAt: number, at: Samples): string {
  return `#EXT-X-PROGRAM-DATE-TIME:${new Date(startedAt + Math.round(toMillis(at))).toISOString()}`;
}

function partTarget(profile: Profile): Samples {
  return samples(profile.partUnits * AU_SAMPLES);
}
