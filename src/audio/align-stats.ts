/** What happened to a host's packets, and how its line stands. Durations are in samples. */
export interface AlignStats {
  received: number;
  /** Of a length no packet has. */
  malformed: number;
  duplicate: number;
  /** Came after its place had been played. */
  late: number;
  /** Came after a later one, and was played in its place. */
  reordered: number;
  concealedSamples: number;
  /** The sender began again, or its clock jumped. */
  resyncs: number;
  /** Came in time and was left out, to catch up. */
  droppedSamples: number;
  /** What waited just before the last pull took its part. */
  depth: number;
  /** The sender's clock against ours over the last 30 s, parts per million, positive when it is fast; 0 until known. */
  ppm: number;
}

export function freshStats(): AlignStats {
  return {
    received: 0,
    malformed: 0,
    duplicate: 0,
    late: 0,
    reordered: 0,
    concealedSamples: 0,
    resyncs: 0,
    droppedSamples: 0,
    depth: 0,
    ppm: 0,
  };
}
