/** What the encoder's bit rate is at its worst, and on the average, bit/s without the container. */
interface Measured {
  readonly bitrate: number;
  /** In a whole segment of noise switched on and off every 43 to 64 ms, which its rate control never gets hold of. */
  readonly peak: number;
  /** Over the whole of noise, noise of changing level, or castanets, whichever is most. */
  readonly average: number;
}

/** By test/broadcast/bandwidth.test.ts, which encodes the worst signals found and fails where these say less. */
const MEASURED: readonly Measured[] = [
  { bitrate: 64_000, peak: 220_000, average: 67_000 },
  { bitrate: 96_000, peak: 295_000, average: 100_000 },
  { bitrate: 128_000, peak: 310_000, average: 138_000 },
  { bitrate: 160_000, peak: 315_000, average: 190_000 },
  { bitrate: 192_000, peak: 405_000, average: 248_000 },
  { bitrate: 256_000, peak: 410_000, average: 316_000 },
];
/** CMAF around it: 14 to 20 bytes an access unit at most, in parts of 18. */
const CONTAINER = 6_000;

/**
 * What a multivariant playlist says of a show encoded at `bitrate`, bit/s, container included: BANDWIDTH, which no segment
 * is above (draft-pantos-hls-rfc8216bis section 4.4.6.2), and AVERAGE-BANDWIDTH.
 */
export function bandwidthOf(bitrate: number): { bandwidth: number; averageBandwidth: number } {
  const last = MEASURED.at(-1) as Measured;
  const measured = MEASURED.find((one) => one.bitrate >= bitrate) ?? last;
  // Above the table, in proportion; between its rows, the next one's peak, and the average in proportion.
  const peak = measured.peak * Math.max(1, bitrate / last.bitrate);
  const average = (measured.average * bitrate) / measured.bitrate;
  return { bandwidth: Math.ceil(peak) + CONTAINER, averageBandwidth: Math.ceil(average) + CONTAINER };
}
