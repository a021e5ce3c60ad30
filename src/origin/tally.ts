/** How many reads of each kind reached the origin. */
export type Reads = Readonly<Record<string, number>>;

/**
 * Counts what an isolate of the origin answered, by show, until it is handed on to the show's Broadcast: with the next
 * read that goes there anyway, or by itself when there is none for a while.
 */
export class Tally {
  readonly #counts = new Map<string, Record<string, number>>();

  add(id: string, kind: string): void {
    const counts = this.#counts.get(id) ?? {};
    counts[kind] = (counts[kind] ?? 0) + 1;
    this.#counts.set(id, counts);
  }

  /** Takes back what could not be handed over. */
  putBack(id: string, reads: Reads): void {
    const counts = this.#counts.get(id) ?? {};
    for (const [kind, count] of Object.entries(reads)) counts[kind] = (counts[kind] ?? 0) + count;
    this.#counts.set(id, counts);
  }

  /** Hands over what was counted since the last time; null where there is nothing. */
  take(id: string): Reads | null {
    const counts = this.#counts.get(id) ?? null;
    this.#counts.delete(id);
    return counts;
  }
}
