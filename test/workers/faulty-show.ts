/** What the origin that fails on demand and the tests that make it fail have to agree on. */

/** A request that reached the origin, whole. */
export interface Asked {
  readonly id: string;
  /** Path and query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
}

/** The epoch of all its shows. Their live edge: segments 0..9, two parts of segment 10. */
export const EPOCH = "k0000000";
/** What media is where nothing is wrong with it. */
export const BYTES = Uint8Array.from({ length: 4_000 }, (_, n) => n % 251);
/** Segments of a show that is called `archive`, and the bytes of each. */
export const ARCHIVE = { segments: 10_000, bytes: 32_000 };
/** How long a slow show's answers take. */
export const SLOW_MS = 1_000;
