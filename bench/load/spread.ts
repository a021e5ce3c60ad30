/** Listeners of one show. */
export interface Group {
  readonly count: number;
  readonly playbackUrl: string;
}

/**
 * Playback URLs in joining order, the groups evenly among each other. Each group goes to the isolates in turns of its own:
 * in turns of all together, a mix of 3 to 1 would have all of the small group on one of two isolates.
 */
export function spread(groups: readonly Group[], edges: readonly string[]): string[] {
  return groups
    .flatMap(({ count, playbackUrl }, g) =>
      Array.from({ length: count }, (_, n) => ({
        at: (n + 0.5) / count,
        url: new URL(new URL(playbackUrl).pathname, edges[(n + g) % edges.length]).href,
      })),
    )
    .sort((a, b) => a.at - b.at)
    .map(({ url }) => url);
}
