/** Counts of a host's packets, and the state of its line. Durations are in samples. Each part of an aligner updates its own. */
export interface AlignerStats {
  received: number;
  /** Samples in the received packets, malformed ones not counted. */
  receivedSamples: number;
  /** Packets shorter than 2.5 ms or longer than 120 ms. */
  malformed: number;
  duplicate: number;
  /** Packets that came after their place had been played. */
  late: number;
  /** Packets that came after a later one, and were still played in their place. */
  reordered: number;
  concealedSamples: number;
  /** How often the sender began again, or its clock jumped. */
  resyncs: number;
  /** Samples of packets that came in time and were dropped to catch up; one that was played in part counts whole. */
  droppedSamples: number;
  /** Samples that waited to be played just before the last pull. */
  depth: number;
  /** The longest delay of a packet behind the quickest, in the last half minute; in the first three seconds at least 20 ms. */
  jitter: number;
  /** Drift of the sender's clock against ours over the last 30 s, ppm; positive when the sender's is fast; 0 until known. */
  ppm: number;
}

export function freshStats(): AlignerStats {
  return {
    received: 0,
    receivedSamples: 0,
    malformed: 0,
    duplicate: 0,
    late: 0,
    reordered: 0,
    concealedSamples: 0,
    resyncs: 0,
    droppedSamples: 0,
    depth: 0,
    jitter: 0,
    ppm: 0,
  };
}
