/** What happened to a host's packets, and how its line stands. Durations are in samples. Each part of an aligner counts its own. */
export interface AlignerStats {
  received: number;
  /** What was in them, but for the malformed. */
  receivedSamples: number;
  /** Packets shorter than 2.5 ms or longer than 120 ms. */
  malformed: number;
  duplicate: number;
  /** Came after its place had been played. */
  late: number;
  /** Came after a later one, and was played in its place. */
  reordered: number;
  concealedSamples: number;
  /** The sender began again, or its clock jumped. */
  resyncs: number;
  /** Of packets that came in time and were left out, in whole or but for a part, to catch up. */
  droppedSamples: number;
  /** What waited just before the last pull took its part. */
  depth: number;
  /** By how much packets came later than the quickest, at most, in the last half minute; in the first three seconds 20 ms at least. */
  jitter: number;
  /** The sender's clock against ours over the last 30 s, parts per million, positive when it is fast; 0 until known. */
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
