import { Loop } from "../audio/loop.ts";
import { LoudnessMeter } from "../audio/loudness.ts";
import { framesAt48, Upsampler } from "../audio/upsampler.ts";
import { type WavFault, type WavFormat, WavReader } from "../audio/wav.ts";
import type { KeptSound } from "../broadcast/lifecycle.ts";
import { epochOf } from "../paths.ts";

/** The most that a sound is made louder or softer by, dB. */
const MOST_GAIN = 30;
/** Bytes of a sample frame in R2: s16le stereo. */
const STORED_WIDTH = 4;

/** What is to become of a WAV file. */
export interface Keeping {
  /** Where it is to lie in R2, by its version. */
  readonly key: (version: string) => string;
  /** How long it may be, seconds. */
  readonly longest: number;
  /** Whether it is to go round without a click. */
  readonly loops: boolean;
  /** What it is levelled to, LUFS; null: it is to be played as loud as it is. */
  readonly target: number | null;
}

/** R2 did not take it. */
export interface NotKept {
  readonly kind: "not-kept";
}

/**
 * Reads a WAV file as it comes, and puts it into R2 as 48 kHz stereo s16le; a file that is not what it should be, or not whole,
 * leaves nothing there. Nothing of it is held but what is on its way.
 */
export async function keepSound(
  bucket: R2Bucket,
  wav: ReadableStream<Uint8Array>,
  { key, longest, loops, target }: Keeping,
): Promise<KeptSound | WavFault | NotKept> {
  const reader = wav.getReader();
  const conversion = new Conversion(longest, loops ? new Loop() : null);
  try {
    let made = await conversion.next(reader);
    if (!(made instanceof Uint8Array)) return made;
    const setAt = Date.now();
    const version = epochOf(setAt);
    const { readable, writable } = new FixedLengthStream(STORED_WIDTH * conversion.frames);
    const put = bucket.put(key(version), readable);
    // What fails at it is told below; until then nobody awaits it.
    put.catch(() => {});
    const writer = writable.getWriter();
    try {
      while (made.length > 0) {
        await writer.write(made);
        const next = await conversion.next(reader);
        if (!(next instanceof Uint8Array)) {
          await writer.abort(next.why).catch(() => {});
          return next;
        }
        made = next;
      }
      await writer.close();
      await put;
    } catch (error) {
      console.warn(`R2 did not take ${key(version)}: ${String(error)}`);
      return { kind: "not-kept" };
    }
    const { loudness, frames } = conversion;
    const gainDb = target === null || loudness === null ? 0 : clamp(target - loudness);
    return { version, frames, loudness, gainDb, setAt };
  } finally {
    // Whoever sends it need not send the rest of what is refused.
    await reader.cancel().catch(() => {});
  }
}

function clamp(gainDb: number): number {
  return Math.round(10 * Math.min(MOST_GAIN, Math.max(-MOST_GAIN, gainDb))) / 10;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** A file on its way: bytes -> samples -> 48 kHz -> loop, where it is one -> loudness -> bytes. */
class Conversion {
  readonly #wav: WavReader;
  readonly #loop: Loop | null;
  readonly #meter = new LoudnessMeter();
  #format: WavFormat | null = null;
  #upsampler = new Upsampler(48_000);
  #isOver = false;
  /** Sample frames of it when it is converted; known once it has begun. */
  frames = 0;

  constructor(longest: number, loop: Loop | null) {
    this.#wav = new WavReader(longest);
    this.#loop = loop;
  }

  /** Integrated loudness of what has been converted, LUFS. */
  get loudness(): number | null {
    return this.#meter.read().integrated;
  }

  /** What comes of the next bytes that bring something; empty at the end. */
  async next(reader: Reader): Promise<Uint8Array | WavFault> {
    while (!this.#isOver) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      const made = done || value === undefined ? this.#finish() : this.#push(value);
      if (!(made instanceof Float32Array)) return made;
      if (made.length > 0) return this.#encode(made);
    }
    return new Uint8Array(0);
  }

  #push(bytes: Uint8Array): Float32Array | WavFault {
    const pcm = this.#wav.push(bytes);
    if ("kind" in pcm) return pcm;
    if (this.#format === null && this.#wav.format !== null) {
      this.#format = this.#wav.format;
      this.#upsampler = new Upsampler(this.#format.rate);
      this.frames = framesAt48(this.#format.frames, this.#format.rate);
    }
    const made = this.#upsampler.push(pcm);
    return this.#loop?.push(made) ?? made;
  }

  #finish(): Float32Array | WavFault {
    this.#isOver = true;
    const fault = this.#wav.finish();
    if (fault !== null) return fault;
    const made = this.#upsampler.flush(this.frames);
    if (this.#loop === null) return made;
    const before = this.#loop.push(made);
    const last = this.#loop.flush();
    const rest = new Float32Array(before.length + last.length);
    rest.set(before);
    rest.set(last, before.length);
    return rest;
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
