import { AU_SAMPLES, CHANNELS, type Frame, type Pcm, type Samples, samples } from "../media.ts";
import type { Context, Contexts } from "./contexts.ts";
import { ENCODER_LAG, type Encoder } from "./encoder.ts";
import { frameCount, isSilent } from "./pcm.ts";

/** Packets that a new context gives before the one that decodes to its first unit (encoder delay: 1,024 samples). */
const PRIMING = 1;
/** After this many silent units have gone in and a {@link SILENT_UNIT} has come out, more silence gives SILENT_UNIT alone. */
const SETTLED = ENCODER_LAG / AU_SAMPLES;

/**
 * The stereo access unit of digital silence: the bytes that this encoder gives whenever its window is all zeros. It can stand
 * beside any other unit, because neighbouring units cross-fade where they overlap. So a long gap is filled without encoding.
 */
export const SILENT_UNIT: Uint8Array = Uint8Array.of(0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c);

/**
 * Opens one encoder of AAC-LC, 48 kHz stereo, whose first pushed sample is at `options.at`.
 *
 * `options.bitrate` is in bit/s. Throws Error when the wasm refuses the settings. The encoder holds a context of the wasm only
 * while there is sound; during digital silence it holds no context and costs nothing.
 */
export function openAac(contexts: Contexts, options: { bitrate: number; at: Samples }): Encoder {
  return new Aac(contexts, options);
}

/**
 * During digital silence it has no context and gives {@link SILENT_UNIT}. The output is that of a context which is never closed.
 * The packet of unit n covers units n and n + 1, and the encoder looks at unit n + 2 to choose its window. Hence:
 *
 * * A context that is opened for sound first gets the two silent units before the sound. Its packets are then those of a context
 *   that was never closed. Without these units a loud start would begin with a packet of another window.
 * * A context is closed once the last two units in were silent and its last packet was SILENT_UNIT: it then holds only silence.
 */
class Aac implements Encoder {
  readonly config: Uint8Array;
  readonly #contexts: Contexts;
  readonly #bitrate: number;
  /** Null in silence. */
  #context: Context | null = null;
  /** How many of the next packets of {@link #context} to drop: they decode to sound before its first unit. */
  #priming = 0;
  /** The access unit being filled, and how many of its sample frames are filled. */
  readonly #unit = new Float32Array(CHANNELS * AU_SAMPLES);
  #filled = 0;
  /** Position of the next sample to be pushed. */
  #end: number;
  /** Position of the next frame to be returned. */
  #next: number;
  /** How many of the last units in a row were silent, and whether the last frame out was {@link SILENT_UNIT}. */
  #quiet = 0;
  #lastIsSilent = false;
  #closed = false;

  constructor(contexts: Contexts, options: { bitrate: number; at: Samples }) {
    this.#contexts = contexts;
    this.#bitrate = options.bitrate;
    this.#end = options.at;
    this.#next = options.at;
    const context = contexts.open(options.bitrate);
    this.config = context.config;
    context.close();
  }

  push(pcm: Pcm): Frame[] {
    this.#expectOpen();
    if (pcm.at !== this.#end) throw new RangeError(`PCM at ${pcm.at} where ${this.#end} was expected`);
    const frames: Frame[] = [];
    const count = frameCount(pcm.data);
    for (let done = 0; done < count; ) {
      const take = Math.min(AU_SAMPLES - this.#filled, count - done);
      this.#unit.set(pcm.data.subarray(CHANNELS * done, CHANNELS * (done + take)), CHANNELS * this.#filled);
      this.#filled += take;
      done += take;
      this.#end += take;
      if (this.#filled === AU_SAMPLES) this.#take(frames);
    }
    return frames;
  }

  pushSilence(units: number): Frame[] {
    this.#expectOpen();
    if (this.#filled > 0) throw new RangeError("Silence in the middle of an access unit");
    const frames: Frame[] = [];
    let left = units;
    for (; left > 0 && this.#context !== null; left--) {
      this.#unit.fill(0);
      this.#end += AU_SAMPLES;
      this.#take(frames);
    }
    this.#end += left * AU_SAMPLES;
    this.#giveSilence(frames, this.#end - ENCODER_LAG);
    return frames;
  }

  flush(): Frame[] {
    const frames: Frame[] = [];
    if (this.#closed) return frames;
    if (this.#filled > 0) {
      this.#unit.fill(0, CHANNELS * this.#filled);
      this.#end += AU_SAMPLES - this.#filled;
      this.#take(frames);
    }
    // The flush also returns packets for the encoder's own delay; those after the last unit of the input are dropped.
    if (this.#context !== null) this.#give(frames, this.#context.flush());
    else this.#giveSilence(frames, this.#end);
    this.close();
    return frames;
  }

  close(): void {
    this.#closed = true;
    this.#rest();
  }

  /** Encodes the filled unit, which ends at `#end`; silence is encoded only while a context is open. */
  #take(frames: Frame[]): void {
    const silent = isSilent(this.#unit);
    this.#filled = 0;
    if (this.#context === null) {
      if (silent) {
        this.#giveSilence(frames, this.#end - ENCODER_LAG);
        return;
      }
      this.#begin(frames);
    }
    this.#quiet = silent ? this.#quiet + 1 : 0;
    this.#give(frames, (this.#context as Context).encode(this.#unit));
    if (this.#quiet >= SETTLED && this.#lastIsSilent) this.#rest();
  }

  /** Opens a context for the unit that ends at `#end`, and feeds it the silent units before it whose frames are not out yet. */
  #begin(frames: Frame[]): void {
    this.#context = this.#contexts.open(this.#bitrate);
    this.#priming = PRIMING;
    this.#lastIsSilent = false;
    for (let at = this.#next; at < this.#end - AU_SAMPLES; at += AU_SAMPLES) {
      this.#give(frames, this.#context.encode(SILENCE));
    }
  }

  #rest(): void {
    this.#context?.close();
    this.#context = null;
    this.#quiet = 0;
  }

  #give(frames: Frame[], packets: readonly Uint8Array[]): void {
    for (const bytes of packets) {
      if (this.#priming > 0) this.#priming--;
      else if (this.#next < this.#end) {
        frames.push({ at: samples(this.#next), bytes });
        this.#next += AU_SAMPLES;
        this.#lastIsSilent = isSilentUnit(bytes);
      }
    }
  }

  /** Adds the frames of silence before `end`; none while a context is open. */
  #giveSilence(frames: Frame[], end: number): void {
    for (; this.#context === null && this.#next < end; this.#next += AU_SAMPLES) {
      frames.push({ at: samples(this.#next), bytes: SILENT_UNIT });
    }
  }

  #expectOpen(): void {
    if (this.#closed) throw new Error("The AAC encoder was flushed");
  }
}

const SILENCE = new Float32Array(CHANNELS * AU_SAMPLES);

function isSilentUnit(bytes: Uint8Array): boolean {
  return bytes.length === SILENT_UNIT.length && bytes.every((byte, i) => byte === SILENT_UNIT[i]);
}
