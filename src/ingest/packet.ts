/**
 * A message of the SFU's WebSocket adapter: protobuf `{uint32 sequenceNumber = 1; uint32 timestamp = 2; bytes
 * payload = 5}`. The payload is 48 kHz stereo s16le PCM (Cloudflare Realtime, WebSocket adapter).
 */
export interface Packet {
  readonly kind: "packet";
  /** u32, wraps. */
  readonly sequenceNumber: number;
  /** u32, wraps; its unit is undocumented. */
  readonly timestamp: number;
  /** Interleaved stereo s16le, a whole number of 4-byte sample frames; a view into the message. */
  readonly payload: Uint8Array;
}

/** A message that is no packet, and why. It is counted, and otherwise ignored. */
export interface Garbage {
  readonly kind: "garbage";
  readonly why: "malformed" | "empty" | "odd-length" | "oversized";
}

/** The longest payload accepted, bytes: 120 ms, the longest Opus packet, at 192 bytes per millisecond. */
const MAX_PAYLOAD = 120 * 192;
const MAX_MESSAGE = MAX_PAYLOAD + 64;

/** Reads one message. It skips unknown fields, as protobuf requires; any other fault makes the message {@link Garbage}. */
export function readPacket(message: Uint8Array): Packet | Garbage {
  if (message.length > MAX_MESSAGE) return garbage("oversized");
  const reader = new Reader(message);
  let sequenceNumber = 0;
  let timestamp = 0;
  let payload: Uint8Array | null = null;
  while (!reader.done) {
    const tag = reader.varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (Number.isNaN(tag) || field === 0) return garbage("malformed");
    if (wire === 0) {
      const value = reader.varint();
      if (Number.isNaN(value)) return garbage("malformed");
      if (field === 1) sequenceNumber = value >>> 0;
      if (field === 2) timestamp = value >>> 0;
      continue;
    }
    const length = wire === 2 ? reader.varint() : wire === 5 ? 4 : wire === 1 ? 8 : Number.NaN;
    const bytes = reader.take(length);
    if (bytes === null) return garbage("malformed");
    if (field === 5 && wire === 2) payload = bytes;
  }
  if (payload === null || payload.length === 0) return garbage("empty");
  if (payload.length > MAX_PAYLOAD) return garbage("oversized");
  if (payload.length % 4 !== 0) return garbage("odd-length");
  return { kind: "packet", sequenceNumber, timestamp, payload };
}

function garbage(why: Garbage["why"]): Garbage {
  return { kind: "garbage", why };
}

/** Reads protobuf's wire types. NaN and null mean that the message ended too early (or that a varint is too long). */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1, n = 0; n < 10; n++, scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return Number.NaN;
  }

  take(length: number): Uint8Array | null {
    if (Number.isNaN(length) || this.#at + length > this.#bytes.length) return null;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
