import { SAMPLE_RATE } from "../media.ts";

/** The shortest sound accepted, s: a shorter one, repeated as hold audio, would be no more than a click. */
const SHORTEST = 1;
/** How many bytes of other chunks (text, pictures, cue points) may come before the sound. */
const MOST_BEFORE = 4 * 1024 * 1024;

/** What a WAV file holds. */
export interface WavFormat {
  readonly kind: "format";
  readonly rate: 44_100 | 48_000;
  readonly channels: 1 | 2;
  readonly sample: "s16" | "s24" | "f32";
  /** Sample frames. */
  readonly frames: number;
}

/** Sound of a file: interleaved stereo in [-1, 1] at the file's own rate. */
export interface WavSound {
  readonly kind: "sound";
  readonly pcm: Float32Array;
}

/** Why a file can not be used; `why` is a sentence. */
export interface WavFault {
  readonly kind: "fault";
  readonly why: string;
}

/**
 * Reads a RIFF/WAVE file as its bytes come: PCM of 16 or 24 bits or 32-bit float, mono or stereo, 44.1 or 48 kHz, 1 s or
 * longer. It skips the chunks before the sound and whatever follows it.
 */
export class WavReader {
  readonly #longest: number;
  #format: WavFormat | null = null;
  /** The bytes so far of a header, a chunk or a sample frame that is not complete. */
  #rest = new Uint8Array(0);
  /** Bytes of a chunk that are still to be skipped. */
  #toSkip = 0;
  #before = 0;
  #fmt: { readonly view: DataView } | null = null;
  /** Bytes of sound that are still to come. */
  #left = 0;

  /** @param longest how long a file may be, seconds */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** What the file holds; null until its header has been read. */
  get format(): WavFormat | null {
    return this.#format;
  }

