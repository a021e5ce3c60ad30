/** WAV files for tests: their bytes, from a formula. */

export interface WavShape {
  readonly rate: number;
  readonly channels: number;
  readonly bits: number;
  /** 1: PCM; 3: floats. */
  readonly tag?: 1 | 3;
  readonly seconds: number;
}

/** A WAV file whose sample of each channel at `seconds` is `sound(seconds, channel)`, in [-1, 1]. */
export function wavOf(
  { rate, channels, bits, tag = 1, seconds }: WavShape,
  sound: (seconds: number, channel: number) => number,
): Buffer<ArrayBuffer> {
  const width = bits / 8;
  const frames = Math.round(rate * seconds);
  const size = frames * channels * width;
  const file = Buffer.alloc(44 + size);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + size, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(tag, 20);
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * channels * width, 28);
  file.writeUInt16LE(channels * width, 32);
  file.writeUInt16LE(bits, 34);
  file.write("data", 36);
  file.writeUInt32LE(size, 40);
  for (let n = 0; n < frames; n++) {
    for (let channel = 0; channel < channels; channel++) {
      const at = 44 + (n * channels + channel) * width;
      const value = sound(n / rate, channel);
      if (tag === 3) file.writeFloatLE(value, at);
      else file.writeIntLE(Math.round(value * (2 ** (bits - 1) - 1)), at, width);
    }
  }
  return file;
}
