/** The encoder's real bit rates at one nominal bit rate: the worst, and the average; bit/s, without the container. */
interface Measured {
  readonly bitrate: number;
  /** Over a whole segment of noise switched on and off every 43 to 64 ms, to which the encoder's rate control never adapts. */
  readonly peak: number;
  /** Over a whole signal: the highest of noise, noise of changing level, and castanets. */
  readonly average: number;
}

/** Measured by test/broadcast/bandwidth.test.ts. It encodes the worst signals found, and fails if a figure here is too low. */
const MEASURED: readonly Measured[] = [
  { bitrate: 64_000, peak: 220_000, average: 67_000 },
  { bitrate: 96_000, peak: 295_000, average: 100_000 },
  { bitrate: 128_000, peak: 310_000, average: 138_000 },
  { bitrate: 160_000, peak: 315_000, average: 190_000 },
  { bitrate: 192_000, peak: 405_000, average: 248_000 },
  { bitrate: 256_000, peak: 410_000, average: 316_000 },
];
/**
 * Allowance for the CMAF boxes, bit/s: 16 bytes an access unit. In parts of 18 access units, the shortest, they take 10 to 12.
 */
const CONTAINER = 6_000;

/**
 * Returns BANDWIDTH and AVERAGE-BANDWIDTH for the multivariant playlist of a show encoded at `bitrate`; all in bit/s, the
 * results with the container. No segment exceeds BANDWIDTH (draft-pantos-hls-rfc8216bis section 4.4.6.2).
 */
export function bandwidthOf(bitrate: number): { bandwidth: number; averageBandwidth: number } {
  const last = MEASURED.at(-1) as Measured;
  const measured = MEASURED.find((row) => row.bitrate >= bitrate) ?? last;
  // Above the table: the last row in proportion. Between rows: the next row's peak, and its average in proportion.
  const peak = measured.peak * Math.max(1, bitrate / last.bitrate);
  const average = (measured.average * bitrate) / measured.bitrate;
  return { bandwidth: Math.ceil(peak) + CONTAINER, averageBandwidth: Math.ceil(average) + CONTAINER };
}
