/**
 * What a live run records for {@link file://./validate.ts}: every answer that ONE client got, in the order in which it got
 * them.
 * The client behaves as a player does. It asks for the multivariant playlist, then its media playlist without directives, then
 * the init segment. From then on it asks for the next part by blocking reloads (`_HLS_msn`, `_HLS_part`, with `_HLS_skip=YES`
 * if offered), one after another and each at once after the last. It fetches every part and every segment in a list that no
 * earlier list had, until a list has EXT-X-ENDLIST. Economy lists are polled instead. Answers that are meant to fail (404s,
 * 400s) do not belong in a capture. Several clients are several captures.
 */
export interface Exchange {
  /** When the last byte of the answer arrived, epoch milliseconds. */
  readonly at: number;
  /** The absolute URL that was asked for, with its query. */
  readonly url: string;
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded: without a content-encoding. */
  readonly body: Uint8Array;
}

export type Capture = readonly Exchange[];
