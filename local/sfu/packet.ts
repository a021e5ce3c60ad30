/** One message of the WebSocket adapter: a frame of sound and its position. */
export interface Packet {
  /** The message's number, modulo 2^32. */
  readonly sequenceNumber: number;
  /** The first sample's position, in 48 kHz samples modulo 2^32. */
  readonly timestamp: number;
  /** Interleaved signed 16-bit little-endian PCM. */
  readonly payload: Uint8Array;
}

const SEQUENCE_NUMBER = 1;
const TIMESTAMP = 2;
const PAYLOAD = 5;
const VARINT = 0;
const LENGTH_DELIMITED = 2;

/**
 * Encodes a packet as the protobuf message `{uint32 sequenceNumber = 1; uint32 timestamp = 2; bytes payload = 5}`
 * of Cloudflare Realtime's WebSocket adapter. Like every proto3 encoder it omits fields that are zero or
 * empty, so a reader must take an absent field for zero.
 */
export function encodePacket(packet: Packet): Uint8Array {
  const head = [
    ...uint32(SEQUENCE_NUMBER, packet.sequenceNumber >>> 0),
    ...uint32(TIMESTAMP, packet.timestamp >>> 0),
  ];
  const { payload } = packet;
  if (payload.length > 0) head.push((PAYLOAD << 3) | LENGTH_DELIMITED, ...varint(payload.length));
  const message = new Uint8Array(head.length + payload.length);
  message.set(head);
  message.set(payload, head.length);
  return message;
}

function uint32(field: number, value: number): number[] {
  return value === 0 ? [] : [(field << 3) | VARINT, ...varint(value)];
}

/** Encodes base-128 little-endian groups, the high bit set on all but the last (protobuf encoding, "Base 128 Varints"). */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}
