import { Loop } from "../audio/loop.ts";
import { LoudnessMeter } from "../audio/loudness.ts";
import { framesAt48, Upsampler } from "../audio/upsampler.ts";
import { type WavFault, type WavFormat, WavReader, type WavSound } from "../audio/wav.ts";
import type { KeptSound } from "../broadcast/show-row.ts";
import { epochOf } from "../paths.ts";

/** The largest gain, up or down, that levelling applies, dB. */
const MAX_GAIN_DB = 30;
/** Size of a sample frame in R2, bytes: s16le stereo. */
const STORED_FRAME_BYTES = 4;

/** How a WAV file is to be stored. */
export interface StoreOptions {
  /** Returns its R2 key for a version. */
  readonly key: (version: string) => string;
  /** The longest duration that is accepted, seconds. */
  readonly longest: number;
  /** Whether it is made to loop without a click. */
  readonly loops: boolean;
  /** The loudness that it is levelled to, LUFS; null: it is played at its own loudness. */
  readonly target: number | null;
}

/** The sound is in R2. */
interface Kept {
  readonly kind: "kept";
  readonly sound: KeptSound;
}

/** The put to R2 failed. */
export interface StoreFailure {
  readonly kind: "not-kept";
}

/**
 * Converts a WAV file to 48 kHz stereo s16le and puts it into R2, as a stream: only the chunks in transit are in memory. A file
 * that is invalid or incomplete leaves nothing in R2.
 */
export async function storeSound(
  bucket: R2Bucket,
  wav: ReadableStream<Uint8Array>,
  { key, longest, loops, target }: StoreOptions,
): Promise<Kept | WavFault | StoreFailure> {
  const reader = wav.getReader();
  const conversion = new Conversion(longest, loops ? new Loop() : null);
  try {
    let next = await conversion.next(reader);
    if (next.kind === "fault") return next;
    const setAt = Date.now();
    const version = epochOf(setAt);
    const { readable, writable } = new FixedLengthStream(STORED_FRAME_BYTES * conversion.frames);
    const put = bucket.put(key(version), readable);
    // A failure is handled below. Until then nothing awaits this promise, and its rejection would count as unhandled.
    put.catch(() => {});
    const writer = writable.getWriter();
    try {
      while (next.kind === "bytes") {
        await writer.write(next.bytes);
        next = await conversion.next(reader);
      }
      if (next.kind === "fault") {
        await writer.abort(next.why).catch(() => {});
        return next;
      }
      await writer.close();
      await put;
    } catch (error) {
      console.warn(`R2 did not take ${key(version)}: ${String(error)}`);
      return { kind: "not-kept" };
    }
    const { loudness, frames } = conversion;
    const gainDb = target === null || loudness === null ? 0 : clamp(target - loudness);
    return { kind: "kept", sound: { version, frames, loudness, gainDb, setAt } };
  } finally {
    // The sender of a refused file need not send the rest.
    await reader.cancel().catch(() => {});
  }
}

function clamp(gainDb: number): number {
  return Math.round(10 * Math.min(MAX_GAIN_DB, Math.max(-MAX_GAIN_DB, gainDb))) / 10;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** A piece of the converted sound, as it stands in R2; or the end of the file. */
type Converted = { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "end" };

/** Converts a file as a stream: bytes -> samples -> 48 kHz -> loop, if it is one -> loudness measurement -> bytes. */
class Conversion {
  readonly #wav: WavReader;
  readonly #loop: Loop | null;
  readonly #meter = new LoudnessMeter();
  #format: WavFormat | null = null;
  #upsampler = new Upsampler(48_000);
  #isOver = false;
  /** Sample frames of the converted sound; known once the file's header was read. */
  frames = 0;

  constructor(longest: number, loop: Loop | null) {
    this.#wav = new WavReader(longest);
    this.#loop = loop;
  }

  /** Integrated loudness of the sound converted so far, LUFS. */
  get loudness(): number | null {
    return this.#meter.read().integrated;
  }

  /** Reads on until there is converted sound, or the file ends. */
  async next(reader: Reader): Promise<Converted | WavFault> {
    while (!this.#isOver) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      const made = done || value === undefined ? this.#finish() : this.#push(value);
      if (made.kind === "fault") return made;
      if (made.pcm.length > 0) return { kind: "bytes", bytes: this.#encode(made.pcm) };
    }
    return { kind: "end" };
  }

  #push(bytes: Uint8Array): WavSound | WavFault {
    const read = this.#wav.push(bytes);
    if (read.kind === "fault") return read;
    if (this.#format === null && this.#wav.format !== null) {
      this.#format = this.#wav.format;
      this.#upsampler = new Upsampler(this.#format.rate);
      this.frames = framesAt48(this.#format.frames, this.#format.rate);
    }
    const made = this.#upsampler.push(read.pcm);
    return { kind: "sound", pcm: this.#loop?.push(made) ?? made };
  }

  #finish(): WavSound | WavFault {
    this.#isOver = true;
    const fault = this.#wav.finish();
    if (fault !== null) return fault;
    const made = this.#upsampler.flush(this.frames);
    if (this.#loop === null) return { kind: "sound", pcm: made };
    const before = this.#loop.push(made);
    const last = this.#loop.flush();
    const rest = new Float32Array(before.length + last.length);
    rest.set(before);
    rest.set(last, before.length);
    return { kind: "sound", pcm: rest };
  }

  #encode(pcm: Float32Array): Uint8Array {
    this.#meter.push(pcm);
    const bytes = new Uint8Array(2 * pcm.length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < pcm.length; i++) {
      const value = Math.round((pcm[i] as number) * 32_768);
      view.setInt16(2 * i, Math.min(32_767, Math.max(-32_768, value)), true);
    }
    return bytes;
  }
}
