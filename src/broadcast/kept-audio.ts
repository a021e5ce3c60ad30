import { decodeS16 } from "../audio/pcm.ts";
import { withLimit } from "../limit.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../media.ts";
import type { Bucket, Dependencies } from "./dependencies.ts";
import type { HoldSource } from "./hold-source.ts";
import type { Life } from "./life.ts";
import type { KeptSound } from "./lifecycle.ts";

/** Bytes of a sample frame, s16le stereo. */
const WIDTH = 2 * CHANNELS;
/** Sample frames that are read at once: 4 s, 768 KB. */
const CHUNK = 4 * SAMPLE_RATE;
/** Chunks that are held: the first, with which it begins, the one that is played, and the one after it. */
const MOST_HELD = 3;
/** How long R2 may take, milliseconds, and how long it is left alone when it did not give one. */
const LIMIT_MS = 3_000;
/** Reads under way at the same time, those that were given up among them: each holds one of the object's six connections. */
const MOST_OUT = 2;
const PAUSE_MS = 5_000;
/** How long the first sound is waited for before the built-in takes its place, milliseconds. */
const PATIENCE_MS = 1_500;

/** What a show's sounds need of it. */
export interface Stage extends Pick<Dependencies, "bucket" | "waitUntil"> {
  /** The show's life, as it is when it is asked for. */
  readonly life: () => Life;
  /** Stores a change of it. */
  readonly turnInto: (life: Life) => void;
}

/** A producer's sound, read from R2 in chunks before they are played: at most 2.3 MB of it are held. */
export class KeptAudio implements HoldSource {
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #frames: number;
  readonly #loopFrom: number | null;
  readonly #gain: number;
  readonly #waitUntil: (work: Promise<void>) => void;
  /** By number. */
  readonly #chunks = new Map<number, Uint8Array>();
  readonly #asked = new Set<number>();
  /** Reads that R2 has not answered, whether they are waited for or not. */
  #out = 0;
  /** When R2 is asked again, and whether its failure has been told. */
  #pausedUntil = 0;
  #isTold = false;
  /** Since when what is to begin is waited for; null: nothing is. */
  #awaitedSince: number | null = null;

  /**
   * @param key where it lies
   * @param loopFrom the sample frame that follows its last one; null: it ends, and is silent from then on
   */
  constructor(
    { bucket, waitUntil }: Pick<Dependencies, "bucket" | "waitUntil">,
    key: string,
    { frames, gainDb }: KeptSound,
    loopFrom: number | null,
  ) {
    this.#bucket = bucket;
    this.#key = key;
    this.#frames = frames;
    this.#loopFrom = loopFrom;
    this.#gain = 10 ** (gainDb / 20);
    this.#waitUntil = waitUntil;
  }

  /** In how many access units all of it has been heard once. */
  get units(): number {
    return Math.ceil(this.#frames / AU_SAMPLES);
  }

  has(n: number, units: number): boolean {
    return this.#chunksOf(n * AU_SAMPLES, units * AU_SAMPLES).every((chunk) => this.#chunks.has(chunk));
  }

  unit(n: number): Float32Array {
    const bytes = new Uint8Array(WIDTH * AU_SAMPLES);
    for (let done = 0; done < AU_SAMPLES && !this.#isOver(n * AU_SAMPLES + done); ) {
      const frame = this.#frameAt(n * AU_SAMPLES + done);
      const chunk = this.#chunks.get(chunkOf(frame));
      if (chunk === undefined) throw new Error(`unit ${n} of ${this.#key} is not there`);
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
    if (this.#out >= MOST_OUT) return;
    this.#asked.add(chunk);
    this.#waitUntil(this.#read(chunk));
  }

  async #read(chunk: number): Promise<void> {
    const offset = WIDTH * CHUNK * chunk;
    const length = Math.min(WIDTH * CHUNK, WIDTH * this.#frames - offset);
    try {
      const bytes = await withLimit(this.#get(offset, length), LIMIT_MS);
      this.#chunks.set(chunk, bytes);
      this.#isTold = false;
    } catch (error) {
      this.#pausedUntil = Date.now() + PAUSE_MS;
      this.#awaitedSince = null;
      if (!this.#isTold) console.warn(`${this.#key} can not be read and is not heard: ${String(error)}`);
      this.#isTold = true;
    } finally {
      this.#asked.delete(chunk);
    }
  }

  async #get(offset: number, length: number): Promise<Uint8Array> {
    this.#out++;
    try {
      return await this.#bytes(offset, length);
    } finally {
      this.#out--;
    }
  }

  async #bytes(offset: number, length: number): Promise<Uint8Array> {
    const object = await this.#bucket.get(this.#key, { range: { offset, length } });
    if (object === null) throw new Error("it is not there");
    const bytes = new Uint8Array(await object.arrayBuffer());
    if (bytes.length !== length) throw new Error(`${bytes.length} bytes of ${length}`);
    return bytes;
  }

  /**
   * The chunks that `count` sample frames lie in, of which the first is heard `played` sample frames after the beginning; none of
   * what comes after the end.
   */
  #chunksOf(played: number, count: number): number[] {
    const chunks: number[] = [];
    for (let done = 0; done < count && !this.#isOver(played + done); ) {
      const frame = this.#frameAt(played + done);
      const chunk = chunkOf(frame);
      chunks.push(chunk);
      // The last chunk may be shorter than an access unit.
      done += Math.min(this.#frames, CHUNK * (chunk + 1)) - frame;
    }
    return chunks;
  }

  #isOver(played: number): boolean {
    return this.#loopFrom === null && played >= this.#frames;
  }

  /** Which sample frame of the file is heard `played` sample frames after its beginning, where it is not over. */
  #frameAt(played: number): number {
    const [frames, loopFrom] = [this.#frames, this.#loopFrom];
    return loopFrom === null || played < frames
      ? played
      : loopFrom + ((played - frames) % (frames - loopFrom));
  }
}

function chunkOf(frame: number): number {
  return Math.floor(frame / CHUNK);
}

/** What is told of a producer's sound. */
export function describeSound({ frames, loudness, gainDb, setAt }: KeptSound) {
  return { seconds: frames / SAMPLE_RATE, loudness, gainDb, setAt };
}

/** Deletes a producer's sound that is not needed any more. What R2 does not let go of goes with the broadcast. */
export async function forget(bucket: Bucket, key: string): Promise<void> {
  await bucket.delete(key).catch((error: unknown) => {
    console.warn(`R2 did not delete ${key}: ${String(error)}`);
  });
}
