const RATE = 48_000;
/** Zero crossings on each side of the interpolation kernel. */
const CROSSINGS = 24;

/** A parsed WAV file with random access to its samples. */
export interface Wav {
  readonly rate: number;
  readonly channels: 1 | 2;
  /** Sample frames. */
  readonly length: number;
  /** Returns the sample of `channel` in `frame`, in [-1, 1]; a mono file has equal channels. */
  sample(frame: number, channel: 0 | 1): number;
}

/**
 * Parses a RIFF/WAVE file: PCM of 8, 16, 24 or 32 bits or 32-bit float, mono or stereo, 4 to 384 kHz. Throws an
 * Error with one sentence about what else the file is.
 */
export function readWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || name(0) !== "RIFF" || name(8) !== "WAVE") throw new Error("It is not a WAV file.");
  let format: DataView | null = null;
  let data: DataView | null = null;
  for (let at = 12; at + 8 <= bytes.length && data === null; ) {
    const size = view.getUint32(at + 4, true);
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + 8, Math.min(size, bytes.length - at - 8));
    if (name(at) === "fmt ") format = body;
    // Writers that could not seek back leave 0 or 2^32 - 1 as the size. Then the data extends to the end of the file.
    else if (name(at) === "data")
      data = size === 0 ? new DataView(bytes.buffer, bytes.byteOffset + at + 8) : body;
    at += 8 + size + (size % 2);
  }
  if (format === null || format.byteLength < 16)
    throw new Error("The WAV file does not say what format it has.");
  if (data === null) throw new Error("The WAV file holds no sound.");
  const extensible = format.getUint16(0, true) === 0xfffe && format.byteLength >= 26;
  const tag = format.getUint16(extensible ? 24 : 0, true);
  const channels = format.getUint16(2, true);
  const rate = format.getUint32(4, true);
  const bits = format.getUint16(14, true);
  const read = READERS[`${tag}/${bits}`];
  if (!read) {
    throw new Error(
      `The WAV file holds ${bits}-bit samples of format ${tag}; PCM of 8 to 32 bits or 32-bit float can be read.`,
    );
  }
  if (channels !== 1 && channels !== 2)
    throw new Error(`The WAV file has ${channels} channels; 1 or 2 can be read.`);
  if (rate < 4_000 || rate > 384_000)
    throw new Error(`The WAV file's sample rate, ${rate} Hz, cannot be read.`);
  const width = (bits / 8) * channels;
  const length = Math.floor(data.byteLength / width);
  if (length === 0) throw new Error("The WAV file holds no sound.");
  const sound = data;
  const second = channels === 2 ? bits / 8 : 0;
  return {
    rate,
    channels,
    length,
    sample: (frame, channel) => read(sound, frame * width + channel * second),
  };
}

/** Functions that read the sample at a byte offset, by format tag and bits. */
const READERS: Readonly<Record<string, (data: DataView, at: number) => number>> = {
  "1/8": (data, at) => (data.getUint8(at) - 128) / 128,
  "1/16": (data, at) => data.getInt16(at, true) / 0x8000,
  "1/24": (data, at) => ((data.getInt8(at + 2) << 16) | data.getUint16(at, true)) / 0x80_0000,
  "1/32": (data, at) => data.getInt32(at, true) / 0x8000_0000,
  "3/32": (data, at) => data.getFloat32(at, true),
};

/** Plays a WAV file in a loop as interleaved stereo at 48 kHz, resampled with a windowed sinc. */
export class WavLoop {
  readonly #wav: Wav;
  /** The ratio of the sample rates in lowest terms: output sample n is at input sample n x `down` / `up`. */
  readonly #up: number;
  readonly #down: number;
  /** For each of the `up` fractional positions, the weights of the input samples around it. */
  readonly #kernels: readonly Float32Array[];
  readonly #reach: number;
  #position = 0;

  constructor(wav: Wav) {
    this.#wav = wav;
    const common = divisor(wav.rate, RATE);
    this.#up = RATE / common;
    this.#down = wav.rate / common;
    const cutoff = Math.min(1, RATE / wav.rate) * (wav.rate === RATE ? 1 : 0.96);
    this.#reach = wav.rate === RATE ? 0 : Math.ceil(CROSSINGS / cutoff);
    this.#kernels = Array.from({ length: this.#up }, (_, phase) =>
      kernel(phase / this.#up, cutoff, this.#reach),
    );
  }

  read(frames: number): Int16Array {
    const data = new Int16Array(frames * 2);
    const [wav, reach] = [this.#wav, this.#reach];
    const before = reach === 0 ? 0 : reach - 1;
    for (let i = 0; i < frames; i++, this.#position++) {
      const scaled = this.#position * this.#down;
      const first = Math.floor(scaled / this.#up) - before;
      const weights = this.#kernels[scaled % this.#up] ?? this.#kernels[0];
      let [left, right] = [0, 0];
      for (let tap = 0; weights && tap < weights.length; tap++) {
        const frame = (((first + tap) % wav.length) + wav.length) % wav.length;
        const weight = weights[tap] ?? 0;
        left += weight * wav.sample(frame, 0);
        right += weight * wav.sample(frame, 1);
      }
      data[2 * i] = toInt16(left);
      data[2 * i + 1] = toInt16(right);
    }
    return data;
  }
}

/** Returns the weights of the 2 x `reach` samples around a point `fraction` after the `reach`th one (Blackman window). */
function kernel(fraction: number, cutoff: number, reach: number): Float32Array {
  if (reach === 0) return Float32Array.of(1);
  const weights = Float32Array.from({ length: 2 * reach }, (_, tap) => {
    const distance = tap - (reach - 1) - fraction;
    const angle = Math.PI * cutoff * distance;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    const turn = (Math.PI * distance) / reach;
    return sinc * (0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function toInt16(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
