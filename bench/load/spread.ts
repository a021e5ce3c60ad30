/** The listeners of one show. */
export interface Group {
  readonly count: number;
  readonly playbackUrl: string;
}

/**
 * Returns the playback URLs in joining order, with the groups evenly mixed. Each group is assigned to the isolates by its own
 * round robin. With one round robin for all, a mix of 3 to 1 would put the whole small group on one of two isolates.
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
