/**
 * The types and units that several folders share.
 *
 * Inside Earshot, time is a count of samples at 48 kHz; milliseconds exist only at the borders (timers, wall-clock
 * dates, logs). One AAC access unit is 1024 samples = 64/3 ms, so three access units are a whole number of milliseconds.
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

/** Converts a count of samples to milliseconds; for use at the borders. */
export function toMillis(count: number): number {
  return count / (SAMPLE_RATE / 1000);
}

/** Converts milliseconds to the nearest whole sample; for use at the borders. */
export function fromMillis(millis: number): Samples {
  return samples(Math.round(millis * (SAMPLE_RATE / 1000)));
}

/** PCM on the timeline: interleaved stereo in [-1, 1], `data.length` = 2 x the number of sample frames. */
export interface Pcm {
  readonly at: Samples;
  readonly data: Float32Array;
}

/** Loudness by EBU R128, LUFS: of the last 400 ms, of the last 3 s, and of the whole sound; null where it is silence. */
export interface Loudness {
  readonly momentary: number | null;
  readonly shortTerm: number | null;
  readonly integrated: number | null;
  /** True peak of the last 3 s, dBTP. */
  readonly truePeakDb: number | null;
}

/** One encoded AAC access unit; it decodes to the {@link AU_SAMPLES} samples that start at `at`. */
export interface Frame {
  readonly at: Samples;
  readonly bytes: Uint8Array;
}

/** One CMAF chunk (moof + mdat): an LL-HLS partial segment. `msn` is the media sequence number of its segment. */
export interface Part {
  readonly msn: number;
  readonly index: number;
  readonly at: Samples;
  readonly duration: Samples;
  readonly bytes: Uint8Array;
}

/** The most hosts that may be connected at the same time: each costs an aligner and its share of the mix. */
export const MOST_HOSTS = 8;

export type Latency = "low" | "balanced" | "economy";

/** Constants of a show that depend on its latency setting. Durations are counted in access units. */
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

/** Default AAC bit rate, bits per second. */
export const STANDARD_BITRATE = 128_000;
/** Default of `idleMinutes`: doors close after this many minutes with neither host nor listener. */
export const STANDARD_IDLE_MINUTES = 30;
/** Default of `retainDays`: an ended show is removed after this many days. */
export const STANDARD_RETAIN_DAYS = 30;
/** Default of `holdAfterSeconds`: long enough that a short interruption of the last host does not start hold audio. */
export const STANDARD_HOLD_AFTER_SECONDS = 6;

/** The parsed HLS delivery directives of one playlist request (draft-pantos-hls-rfc8216bis section 6.2.5). */
export interface Directives {
  readonly msn?: number;
  readonly part?: number;
  readonly skip?: boolean;
}
