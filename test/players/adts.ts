/**
 * Packs access units of AAC-LC, 48 kHz stereo, into an ADTS stream (ISO/IEC 14496-3 section 1.A.2), which has none of a
 * container's timing.
 */
export function adts(units: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(units.flatMap((unit) => [header(unit.length), unit]));
}

function header(payload: number): Uint8Array {
  const length = payload + 7;
  const profile = 1; // AAC-LC
  const rate = 3; // 48 kHz
  const channels = 2;
  return Uint8Array.of(
    0xff, // syncword
    0xf1, // syncword, MPEG-4, no CRC
    (profile << 6) | (rate << 2) | (channels >> 2),
    ((channels & 3) << 6) | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f, // buffer fullness: variable rate
    0xfc,
  );
}
