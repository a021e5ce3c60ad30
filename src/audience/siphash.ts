/** A 64-bit hash in two unsigned 32-bit halves. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

/** SipHash's 128-bit key as four little-endian 32-bit words. */
export type SipKey = readonly [k0Low: number, k0High: number, k1Low: number, k1High: number];

/** Reads the key from the first 16 bytes of `secret`. Throws if there are fewer, which is a bug. */
export function sipKey(secret: Uint8Array): SipKey {
  const view = new DataView(secret.buffer, secret.byteOffset, 16);
  return [
    view.getUint32(0, true),
    view.getUint32(4, true),
    view.getUint32(8, true),
    view.getUint32(12, true),
  ];
}

/**
 * Returns SipHash-2-4 of `bytes` under `key`: a keyed hash that outsiders can neither predict nor reverse.
 *
 * Aumasson, Bernstein, "SipHash: a fast short-input PRF", Indocrypt 2012. It is implemented here because WebCrypto's HMAC is
 * asynchronous, and a sighting is recorded at every playlist request.
 */
export function siphash(key: SipKey, bytes: Uint8Array): Hash {
  const [k0, k1, k2, k3] = key;
  const v = state;
  v[0] = k0 ^ 0x70736575;
  v[1] = k1 ^ 0x736f6d65;
  v[2] = k2 ^ 0x6e646f6d;
  v[3] = k3 ^ 0x646f7261;
  v[4] = k0 ^ 0x6e657261;
  v[5] = k1 ^ 0x6c796765;
  v[6] = k2 ^ 0x79746573;
  v[7] = k3 ^ 0x74656462;
  const whole = bytes.length & ~7;
  for (let at = 0; at < whole; at += 8) absorb(word(bytes, at), word(bytes, at + 4));
  absorb(word(bytes, whole), word(bytes, whole + 4) | (bytes.length << 24));
  v[4] = (v[4] ?? 0) ^ 0xff;
  for (let i = 0; i < 4; i += 1) round();
  return {
    high: ((v[1] ?? 0) ^ (v[3] ?? 0) ^ (v[5] ?? 0) ^ (v[7] ?? 0)) >>> 0,
    low: ((v[0] ?? 0) ^ (v[2] ?? 0) ^ (v[4] ?? 0) ^ (v[6] ?? 0)) >>> 0,
  };
}

/** v0..v3 as pairs of low and high half. Calls share it: no call can be interrupted, and each initializes it. */
const state = new Int32Array(8);

/** Reads four bytes, little-endian; bytes past the end are zero. */
function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

function absorb(low: number, high: number): void {
  state[6] = (state[6] ?? 0) ^ low;
  state[7] = (state[7] ?? 0) ^ high;
  round();
  round();
  state[0] = (state[0] ?? 0) ^ low;
  state[1] = (state[1] ?? 0) ^ high;
}

/** SipRound (section 2.4) on 64-bit words held as 32-bit halves; a rotation by 32 bits swaps the halves. */
function round(): void {
  let a = state[0] ?? 0;
  let A = state[1] ?? 0;
  let b = state[2] ?? 0;
  let B = state[3] ?? 0;
  let c = state[4] ?? 0;
  let C = state[5] ?? 0;
  let d = state[6] ?? 0;
  let D = state[7] ?? 0;
  let t = 0;

  t = (a >>> 0) + (b >>> 0);
  A = (A + B + (t > MAX_U32 ? 1 : 0)) | 0;
  a = t | 0;
  t = (b << 13) | (B >>> 19);
  B = ((B << 13) | (b >>> 19)) ^ A;
  b = t ^ a;

  t = (c >>> 0) + (d >>> 0);
  C = (C + D + (t > MAX_U32 ? 1 : 0)) | 0;
  c = t | 0;
  t = (d << 16) | (D >>> 16);
  D = ((D << 16) | (d >>> 16)) ^ C;
  d = t ^ c;

  t = (A >>> 0) + (d >>> 0);
  a = (a + D + (t > MAX_U32 ? 1 : 0)) | 0;
  A = t | 0;
  t = (d << 21) | (D >>> 11);
  D = ((D << 21) | (d >>> 11)) ^ a;
  d = t ^ A;

  t = (c >>> 0) + (b >>> 0);
  C = (C + B + (t > MAX_U32 ? 1 : 0)) | 0;
  c = t | 0;
  t = (b << 17) | (B >>> 15);
  B = ((B << 17) | (b >>> 15)) ^ C;
  b = t ^ c;

  state[0] = A;
  state[1] = a;
  state[2] = b;
  state[3] = B;
  state[4] = C;
  state[5] = c;
  state[6] = d;
  state[7] = D;
}

const MAX_U32 = 0xffff_ffff;
