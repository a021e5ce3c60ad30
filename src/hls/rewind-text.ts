/** The text of a rewind list before its window (rewind.ts). It grows by segments, so that a new part does not render it anew. */

import { AU_SAMPLES, type Profile, type Samples, samples } from "../media.ts";
import { dateTag, mapTag, type Names, seconds } from "./playlist.ts";

/**
 * How many segments the text has at most, and up to a thousand more: a day of 1.92 s segments. Beyond that the oldest thousand
 * leave, and the list slides and is no EVENT (draft-pantos-hls-rfc8216bis-22 section 4.4.3.5).
 */
export const MAX_PAST_SEGMENTS = 45_000;
/** This many segments leave at a time, at multiples of it. So a list that is made anew after a restart begins where it did. */
const CHUNK = 1_000;

/** What a list needs of a timeline to name its segments. */
export interface RewindTimeline {
  /** Wall-clock time of its sample 0, epoch milliseconds. */
  readonly startedAt: number;
  readonly profile: Profile;
  readonly names: Pick<Names, "init" | "segment">;
}

/** A closed segment of a timeline; `msn` is its number on that timeline. */
export interface RewindSegment {
  readonly msn: number;
  readonly at: Samples;
  readonly duration: Samples;
}

interface Chunk {
  /** The number of its first segment in the list. */
  readonly number: number;
  /** The discontinuity sequence number where its text begins. */
  readonly discontinuitySequence: number;
  /** The map tag that applies before its text. */
  readonly map: string;
  text: string;
}

/** Returns the number of the first listed segment of a list that began with `first`; `last` is the last before its window. */
export function firstListedOf(first: number, last: number): number {
  return Math.max(first, Math.floor((last - MAX_PAST_SEGMENTS) / CHUNK) * CHUNK);
}

/**
 * Takes segments, gives text. Segments are numbered one after the other. Each timeline after the first begins with a
 * discontinuity and its own map. Segments that are missing within a timeline are listed as gaps (section 4.4.4.7), so that dates
 * stay right.
 */
export class RewindText {
  readonly #chunks: Chunk[] = [];
  readonly #first: number;
  #next: number;
  #discontinuitySequence: number;
  #isWhole: boolean;
  #hasGaps = false;
  #targetDuration = 0;
  #timeline: RewindTimeline | null = null;
  #timelineFirst: number;
  /** The next segment, if there is no gap before it. Its place is unknown (null) if it is the first listed of its timeline. */
  #due: { readonly msn: number; readonly at: Samples | null } = { msn: 0, at: null };
  /** The map tag of the segment that was listed last. */
  #map = "";
  /** The lines of a border between timelines that has no segment after it yet. */
  #border = "";
  #text = "";

  /**
   * @param number of the first segment to be added
   * @param timelines how many timelines before the first one to be added have left the list
   * @param isWhole whether nothing has left the list
   */
  constructor(number: number, timelines: number, isWhole: boolean) {
    this.#first = this.#next = this.#timelineFirst = number;
    this.#discontinuitySequence = timelines;
    this.#isWhole = isWhole;
  }

  /** Makes this the timeline of the segments to be added, from its segment `from` on. */
  beginTimeline(timeline: RewindTimeline, from: number): void {
    const isBorder = this.#timeline !== null;
    if (isBorder) this.#border += `#EXT-X-DISCONTINUITY\n${mapTag(timeline.names)}\n`;
    this.#targetDuration = Math.max(this.#targetDuration, timeline.profile.targetDuration);
    this.#timeline = timeline;
    this.#timelineFirst = this.#next;
    this.#due = { msn: from, at: null };
  }

  /** Adds the next segment of the timeline. Throws before the first {@link beginTimeline}, and on a segment before the due one. */
  add({ msn, at, duration }: RewindSegment): void {
    const whole = this.#current.profile.segmentUnits * AU_SAMPLES;
    const due = this.#due;
    if (msn < due.msn) throw new RangeError(`segment ${msn} comes before ${due.msn}`);
    const from = due.at ?? at - (msn - due.msn) * whole;
    for (let gap = 0; gap < msn - due.msn; gap++) {
      this.#hasGaps = true;
      const segment = { msn: due.msn + gap, at: samples(from + gap * whole), duration: samples(whole) };
      this.#list(segment, "#EXT-X-GAP\n");
    }
    this.#list({ msn, at, duration }, "");
    this.#due = { msn: msn + 1, at: samples(at + duration) };
  }

  /** The list's text before its window, its first map included. */
  get text(): string {
    const [first] = this.#chunks;
    const map = first?.map ?? (this.#timeline === null ? "" : mapTag(this.#timeline.names));
    return `${map}\n${this.#text}${this.#border}`;
  }

  /** The number of the first segment. */
  get first(): number {
    return this.#chunks[0]?.number ?? this.#first;
  }

  /** The number of the next segment to be added. */
  get next(): number {
    return this.#next;
  }

  /** The number of the first segment of the last timeline. */
  get timelineFirst(): number {
    return this.#timelineFirst;
  }

  /** EXT-X-DISCONTINUITY-SEQUENCE: how many discontinuities have left the list. */
  get discontinuitySequence(): number {
    return this.#chunks[0]?.discontinuitySequence ?? this.#discontinuitySequence;
  }

  /** Whether nothing has ever left the list, so that it has only been appended to. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get hasGaps(): boolean {
    return this.#hasGaps;
  }

  /** The longest target duration of the timelines, s. */
  get targetDuration(): number {
    return this.#targetDuration;
  }

  #list({ msn, at, duration }: RewindSegment, gap: string): void {
    const { startedAt, names } = this.#current;
    const lines = `${this.#border}${dateTag(startedAt, at)}\n${gap}#EXTINF:${seconds(duration)},\n${names.segment(msn)}\n`;
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || this.#next % CHUNK === 0) chunk = this.#open();
    chunk.text += lines;
    this.#text += lines;
    if (this.#border !== "") this.#discontinuitySequence++;
    this.#border = "";
    this.#map = mapTag(names);
    this.#next++;
    this.#forget();
  }

  #open(): Chunk {
    const map = this.#map === "" ? mapTag(this.#current.names) : this.#map;
    const discontinuitySequence = this.#discontinuitySequence;
    const chunk = { number: this.#next, discontinuitySequence, map, text: "" };
    this.#chunks.push(chunk);
    return chunk;
  }

  #forget(): void {
    const first = firstListedOf(this.first, this.#next - 1);
    const kept = this.#chunks.findIndex(({ number }) => number >= first);
    if (kept <= 0) return;
    this.#chunks.splice(0, kept);
    this.#isWhole = false;
    this.#text = this.#chunks.map(({ text }) => text).join("");
  }

  get #current(): RewindTimeline {
    if (this.#timeline === null) throw new Error("no timeline has been turned to");
    return this.#timeline;
  }
}
