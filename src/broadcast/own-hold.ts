import { decodeS16 } from "../audio/pcm.ts";
import { withLimit } from "../limit.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../media.ts";
import { keys } from "../paths.ts";
import type { HoldSource } from "./hold-line.ts";
import type { OwnHold } from "./lifecycle.ts";

/** Bytes of a sample frame, s16le stereo. */
const WIDTH = 2 * CHANNELS;
/** Sample frames that are read at once: 4 s, 768 KB. */
const CHUNK = 4 * SAMPLE_RATE;
/** Chunks that are held: the first, with which it begins, the one that is played, and the one after it. */
const MOST_HELD = 3;
/** How long R2 may take, milliseconds, and how long it is left alone when it did not give one. */
const LIMIT_MS = 3_000;
const PAUSE_MS = 5_000;
/** How long the first sound is waited for before the built-in takes its place, milliseconds. */
const PATIENCE_MS = 1_500;

/** A producer's hold audio, read from R2 in chunks before they are played: at most 2.3 MB of it are held. */
export class OwnHoldAudio implements HoldSource {
  readonly #bucket: R2Bucket;
  readonly #id: string;
  readonly #own: OwnHold;
  readonly #gain: number;
  readonly #waitUntil: (work: Promise<void>) => void;
  /** By number. */
  readonly #chunks = new Map<number, Uint8Array>();
  readonly #asked = new Set<number>();
  /** When R2 is asked again, and whether its failure has been told. */
  #pausedUntil = 0;
  #isTold = false;
  /** Since when what is to begin is waited for; null: nothing is. */
  #awaitedSince: number | null = null;

  constructor(bucket: R2Bucket, id: string, own: OwnHold, waitUntil: (work: Promise<void>) => void) {
    this.#bucket = bucket;
    this.#id = id;
    this.#own = own;
    this.#gain = 10 ** (own.gainDb / 20);
    this.#waitUntil = waitUntil;
    this.prepare(0);
  }

  has(n: number, units: number): boolean {
    return this.#chunksOf(n * AU_SAMPLES, units * AU_SAMPLES).every((chunk) => this.#chunks.has(chunk));
  }

  unit(n: number): Float32Array {
    const bytes = new Uint8Array(WIDTH * AU_SAMPLES);
    for (let done = 0; done < AU_SAMPLES; ) {
      const frame = this.#frameAt(n * AU_SAMPLES + done);
      const chunk = this.#chunks.get(chunkOf(frame));
      if (chunk === undefined) throw new Error(`unit ${n} of the hold audio is not there`);
      const from = frame % CHUNK;
      const count = Math.min(AU_SAMPLES - done, chunk.length / WIDTH - from);
      bytes.set(chunk.subarray(WIDTH * from, WIDTH * (from + count)), WIDTH * done);
      done += count;
    }
    const pcm = decodeS16(bytes);
    for (let i = 0; i < pcm.length; i++) pcm[i] = (pcm[i] as number) * this.#gain;
    return pcm;
  }

  prepare(n: number): boolean {
    const wanted = this.#chunksOf(n * AU_SAMPLES, CHUNK + 1);
    for (const chunk of this.#chunks.keys())
      if (this.#chunks.size > MOST_HELD && chunk !== 0 && !wanted.includes(chunk)) this.#chunks.delete(chunk);
    const now = Date.now();
    for (const chunk of [...wanted, 0]) this.#ask(chunk, now);
    if (wanted.every((chunk) => this.#chunks.has(chunk)) || now < this.#pausedUntil) {
      this.#awaitedSince = null;
      return false;
    }
    this.#awaitedSince ??= now;
    return now - this.#awaitedSince < PATIENCE_MS;
  }

  #ask(chunk: number, now: number): void {
    if (this.#chunks.has(chunk) || this.#asked.has(chunk) || now < this.#pausedUntil) return;
    this.#asked.add(chunk);
    this.#waitUntil(this.#read(chunk));
  }

  async #read(chunk: number): Promise<void> {
    const offset = WIDTH * CHUNK * chunk;
    const length = Math.min(WIDTH * CHUNK, WIDTH * this.#own.frames - offset);
    try {
      const bytes = await withLimit(this.#get(offset, length), LIMIT_MS);
      this.#chunks.set(chunk, bytes);
      this.#isTold = false;
    } catch (error) {
      this.#pausedUntil = Date.now() + PAUSE_MS;
      if (!this.#isTold)
        console.warn(`The hold audio of ${this.#id} can not be read; the built-in plays: ${String(error)}`);
      this.#isTold = true;
    } finally {
      this.#asked.delete(chunk);
    }
  }

  async #get(offset: number, length: number): Promise<Uint8Array> {
    const object = await this.#bucket.get(keys.hold(this.#id, this.#own.version), {
      range: { offset, length },
    });
    if (object === null) throw new Error("it is not there");
    const bytes = new Uint8Array(await object.arrayBuffer());
    if (bytes.length !== length) throw new Error(`${bytes.length} bytes of ${length}`);
    return bytes;
  }

  /** The chunks that `count` sample frames lie in, of which the first is heard `played` sample frames after the beginning. */
  #chunksOf(played: number, count: number): number[] {
    const chunks: number[] = [];
    for (let done = 0; done < count; ) {
      const frame = this.#frameAt(played + done);
      const chunk = chunkOf(frame);
      chunks.push(chunk);
      // The last chunk may be shorter than an access unit.
      done += Math.min(this.#own.frames, CHUNK * (chunk + 1)) - frame;
    }
    return chunks;
  }

  /** Which sample frame of the file is heard `played` sample frames after its beginning. */
  #frameAt(played: number): number {
    const { frames, loopFrom } = this.#own;
    return played < frames ? played : loopFrom + ((played - frames) % (frames - loopFrom));
  }
}

function chunkOf(frame: number): number {
  return Math.floor(frame / CHUNK);
}