  /** Takes the next bytes. Returns their sound, or the file's fault. */
  push(bytes: Uint8Array): WavSound | WavFault {
    let data = bytes;
    if (this.#rest.length > 0) {
      data = new Uint8Array(this.#rest.length + bytes.length);
      data.set(this.#rest);
      data.set(bytes, this.#rest.length);
    }
    if (this.#format === null) {
      const header = this.#readHeader(data);
      if (header.kind === "fault") return header;
      data = data.subarray(header.length);
    }
    if (this.#format === null) {
      this.#rest = data.slice();
      return { kind: "sound", pcm: new Float32Array(0) };
    }
    return { kind: "sound", pcm: this.#readSound(data, this.#format) };
  }

  /** Checks, at the end of the file, that it is whole. Returns what is wrong with it, null if nothing is. */
  finish(): WavFault | null {
    if (this.#format === null)
      return fault("The file ends before its sound: it is no WAV file, or not all of one.");
    if (this.#left === 0) return null;
    return fault(`The file is not whole: ${this.#left} bytes of its sound are missing.`);
  }

  /** Reads chunks up to the sound. Returns how many bytes it has read. */
  #readHeader(data: Uint8Array): { readonly kind: "header"; readonly length: number } | WavFault {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let at = 0;
    if (this.#before === 0) {
      if (data.length < 12) return { kind: "header", length: 0 };
      if (nameAt(data, 0) !== "RIFF" || nameAt(data, 8) !== "WAVE")
        return fault("It is no WAV file: it does not begin with RIFF and WAVE.");
      at = 12;
      this.#before = 12;
    }
    for (;;) {
      const skipped = Math.min(this.#toSkip, data.length - at);
      at += skipped;
      this.#toSkip -= skipped;
      if (this.#toSkip > 0 || data.length - at < 8) return { kind: "header", length: at };
      const [name, size] = [nameAt(data, at), view.getUint32(at + 4, true)];
      if (name === "data") {
        const format =
          this.#fmt === null
            ? fault("The WAV file does not say what format its sound has.")
            : formatOf(this.#fmt.view, size, this.#longest);
        if (format.kind === "fault") return format;
        this.#format = format;
        this.#left = format.frames * widthOf(format);
        return { kind: "header", length: at + 8 };
      }
      if (name === "fmt ") {
        if (size < 16 || size > 1_024) return fault("The WAV file does not say what format its sound has.");
        if (data.length - at < 8 + size) return { kind: "header", length: at };
        this.#fmt = { view: new DataView(data.slice(at + 8, at + 8 + size).buffer) };
      }
      this.#before += size;
      if (this.#before > MOST_BEFORE)
        return fault(
          "More than 4 MiB come before the sound of this WAV file. Save it without pictures and notes.",
        );
      at += 8;
      this.#toSkip = size + (size % 2);
    }
  }

  #readSound(data: Uint8Array, format: WavFormat): Float32Array {
    const width = widthOf(format);
    const frames = Math.floor(Math.min(this.#left, data.length) / width);
    const out = new Float32Array(2 * frames);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const read = READERS[format.sample];
    const second = format.channels === 2 ? width / 2 : 0;
    for (let n = 0; n < frames; n++) {
      out[2 * n] = read(view, n * width);
      out[2 * n + 1] = read(view, n * width + second);
    }
    this.#left -= frames * width;
    this.#rest = this.#left === 0 ? new Uint8Array(0) : data.slice(frames * width);
    return out;
  }
}

/** Bytes per sample frame. */
function widthOf({ channels, sample }: Pick<WavFormat, "channels" | "sample">): number {
  return channels * { s16: 2, s24: 3, f32: 4 }[sample];
}

const READERS: Readonly<Record<WavFormat["sample"], (view: DataView, at: number) => number>> = {
  s16: (view, at) => view.getInt16(at, true) / 0x8000,
  s24: (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 0x80_0000,
  // NaN becomes 0, since it would spoil all sound computed from it. Values out of range are clipped.
  f32: (view, at) => Math.min(1, Math.max(-1, view.getFloat32(at, true) || 0)),
};

/** Sample formats by WAV format tag and bits. */
const SAMPLES: Readonly<Record<string, WavFormat["sample"]>> = {
  "1/16": "s16",
  "1/24": "s24",
  "3/32": "f32",
};

/** Reads a "fmt " chunk: WAVE_FORMAT_PCM, _IEEE_FLOAT, or _EXTENSIBLE, whose actual format begins the GUID at byte 24. */
function formatOf(view: DataView, bytes: number, longest: number): WavFormat | WavFault {
  const isExtensible = view.getUint16(0, true) === 0xfffe && view.byteLength >= 26;
  const tag = view.getUint16(isExtensible ? 24 : 0, true);
  const [channels, rate, bits] = [view.getUint16(2, true), view.getUint32(4, true), view.getUint16(14, true)];
  const sample = SAMPLES[`${tag}/${bits}`];
  if (sample === undefined)
    return fault(
      `The file holds ${bits}-bit samples of WAV format ${tag}. Taken are PCM of 16 or 24 bits, and 32-bit float.`,
    );
  if (channels !== 1 && channels !== 2) return fault(`The file has ${channels} channels. Taken are 1 or 2.`);
  if (rate !== 44_100 && rate !== SAMPLE_RATE)
    return fault(`The file has ${rate} samples a second. Taken are 44100 or 48000.`);
  if (bytes >= 0xffff_fff0)
    return fault(
      "The file does not say how long it is: it was written as a stream. Save it to a file again.",
    );
  const frames = Math.floor(bytes / widthOf({ channels, sample }));
  if (frames > longest * rate)
    return fault(`The file is ${Math.ceil(frames / rate)} s long. Taken are at most ${longest} s.`);
  if (frames < SHORTEST * rate)
    return fault(`The file is ${(frames / rate).toFixed(2)} s long. Taken are at least ${SHORTEST} s.`);
  return { kind: "format", rate, channels, sample, frames };
}

function nameAt(data: Uint8Array, at: number): string {
  return String.fromCharCode(...data.subarray(at, at + 4));
}

function fault(why: string): WavFault {
  return { kind: "fault", why };
}
