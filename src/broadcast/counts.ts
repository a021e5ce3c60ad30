/** How many of each kind there were. */
export type Counts = Readonly<Record<string, number>>;

/** Returns the sum of two counts, kind by kind. */
export function addCounts(a: Counts, b: Counts): Counts {
  const sum: Record<string, number> = { ...a };
  for (const [kind, count] of Object.entries(b)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

/** Returns the sum over all kinds. */
export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
