import { decodeS16 } from "../audio/pcm.ts";
import { withTimeout } from "../limit.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../media.ts";
import { NotAsked } from "./bounded-bucket.ts";
import type { Bucket, Dependencies } from "./dependencies.ts";
import type { HoldSource } from "./hold-source.ts";
import type { KeptSound } from "./show-row.ts";

/** Bytes of a sample frame: s16le stereo. */
const WIDTH = 2 * CHANNELS;
/** Sample frames of a chunk, which is one read from R2: 4 s, 768 KB. */
const CHUNK = 4 * SAMPLE_RATE;
/** Chunks in memory: the first, for the next beginning; the one being played; and the one after it. */
const MAX_HELD = 3;
/** Timeout for the read of a chunk from R2, ms. */
const READ_TIMEOUT_MS = 3_000;
/** Reads that may be open at once, timed-out ones included: each holds one of the object's six connections. */
const MAX_READS = 2;
/** After a failed read: how long R2 is not asked again, ms. */
const RETRY_AFTER_MS = 5_000;
/** How long the beginning of hold audio waits for the producer's own before the built-in takes its place, ms. */
const PATIENCE_MS = 1_500;

/** A producer's sound in R2, read in chunks ahead of its playing: at most 2.3 MB of it are in memory. */
export class KeptAudio implements HoldSource {
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #frames: number;
  readonly #loopFrom: number | null;
  readonly #gain: number;
  readonly #waitUntil: (work: Promise<void>) => void;
  /** Loaded chunks, by number. */
  readonly #chunks = new Map<number, Uint8Array>();
  /** The numbers of the chunks being read. */
  readonly #asked = new Set<number>();
  /** Reads that R2 has not answered, timed-out ones included. */
  #out = 0;
  /** When R2 may be asked again, after a read that failed. */
  #pausedUntil = 0;
  /** Whether the present failure is in the log already. */
  #isTold = false;
  /** Since when {@link prepare} has been waiting for chunks; null: it is not. */
  #awaitedSince: number | null = null;

  /**
   * @param key the sound's key in R2
   * @param loopFrom the sample frame that is played after the last one; null: the sound ends there, and is silent after it
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

  /** The sound's length, access units, the last one perhaps in part. */
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
      if (this.#chunks.size > MAX_HELD && chunk !== 0 && !wanted.includes(chunk)) this.#chunks.delete(chunk);
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
    if (this.#out >= MAX_READS) return;
    this.#asked.add(chunk);
    this.#waitUntil(this.#read(chunk));
  }

  async #read(chunk: number): Promise<void> {
    const offset = WIDTH * CHUNK * chunk;
    const length = Math.min(WIDTH * CHUNK, WIDTH * this.#frames - offset);
    try {
      const bytes = await withTimeout(this.#get(offset, length), READ_TIMEOUT_MS);
      this.#chunks.set(chunk, bytes);
      this.#isTold = false;
    } catch (error) {
      // R2 was not asked, so it has not failed. The next unit asks again.
      if (error instanceof NotAsked) return;
      this.#pausedUntil = Date.now() + RETRY_AFTER_MS;
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
   * Returns the numbers of the chunks that hold `count` sample frames, the first of which is heard `played` sample frames
   * after the beginning. Frames after the end have no chunk.
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

  /** Returns which sample frame of the file is heard `played` sample frames after the beginning; only before the end. */
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

/** Returns what the API says of a producer's sound. */
export function describeSound({ frames, loudness, gainDb, setAt }: KeptSound) {
  return { seconds: frames / SAMPLE_RATE, loudness, gainDb, setAt };
}

/** Deletes a producer's sound from R2. If that fails the sound stays there until the broadcast is removed. */
export async function deleteSound(bucket: Bucket, key: string): Promise<void> {
  await bucket.delete(key).catch((error: unknown) => {
    console.warn(`R2 did not delete ${key}: ${String(error)}`);
  });
}
