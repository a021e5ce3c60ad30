/**
 * The rules for a capture, each with its source: draft-pantos-hls-rfc8216bis-22 ("section"), Apple's HLS authoring
 * specification ("Apple"), or what this relay promises ("promise").
 */
export const RULES = {
  status: "promise: everything a player needs is answered 200",
  "content-type": "Apple 10.4: application/vnd.apple.mpegurl; audio/mp4 or video/mp4",
  "cache-control": "promise: every answer says how long it lives; media names are immutable",
  cors: "promise: any page may play",
  multivariant:
    "section 4.4.6.2, Apple 9.1, 9.14: one audio variant, fully described, pointing at the media list",
  bandwidth:
    "Apple 1.28, 1.29: segments stay below 125 % of BANDWIDTH, their mean below 110 % of AVERAGE-BANDWIDTH",
  "first-line": "section 4.4.1.1",
  version: "section 6.2.1, 8: 6, or 8 with a gap, or 9 with a skip",
  event: "section 4.4.3.5: nothing leaves an EVENT list, and no list here is of another type",
  tags: "section 4.4.3: required tags are there, each once, and none that a live list must not have",
  "target-duration": "section 4.4.3.1, and never above the target itself",
  "part-inf": "section 4.4.3.7: with parts, and only with parts",
  "part-target": "section 4.4.4.9: no part is longer than the target, as decimals",
  "part-hold-back": "section 4.4.3.8, Apple 14.3: at least three part targets",
  "hold-back": "section 4.4.3.8: at least three target durations",
  "skip-until": "section 4.4.3.8: at least six target durations",
  "block-reload": "section 6.2.5.2: a list with parts offers blocking reloads",
  independent: "section 4.4.4.9: every AAC part says INDEPENDENT=YES",
  "part-sum": "section 4.4.4.9: the parts of a segment last as long as the segment",
  "part-age": "section 6.2.2: no part further than three target durations from the end",
  date: "section 4.4.4.6, 4.4.4.9, Apple 8.4: every segment is dated to the millisecond, before its first part",
  "date-continuity": "section 6.2.1: dates advance by the durations",
  "date-range":
    "section 4.4.5.1: an ID is one event's, dated and never described otherwise; it leaves with its segment, for good",
  map: "section 3.1.2, 4.4.4.5: one init segment for each timeline, before its first segment, always the same",
  hint: "section 4.4.5.3, appendix B.1: one hinted part in a live list of parts, else none",
  "hint-kept": "section 4.4.5.3: the hinted URI is the next part's",
  window:
    "section 6.2.2, Apple 8.11: three segments to begin with; six and three target durations once any has left",
  "hls-parser": "hls-parser reads it strictly",
  constants: "section 6.2.1: target durations, hold-backs, offers and the map never change",
  "media-sequence": "section 6.2.2: never decreases, and goes up by what was removed",
  "discontinuity-sequence": "section 6.2.2: never decreases; no discontinuity was promised, so never changes",
  immutable:
    "section 6.2.1: what a list has said of a segment or part stays so, and parts that left do not return",
  "unique-uri": "section 6.2.1: a URI names one segment or part",
  ended: "section 4.4.3.4, 6.2.1: nothing follows EXT-X-ENDLIST, and the last segment is closed",
  delta: "section 6.2.5.1: asked for, offered, nothing within the Skip Boundary, and mergeable",
  directive: "section 6.2.5.2: a blocking reload has what it was asked for",
  cadence: "section 6.2.1: a part within a part target, a segment within one and a half target durations",
  unlisted: "section 6.2.6: what is fetched is listed or hinted",
  uncaptured: "the capture has every part and segment that became listed in it",
  "same-bytes": "promise: a media URL always gives the same bytes",
  init: "section 3.1.2: iso6, no samples, no durations, no edit list, AAC-LC",
  chunk:
    "ISO/IEC 23000-19 7.3: a part is one moof and one mdat that fit each other, a segment nothing but parts",
  styp: "ISO/IEC 14496-12 8.16.2: a segment type, if any, opens the segment",
  "sequence-number": "ISO/IEC 14496-12 8.8.5: mfhd increases",
  tfdt: "section 3, 4.4.4.3: decode times follow each other without a gap",
  "tfdt-date": "section 6.2.1: dates are those of the decode times",
  duration: "section 4.4.4.1, 4.4.4.9: durations are those of the samples",
  "segment-bytes": "section 3.2: a segment is its parts",
} as const;

export type Rule = keyof typeof RULES;

export interface Finding {
  readonly rule: Rule;
  /** The URL, segment or part where it was found. */
  readonly where: string;
  readonly what: string;
}

/** Records a finding. */
export type Report = (rule: Rule, where: string, what: string) => void;
