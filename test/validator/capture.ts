/**
 * What a live run writes down for {@link file://./validate.ts}: every answer ONE client got, in the order it got them.
 *
 * The client behaves as a player does: the multivariant playlist; its media playlist without directives; the init
 * segment; then, one after the other and each at once after the last, blocking reloads for the next part
 * (`_HLS_msn`, `_HLS_part`, with `_HLS_skip=YES` if offered), fetching every part and every segment that a list shows
 * which no earlier list had, until a list has EXT-X-ENDLIST. Economy lists are polled instead. Answers that are meant
 * to fail (404s, 400s) do not belong into a capture. Several clients are several captures.
 */
export interface Exchange {
  /** When the last byte of the answer was there, epoch milliseconds. */
  readonly at: number;
  /** The absolute URL that was asked for, with its query. */
  readonly url: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded (no content-encoding). */
  readonly body: Uint8Array;
}

export type Capture = readonly Exchange[];
