/** Constants and types that the faulty origin and its tests share. */

/** A request that reached the origin. */
export interface Asked {
  readonly id: string;
  /** Path and query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
}

/** The epoch of all its shows. Their live edge: segments 0..9, two parts of segment 10. */
export const EPOCH = "k0000000";
/** The bytes of media without a fault. */
export const BYTES = Uint8Array.from({ length: 4_000 }, (_, n) => n % 251);
/** The number of segments of a show called `archive`, and the bytes of each. */
export const ARCHIVE = { segments: 10_000, bytes: 32_000 };
/** How long a slow show's answers take, ms. */
export const SLOW_MS = 1_000;
/** The bytes of each show's recording: more than the sockets between a listener and the edge take unread. */
export const RECORDING_BYTES = 32 * 2 ** 20;
