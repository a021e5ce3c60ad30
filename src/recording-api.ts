/**
 * The interface through which Origin makes the recording and the chapters of a show: calls to its Broadcast, as types that both
 * sides import. The recording is made from the segment index and the segments in R2; it is stored nowhere.
 */
import type { Problem } from "./problem.ts";

export interface RecordingApi {
  recording(asked: RecordingAsk): Promise<RecordingAnswer | Problem>;
}

export type RecordingAsk =
  /** Asks for the blocks that the recording consists of. */
  | { readonly kind: "plan" }
  /** Asks for the segments of one block. */
  | { readonly kind: "page"; readonly page: SegmentBlock }
  /** Asks for a segment that R2 does not have yet, or, with `msn` null, for a timeline's init segment. */
  | { readonly kind: "segment"; readonly epoch: string; readonly msn: number | null }
  | { readonly kind: "chapters" };

export type RecordingAnswer = Plan | BlockContents | Segment | Chapters;

export interface Plan {
  readonly kind: "plan";
  readonly title: string;
  readonly pages: readonly SegmentBlock[];
  /** Runs of segments of equal length: from segment `first` on, counted from 1, each has `units` access units. */
  readonly runs: readonly { readonly first: number; readonly units: number }[];
}

/** Some hundreds of segments of one timeline. Only one block of a long show is in memory at a time. */
export interface SegmentBlock {
  readonly epoch: string;
  /** Media sequence number of the first segment, and the number of segments. */
  readonly msn: number;
  readonly segments: number;
  /** The number of access units in all these segments, and their bytes. */
  readonly units: number;
  readonly bytes: number;
}

export interface BlockContents {
  readonly kind: "page";
  readonly segments: readonly { readonly msn: number; readonly bytes: number }[];
  /** The size in bytes of each access unit of all these segments, as big-endian 16-bit numbers. */
  readonly sizes: Uint8Array;
}

export interface Segment {
  readonly kind: "segment";
  /** Null: the Broadcast does not have it either. */
  readonly bytes: Uint8Array | null;
}

export interface Chapters {
  readonly kind: "chapters";
  readonly chapters: readonly Chapter[];
  /** The replay's duration so far, milliseconds. */
  readonly endMs: number;
}

export interface Chapter {
  /** Time since the replay's beginning, milliseconds. */
  readonly startMs: number;
  readonly title: string;
}

/** Facts that the edge needs to answer requests for a recording: Origin's answer at the recording's URL. */
export interface RecordingFacts {
  /** Bytes. */
  readonly length: number;
  /** A strong validator, without its quotes. */
  readonly etag: string;
  readonly title: string;
}
