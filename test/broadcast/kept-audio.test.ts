import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { holdUnit } from "../../src/audio/hold.ts";
import { decodeS16 } from "../../src/audio/pcm.ts";
import { TooManyCalls } from "../../src/broadcast/bounded-bucket.ts";
import { HoldLine } from "../../src/broadcast/hold-line.ts";
import { KeptAudio } from "../../src/broadcast/kept-audio.ts";
import type { OwnHold } from "../../src/broadcast/show-row.ts";
import { AU_SAMPLES, SAMPLE_RATE, samples } from "../../src/media.ts";

/**
 * A producer's hold audio, read from R2: every sample in its place, round after round, and the built-in whenever R2 can
 * not be read.
 */

const UNIT_MS = (1_000 * AU_SAMPLES) / SAMPLE_RATE;
const LOOP_FROM = 2_400;
/** For how long a read hangs before the runtime ends it, ms. */
const HANGS_MS = 60_000;

let warned: string[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  warned = [];
  vi.spyOn(console, "warn").mockImplementation((text: string) => void warned.push(text));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Bytes = (offset: number, length: number) => Uint8Array<ArrayBuffer>;

/** A fake of R2, which fails, hangs or is late on demand. */
class FakeBucket {
  /**
   * `fails`: an error; `hangs`: no answer; `missing`: null; `short`: too few bytes. After `delay` ms. `full`: too many calls are
   * unanswered already, so R2 is not asked.
   */
  mode: "well" | "fails" | "hangs" | "missing" | "short" | "full" = "well";
  delay = 1;
  readonly asked: number[] = [];
  readonly #opened = Date.now();
  /** The seconds in which it was asked. */
  readonly seconds = new Set<number>();
  readonly #bytes: Bytes;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  async get(_: string, { range }: { range: { offset: number; length: number } }) {
    this.asked.push(range.offset);
    this.seconds.add(Math.round((Date.now() - this.#opened) / 1_000));
    const { mode } = this;
    if (mode === "full") throw new TooManyCalls(3);
    if (mode === "hangs") {
      await new Promise((resolve) => setTimeout(resolve, HANGS_MS));
      throw new Error("it hung");
    }
    await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (mode === "fails") throw new Error("R2 is down");
    if (mode === "missing") return null;
    const bytes = this.#bytes(range.offset, range.length - (mode === "short" ? 4 : 0));
    return { arrayBuffer: async () => bytes.buffer };
  }
}

/** Sound in which sample frame `n` is `n` itself: its low 16 bits left, the high ones right. */
const numbered: Bytes = (offset, length) => {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < length; at += 4) view.setUint32(at, (offset + at) / 4, true);
  return bytes;
};
/** A sine of 375 Hz at a tenth of full scale: 8 periods per access unit. */
const sine: Bytes = (offset, length) => {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < length; at += 4) {
    const value = Math.round(3_277 * Math.sin((2 * Math.PI * ((offset + at) / 4)) / 128));
    view.setInt16(at, value, true);
    view.setInt16(at + 2, value, true);
  }
  return bytes;
};

function open(frames: number, bucket: FakeBucket): KeptAudio {
  const own: OwnHold = { version: "v", frames, loopFrom: LOOP_FROM, loudness: -24, gainDb: 0, setAt: 0 };
  return kept(own, bucket as unknown as R2Bucket);
}

function kept(own: OwnHold, bucket: R2Bucket): KeptAudio {
  return new KeptAudio({ bucket, waitUntil: () => {} }, "show/hold/v.s16le", own, own.loopFrom);
}

/** Returns the numbers of the sample frames in an access unit of numbered sound. */
function framesOf(unit: Float32Array): number[] {
  return Array.from({ length: AU_SAMPLES }, (_, i) => {
    const [low, high] = [(unit[2 * i] as number) * 32_768, (unit[2 * i + 1] as number) * 32_768];
    return (low & 0xffff) + (high << 16);
  });
}

describe("a file in R2", () => {
  const CHUNK = 4 * SAMPLE_RATE;
  test.each([
    ["1 s", SAMPLE_RATE],
    ["one chunk", CHUNK],
    ["a chunk and one sample frame", CHUNK + 1],
    ["two chunks and one sample frame", 2 * CHUNK + 1],
    ["five chunks and 100 sample frames", 5 * CHUNK + 100],
    ["two chunks and half an access unit", 2 * CHUNK + AU_SAMPLES / 2],
    ["three chunks less one sample frame", 3 * CHUNK - 1],
    ["4.6 chunks", Math.round(18.4 * SAMPLE_RATE)],
  ])("of %s is heard sample by sample, over three rounds", async (_, frames) => {
    const bucket = new FakeBucket(numbered);
    const audio = open(frames, bucket);
    await vi.advanceTimersByTimeAsync(10);
    let at = 0;
    for (let n = 0; n * AU_SAMPLES < 3 * frames; n++) {
      audio.prepare(n);
      await vi.advanceTimersByTimeAsync(UNIT_MS);
      expect([n, audio.has(n, 2)]).toEqual([n, true]);
      for (const [i, frame] of framesOf(audio.unit(n)).entries()) {
        if (frame !== at) throw new Error(`${i} of unit ${n} is sample frame ${frame}, not ${at}`);
        at = at + 1 === frames ? LOOP_FROM : at + 1;
      }
    }
    // At most three chunks are held. Of a longer file all chunks but the first are read in each round, and the next one
    // ahead.
    const chunks = Math.ceil(frames / CHUNK);
    expect(bucket.asked.length).toBe(chunks <= 3 ? chunks : 1 + 3 * (chunks - 1) + 1);
    expect(warned).toEqual([]);
  });

  test("has the loudness that its settings say", async () => {
    const own: OwnHold = { version: "v", frames: 96_000, loopFrom: 0, loudness: -30, gainDb: 6, setAt: 0 };
    const bucket = new FakeBucket(sine) as unknown as R2Bucket;
    const audio = kept(own, bucket);
    audio.prepare(0);
    await vi.advanceTimersByTimeAsync(10);
    expect(Math.max(...audio.unit(0))).toBeCloseTo((3_277 / 32_768) * 10 ** (6 / 20), 5);
  });
});

/** What an access unit contains: nothing, the producer's sine, the built-in, or a fade in or between them. */
type Heard = "none" | "own" | "built-in" | "fading";

/**
 * A show's hold audio, played access unit by access unit on the fake clock; the producer's own is 200 s of the sine.
 */
class Playing {
  readonly #line = new HoldLine(null, samples(0));
  readonly #pcm: Float32Array[] = [];
  readonly heard: Heard[] = [];

  constructor(bucket: FakeBucket) {
    this.#line.play(open(200 * SAMPLE_RATE, bucket));
  }

  /** Plays on for `seconds`; returns what was heard, without repeats. */
  async on(seconds: number): Promise<Heard[]> {
    const before = this.heard.length;
    for (const until = Date.now() + 1_000 * seconds; Date.now() < until; ) {
      const at = samples(this.heard.length * AU_SAMPLES);
      const pcm = this.#line.pull(at, "on", Number.POSITIVE_INFINITY);
      this.heard.push(this.#whichOf(pcm, at));
      this.#pcm.push(pcm ?? new Float32Array(2 * AU_SAMPLES));
      await vi.advanceTimersByTimeAsync(UNIT_MS);
    }
    const heard = this.heard.slice(before);
    return heard.filter((which, n) => which !== heard[n - 1]);
  }

  /** The largest step from a sample to the next so far. */
  get step(): number {
    let [largest, last] = [0, 0];
    for (const unit of this.#pcm)
      for (let i = 0; i < unit.length; i += 2) {
        largest = Math.max(largest, Math.abs((unit[i] as number) - last));
        last = unit[i] as number;
      }
    return largest;
  }

  #whichOf(pcm: Float32Array | null, at: number): Heard {
    if (pcm === null) return "none";
    const builtIn = holdUnit((at - (this.#line.state?.from ?? 0)) / AU_SAMPLES);
    if (pcm.every((value, i) => value === builtIn[i])) return "built-in";
    return pcm.every((value, i) => value === SINE[i]) ? "own" : "fading";
  }
}

const SINE = decodeS16(sine(0, 4 * AU_SAMPLES));
/** The threshold for a click: the built-in's own largest step is 0.012, the sine's 0.005. */
const NO_CLICK = 0.02;

describe("where R2", () => {
  test("has too many calls to answer, the next unit asks again: the file is heard without the built-in, and nothing is logged", async () => {
    const bucket = new FakeBucket(sine);
    const playing = new Playing(bucket);
    expect(await playing.on(3)).toEqual(["none", "fading", "own"]);
    for (let chunk = 0; chunk < 5; chunk++) {
      bucket.mode = "full";
      await playing.on(1.5);
      bucket.mode = "well";
      await playing.on(2.5);
    }
    expect(playing.heard.slice(playing.heard.indexOf("own")).filter((which) => which !== "own")).toEqual([]);
    expect(warned).toEqual([]);
  });

  test("fails, the built-in plays, one warning is logged, and R2 is asked every 5 s until it is back", async () => {
    const bucket = new FakeBucket(sine);
    bucket.mode = "fails";
    const playing = new Playing(bucket);
    expect(await playing.on(12)).toEqual(["none", "fading", "built-in"]);
    // A read that has failed is not waited for.
    expect(playing.heard.lastIndexOf("none")).toBe(0);
    expect([...bucket.seconds]).toEqual([0, 5, 10]);
    expect(warned).toEqual([expect.stringMatching(/show\/hold\/v.s16le can not be read.*R2 is down/)]);
    bucket.mode = "well";
    expect(await playing.on(6)).toEqual(["built-in", "fading", "own"]);
    expect(warned.length).toBe(1);
    expect(playing.step).toBeLessThan(NO_CLICK);
  });

  test("fails in the middle, the read part is heard to its end, then the built-in, then the file again, without a click", async () => {
    const bucket = new FakeBucket(sine);
    const playing = new Playing(bucket);
    expect(await playing.on(10)).toEqual(["none", "fading", "own"]);
    for (const outage of [1, 2]) {
      bucket.mode = "fails";
      expect(await playing.on(30)).toEqual(["own", "fading", "built-in"]);
      bucket.mode = "well";
      expect(await playing.on(10)).toEqual(["built-in", "fading", "own"]);
      expect(warned.length).toBe(outage);
    }
    expect(playing.step).toBeLessThan(NO_CLICK);
  });

  test("hangs, it is waited for 1.5 s, and at most two reads are in flight until it ends them", async () => {
    const bucket = new FakeBucket(sine);
    bucket.mode = "hangs";
    const playing = new Playing(bucket);
    expect(await playing.on(58)).toEqual(["none", "fading", "built-in"]);
    expect(playing.heard.lastIndexOf("none") * UNIT_MS).toBeGreaterThan(1_450);
    expect(playing.heard.lastIndexOf("none") * UNIT_MS).toBeLessThan(1_500);
    expect([[...bucket.seconds], bucket.asked.length]).toEqual([[0], 2]);
    expect(warned).toEqual([expect.stringMatching(/no answer in 3000 ms/)]);
    bucket.mode = "well";
    expect(await playing.on(4)).toEqual(["built-in", "fading", "own"]);
    expect([[...bucket.seconds], warned.length]).toEqual([[0, 60, 62], 1]);
    expect(playing.step).toBeLessThan(NO_CLICK);
  });

  test("hangs, it is not asked while nobody wants hold audio", async () => {
    const bucket = new FakeBucket(sine);
    bucket.mode = "hangs";
    const line = new HoldLine(null, samples(0));
    line.play(open(8 * SAMPLE_RATE, bucket));
    for (const wish of ["as-is", "off"] as const)
      for (let n = 0; n < 100; n++) line.pull(samples(n * AU_SAMPLES), wish, Number.POSITIVE_INFINITY);
    expect(bucket.asked).toEqual([]);
  });

  test("is late by less than 1.5 s, the file is heard first; if by more, the built-in is", async () => {
    const bucket = new FakeBucket(sine);
    bucket.delay = 1_300;
    expect(await new Playing(bucket).on(3)).toEqual(["none", "fading", "own"]);
    bucket.delay = 2_500;
    const playing = new Playing(bucket);
    expect(await playing.on(5)).toEqual(["none", "fading", "built-in", "fading", "own"]);
    expect([warned, playing.step < NO_CLICK]).toEqual([[], true]);
  });

  test.each([
    ["missing", /it is not there/],
    ["short", /\d+ bytes of 768000/],
  ] as const)("has the file %s, the built-in plays", async (mode, why) => {
    const bucket = new FakeBucket(sine);
    bucket.mode = mode;
    expect(await new Playing(bucket).on(3)).toEqual(["none", "fading", "built-in"]);
    expect(warned).toEqual([expect.stringMatching(why)]);
  });
});
