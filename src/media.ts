/**
 * The nouns and units that cross rooms.
 *
 * Inside Earshot time is a count of samples at 48 kHz; milliseconds exist only at the borders (timers, wall-clock
 * dates, logs). One AAC access unit is 1024 samples = 64/3 ms, so multiples of three are whole milliseconds.
 */

declare const unit: unique symbol;

/** A count of 48 kHz sample frames (one frame = one sample per channel), or a position on a show's timeline. */
export type Samples = number & { readonly [unit]: "Samples" };

/** Brands a whole number as {@link Samples}. */
export function samples(count: number): Samples {
  return count as Samples;
}

export const SAMPLE_RATE = 48_000;
export const CHANNELS = 2;
/** Samples in one AAC-LC access unit (ISO/IEC 14496-3, frame length 1024). */
export const AU_SAMPLES = 1024;

/** Milliseconds in `count` samples; a border function. */
export function toMillis(count: number): number {
  return count / (SAMPLE_RATE / 1000);
}

/** The nearest whole sample to `millis`; a border function. */
export function fromMillis(millis: number): Samples {
  return samples(Math.round(millis * (SAMPLE_RATE / 1000)));
}

/** PCM on the timeline: interleaved stereo in [-1, 1], `data.length` = 2 x the number of sample frames. */
export interface Pcm {
  readonly at: Samples;
  readonly data: Float32Array;
}

/** How loud sound is, by EBU R128, of the last 400 ms, of the last 3 s and of all of it: LUFS; null where it is silence. */
export interface Loudness {
  readonly momentary: number | null;
  readonly shortTerm: number | null;
  readonly integrated: number | null;
  /** Of the last 3 s, dBTP. */
  readonly truePeakDb: number | null;
}

/** One encoded AAC access unit; it decodes to the {@link AU_SAMPLES} samples that start at `at`. */
export interface Frame {
  readonly at: Samples;
  readonly bytes: Uint8Array;
}

/** One CMAF chunk (moof + mdat): an LL-HLS partial segment. `msn` is its parent's media sequence number. */
export interface Part {
  readonly msn: number;
  readonly index: number;
  readonly at: Samples;
  readonly duration: Samples;
  readonly bytes: Uint8Array;
}

/** Hosts who may be on at the same time, at most: each costs an aligner and its share of the mix. */
export const MOST_HOSTS = 8;

export type Latency = "low" | "balanced" | "economy";

/** What never changes within a show. Durations are counted in access units. */
export interface Profile {
  readonly latency: Latency;
  /** Access units in a part. */
  readonly partUnits: number;
  /** Access units in a segment: a whole number of parts. */
  readonly segmentUnits: number;
  /** EXT-X-TARGETDURATION, seconds. */
  readonly targetDuration: number;
  /** Whether playlists list parts (LL-HLS) or whole segments only. */
  readonly lowLatency: boolean;
}

export const PROFILES: Readonly<Record<Latency, Profile>> = {
  low: { latency: "low", partUnits: 18, segmentUnits: 90, targetDuration: 2, lowLatency: true },
  balanced: { latency: "balanced", partUnits: 30, segmentUnits: 90, targetDuration: 2, lowLatency: true },
  economy: { latency: "economy", partUnits: 30, segmentUnits: 180, targetDuration: 4, lowLatency: false },
};

/** The AAC bit rate of a show that says nothing else, bits per second. */
export const STANDARD_BITRATE = 128_000;
/** After how many minutes the doors of a show close that says nothing else and has neither host nor listener. */
export const STANDARD_IDLE_MINUTES = 30;
/** After how many days a show that has ended is removed that says nothing else. */
export const STANDARD_RETAIN_DAYS = 30;
/** After how many seconds without a host hold audio begins at a show that says nothing else: not at every hiccup. */
export const STANDARD_HOLD_AFTER_SECONDS = 6;

/** The HLS delivery directives of one playlist request (draft-pantos-hls-rfc8216bis section 6.2.5), parsed. */
export interface Directives {
  readonly msn?: number;
  readonly part?: number;
  readonly skip?: boolean;
}
