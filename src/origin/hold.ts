import { Loop, SEAM } from "../audio/loop.ts";
import { LoudnessMeter } from "../audio/loudness.ts";
import { framesAt48, Upsampler } from "../audio/upsampler.ts";
import { type WavFormat, WavReader } from "../audio/wav.ts";
import type { OwnHold } from "../broadcast/lifecycle.ts";
import type { HoldDescription } from "../hold-api.ts";
import { epochOf, keys } from "../paths.ts";
import { PROBLEMS, type Problem, unfitHold } from "../problem.ts";

/** What hold audio is levelled to, LUFS: softer than speech, whose target is -18 (AES TD1008). */
const TARGET = -24;
/** The most that it is made louder or softer by, dB. */
const MOST_GAIN = 30;
/** Bytes of a sample frame in R2: s16le stereo. */
const STORED_WIDTH = 4;

/**
 * Reads a WAV file as it comes, and puts it into R2 as 48 kHz stereo s16le that goes round without a click; a file that is not
 * what it should be, or not whole, leaves nothing there. Nothing of it is held but what is on its way.
 *
 * @param asIs whether it is to be played as loud as it is
 */
export async function keepHold(
  bucket: R2Bucket,
  id: string,
  wav: ReadableStream<Uint8Array>,
  asIs: boolean,
): Promise<OwnHold | Problem> {
  const reader = wav.getReader();
  const conversion = new Conversion();
  try {
    let made = await conversion.next(reader);
    if (!(made instanceof Uint8Array)) return made;
    const setAt = Date.now();
    const version = epochOf(setAt);
    const { readable, writable } = new FixedLengthStream(STORED_WIDTH * conversion.frames);
    const put = bucket.put(keys.hold(id, version), readable);
    // What fails at it is told below; until then nobody awaits it.
    put.catch(() => {});
    const writer = writable.getWriter();
    try {
      while (made.length > 0) {
        await writer.write(made);
        const next = await conversion.next(reader);
        if (!(next instanceof Uint8Array)) {
          await writer.abort(next.message).catch(() => {});
          return next;
        }
        made = next;
      }
      await writer.close();
      await put;
    } catch (error) {
      console.warn(`R2 did not take the hold audio of ${id}: ${String(error)}`);
      return PROBLEMS.holdNotKept;
    }
    const { loudness, frames } = conversion;
    const gainDb = asIs || loudness === null ? 0 : clamp(TARGET - loudness);
    return { version, frames, loopFrom: SEAM, loudness, gainDb, setAt };
  } finally {
    // Whoever sends it need not send the rest of what is refused.
    await reader.cancel().catch(() => {});
  }
}

/** What is asked of a Broadcast: to use hold audio, and which it has. */
export interface HoldUser {
  use(own: OwnHold): Promise<HoldDescription | Problem>;
  describe(): Promise<HoldDescription | Problem>;
}

/** Has a Broadcast use hold audio that is in R2 for it; where it does not use it, it is deleted from R2 again. */
export async function handOver(
  bucket: R2Bucket,
  id: string,
  own: OwnHold,
  broadcast: HoldUser,
): Promise<HoldDescription | Problem> {
  const answer = await broadcast.use(own).catch(async (error: unknown) => {
    // It may be in use, and only the answer lost. Where the Broadcast can not say either, it stays until the broadcast goes.
    const said = await broadcast.describe().catch(() => null);
    if (said?.kind === "hold-description" && said.own?.setAt === own.setAt) return said;
    if (said !== null) await bucket.delete(keys.hold(id, own.version));
    throw error;
  });
  // It may have ended, or been removed, meanwhile.
  if (answer.kind === "problem") await bucket.delete(keys.hold(id, own.version));
  return answer;
}

function clamp(gainDb: number): number {
  return Math.round(10 * Math.min(MOST_GAIN, Math.max(-MOST_GAIN, gainDb))) / 10;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** A file on its way: bytes -> samples -> 48 kHz -> loop -> loudness -> bytes. */
class Conversion {
  readonly #wav = new WavReader();
  readonly #loop = new Loop();
  readonly #meter = new LoudnessMeter();
  #format: WavFormat | null = null;
  #upsampler = new Upsampler(48_000);
  #isOver = false;
  /** Sample frames of it when it is converted; known once it has begun. */
  frames = 0;

  /** Integrated loudness of what has been converted, LUFS. */
  get loudness(): number | null {
    return this.#meter.read().integrated;
  }

  /** What comes of the next bytes that bring something; empty at the end. */
  async next(reader: Reader): Promise<Uint8Array | Problem> {
    while (!this.#isOver) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      const made = done || value === undefined ? this.#finish() : this.#push(value);
      if (!(made instanceof Float32Array)) return made;
      if (made.length > 0) return this.#encode(made);
    }
    return new Uint8Array(0);
  }

  #push(bytes: Uint8Array): Float32Array | Problem {
    const pcm = this.#wav.push(bytes);
    if ("kind" in pcm) return unfitHold(pcm.why);
    if (this.#format === null && this.#wav.format !== null) {
      this.#format = this.#wav.format;
      this.#upsampler = new Upsampler(this.#format.rate);
      this.frames = framesAt48(this.#format.frames, this.#format.rate);
    }
    return this.#loop.push(this.#upsampler.push(pcm));
  }

  #finish(): Float32Array | Problem {
    this.#isOver = true;
    const fault = this.#wav.finish();
    if (fault !== null) return unfitHold(fault.why);
    const before = this.#loop.push(this.#upsampler.flush(this.frames));
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
