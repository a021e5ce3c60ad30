/**
 * What Origin asks a Broadcast for to make the recording and the chapters of its show: the types of that seam, which both sides
 * import. The recording is made from what the index knows of segments and from the segments in R2; it is stored nowhere.
 */
import type { Problem } from "./problem.ts";

export interface RecordingApi {
  recording(asked: RecordingAsk): Promise<RecordingAnswer | Problem>;
}

export type RecordingAsk =
  /** What it consists of. */
  | { readonly kind: "plan" }
  /** The segments of one of its pages. */
  | { readonly kind: "page"; readonly page: Page }
  /** A segment that R2 does not have yet, or, where `msn` is null, a timeline's init segment. */
  | { readonly kind: "segment"; readonly epoch: string; readonly msn: number | null }
  | { readonly kind: "chapters" };

export type RecordingAnswer = Plan | PageOfSegments | Segment | Chapters;

export interface Plan {
  readonly kind: "plan";
  readonly title: string;
  readonly pages: readonly Page[];
  /** From chunk `first` on, counted from 1, a segment has `units`. */
  readonly runs: readonly { readonly first: number; readonly units: number }[];
}

/** Some hundred segments of one timeline: what of a long show is in memory at a time. */
export interface Page {
  readonly epoch: string;
  /** The first one's, and how many there are. */
  readonly msn: number;
  readonly segments: number;
  /** Of all of them: access units, and the bytes of these. */
  readonly units: number;
  readonly bytes: number;
}

export interface PageOfSegments {
  readonly kind: "page";
  readonly segments: readonly { readonly msn: number; readonly bytes: number }[];
  /** The bytes of each access unit of all of them, as big-endian numbers of 16 bits. */
  readonly sizes: Uint8Array;
}

export interface Segment {
  readonly kind: "segment";
  /** Null: it is not here either. */
  readonly bytes: Uint8Array | null;
}

export interface Chapters {
  readonly kind: "chapters";
  readonly chapters: readonly Chapter[];
  /** How long the replay is so far, milliseconds. */
  readonly endMs: number;
}

export interface Chapter {
  /** Since the replay's beginning, milliseconds. */
  readonly startMs: number;
  readonly title: string;
}

/** What the edge has to know of a recording to answer for it: origin's answer at its URL. */
export interface RecordingFacts {
  /** Bytes. */
  readonly length: number;
  /** A strong validator, without its quotes. */
  readonly etag: string;
  readonly title: string;
}
