import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildAac } from "../../build/aac.mjs";
import { openAac, SILENT_UNIT } from "../../src/audio/aac.ts";
import { Contexts } from "../../src/audio/contexts.ts";
import type { Encoder } from "../../src/audio/encoder.ts";
import { type Frame, type Samples, samples } from "../../src/media.ts";
import { bytesInUse } from "../kit/heap.ts";
import { uniforms } from "../kit/random.ts";

/** The encoder: frames that an independent decoder takes, silence, and shows that share one wasm instance. */

await buildAac();
const module = new WebAssembly.Module(readFileSync(new URL("../../dist/aac.wasm", import.meta.url)));
const names = JSON.parse(readFileSync(new URL("../../dist/aac.json", import.meta.url), "utf8"));
const START = samples(86_400 * 48_000 + 7);

const contexts = new Contexts(module, names);
const open = (at: Samples = START) => openAac(contexts, { bitrate: 128_000, at });

function encode(data: Float32Array, at: Samples = START): Frame[] {
  const encoder = open(at);
  return [...encoder.push({ at, data }), ...encoder.flush()];
}

function tone(frames: number, amplitude = 0.5): Float32Array {
  return Float32Array.from({ length: 2 * frames }, (_, i) => amplitude * Math.sin((i >> 1) * 0.0576));
}

/** Syllables of filtered noise and a voice-like tone, with pauses of digital silence. */
function speech(frames: number): Float32Array {
  const uniform = uniforms(3);
  const pcm = new Float32Array(2 * frames);
  let noise = 0;
  for (let i = 0; i < frames; i++) {
    noise = 0.95 * noise + 0.05 * (2 * uniform() - 1);
    const syllable = Math.max(0, Math.sin((2 * Math.PI * 3 * i) / 48_000));
    pcm[2 * i] = syllable * (0.3 * Math.sin(i * 0.0288) + 1.5 * noise);
    pcm[2 * i + 1] = 0.8 * (pcm[2 * i] as number);
  }
  return pcm;
}

const isSilent = (frame: Frame) => Buffer.compare(frame.bytes, SILENT_UNIT) === 0;

test("the configuration is AAC-LC, 48 kHz, stereo", () => {
  const [first = 0, second = 0] = open().config;
  const bits = (first << 8) | second;
  // ISO/IEC 14496-3 table 1.15: audioObjectType 5 bits, samplingFrequencyIndex 4, channelConfiguration 4.
  expect([bits >> 11, (bits >> 7) & 15, (bits >> 3) & 15]).toEqual([2, 3, 2]);
  expect(Buffer.from(open().config).toString("hex")).toBe("119056e500");
});

describe("frames", () => {
  test.each([1, 1_023, 1_024, 1_025, 10 * 1_024, 48_000])(
    "%d samples become ceil(n / 1024) frames, counted from the first sample",
    (count) => {
      const frames = encode(tone(count));
      expect(frames.map((frame) => frame.at)).toEqual(
        Array.from({ length: Math.ceil(count / 1_024) }, (_, n) => START + n * 1_024),
      );
    },
  );

  test("the last frame is padded with silence", () => {
    const padded = new Float32Array(2 * 3 * 1_024);
    padded.set(tone(2_500));
    expect(encode(tone(2_500))).toEqual(encode(padded));
  });

  test("without input there is no frame", () => {
    expect(open().flush()).toEqual([]);
  });

  test("come two access units after their input at the latest", () => {
    const encoder = open();
    let given = 0;
    for (let n = 0; n < 50; n++) {
      given += encoder.push({ at: samples(START + n * 1_024), data: tone(1_024) }).length;
      expect(n + 1 - given).toBeLessThanOrEqual(2);
    }
  });

  test("any size of pushes gives the same bytes as one push", () => {
    const pcm = speech(30_000);
    const whole = encode(pcm);
    const size = fc.oneof(fc.constantFrom(1, 1_023, 1_024, 1_025), fc.integer({ min: 1, max: 9_000 }));
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 20 }), (sizes) => {
        const encoder = open();
        const frames = encoder.push({ at: START, data: new Float32Array(0) });
        for (let at = 0, n = 0; at < 30_000; n++) {
          const end = Math.min(30_000, at + Math.max(200, sizes[n % sizes.length] as number));
          frames.push(...encoder.push({ at: samples(START + at), data: pcm.slice(2 * at, 2 * (at + 1)) }));
          frames.push(
            ...encoder.push({ at: samples(START + at + 1), data: pcm.slice(2 * (at + 1), 2 * end) }),
          );
          at = end;
        }
        frames.push(...encoder.flush());
        expect(frames).toEqual(whole);
      }),
      { numRuns: 15, seed: 11 },
    );
  });

  test("the caller may reuse its buffer at once", () => {
    const pcm = speech(4_096);
    const encoder = open();
    const frames: Frame[] = [];
    const buffer = new Float32Array(2 * 512);
    for (let at = 0; at < 4_096; at += 512) {
      buffer.set(pcm.subarray(2 * at, 2 * (at + 512)));
      frames.push(...encoder.push({ at: samples(START + at), data: buffer }));
      buffer.fill(9);
    }
    expect([...frames, ...encoder.flush()]).toEqual(encode(pcm));
  });
});

describe("misuse", () => {
  test("a gap, a repetition and a push after the end are errors", () => {
    const encoder = open();
    encoder.push({ at: START, data: tone(100) });
    expect(() => encoder.push({ at: samples(START + 101), data: tone(1) })).toThrow(RangeError);
    expect(() => encoder.push({ at: START, data: tone(1) })).toThrow(RangeError);
    encoder.flush();
    expect(encoder.flush()).toEqual([]);
    expect(() => encoder.push({ at: samples(START + 100), data: tone(1) })).toThrow(/flushed/);
  });

  test("settings that the encoder refuses are an error", () => {
    expect(() => openAac(contexts, { bitrate: -1, at: START })).toThrow(/-1 bit/);
  });

  test("a wasm module that imports or exports other names is an error", () => {
    const strange = { ...names, imports: { ...names.imports, sched_yield: "zz" } };
    expect(() => openAac(new Contexts(module, strange), { bitrate: 128_000, at: START })).toThrow(
      /sched_yield/,
    );
    const { send_frame: _, ...exports } = names.exports;
    expect(() =>
      openAac(new Contexts(module, { ...names, exports }), { bitrate: 128_000, at: START }).push({
        at: START,
        data: tone(1_024),
      }),
    ).toThrow(/send_frame/);
  });

  test("a sample that is NaN is taken as silence, and one beyond full scale as full scale", () => {
    const pcm = tone(20 * 1_024);
    const poisoned = pcm.slice();
    const mended = pcm.slice();
    for (let i = 5_000; i < 5_100; i++) {
      poisoned[i] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30][i % 4] as number;
      mended[i] = [0, 1, -1, 1][i % 4] as number;
    }
    expect(encode(poisoned)).toEqual(encode(mended));
  });
});

describe("silence", () => {
  test("is one constant access unit", () => {
    const frames = encode(new Float32Array(2 * 48_000));
    expect(frames).toHaveLength(47);
    expect(frames.every(isSilent)).toBe(true);
  });

  test("is the same unit between speech, as soon as the encoder's window is silent", () => {
    const pcm = speech(3 * 48_000);
    pcm.fill(0, 2 * 48_000, 2 * 2 * 48_000);
    const frames = encode(pcm);
    const inside = frames.slice(Math.ceil(48_000 / 1_024) + 2, Math.floor((2 * 48_000) / 1_024) - 2);
    expect(inside.every(isSilent)).toBe(true);
    expect(frames.slice(0, 5).some(isSilent)).toBe(false);
    expect(frames.slice(-20, -10).some((frame) => !isSilent(frame))).toBe(true);
  });
});

test("two encoders are independent: the same input gives the same bytes, interleaved with another's or not", () => {
  const pcm = speech(20_000);
  const a = open();
  const b = open();
  const frames: Frame[] = [];
  for (let at = 0; at < 20_000; at += 1_000) {
    const place = samples(START + at);
    frames.push(...a.push({ at: place, data: pcm.slice(2 * at, 2 * (at + 1_000)) }));
    b.push({ at: place, data: tone(1_000, 0.9) });
  }
  expect([...frames, ...a.flush()]).toEqual(encode(pcm));
});

describe("silence is not encoded", () => {
  test("and gives the same frames whether pushed at once, unit by unit, or in pieces", () => {
    const talk = speech(20_480);
    const run = (silence: (encoder: Encoder, at: number) => Frame[]) => {
      const encoder = open();
      const frames = encoder.push({ at: START, data: talk });
      const quiet = silence(encoder, START + 20_480);
      const back = encoder.push({ at: samples(START + 20_480 + 100 * 1_024), data: talk });
      return { frames: [...frames, ...quiet, ...back, ...encoder.flush()], quiet };
    };
    const atOnce = run((encoder) => encoder.pushSilence(100));
    const inPieces = run((encoder, at) => {
      const frames: Frame[] = [];
      for (let done = 0; done < 102_400; done += 800) {
        frames.push(...encoder.push({ at: samples(at + done), data: new Float32Array(1_600) }));
      }
      return frames;
    });
    expect(atOnce.frames).toEqual(inPieces.frames);
    expect(atOnce.frames.map(({ at }) => at)).toEqual(
      Array.from({ length: 140 }, (_, n) => START + n * 1_024),
    );
    // The last two frames of the sound before it, and all but the last two of the silence.
    expect(atOnce.quiet).toHaveLength(100);
    // The first packet after the sound may still have the window that ends a run of short ones.
    expect(atOnce.quiet.slice(3).every(isSilent)).toBe(true);
  });

  test("and may not begin in the middle of an access unit", () => {
    const encoder = open();
    encoder.push({ at: START, data: tone(1_000) });
    expect(() => encoder.pushSilence(1)).toThrow(RangeError);
  });

  test("so that a silent hour costs less than 100 ms", () => {
    const encoder = open();
    const before = performance.now();
    expect(encoder.pushSilence(168_750)).toHaveLength(168_748);
    expect(performance.now() - before).toBeLessThan(100);
  });

  test("and around it the packets are those of an encoder that never stops, up to its rate control", () => {
    const units = Array.from({ length: 120 }, () => new Float32Array(2_048));
    for (const [from, to] of [
      [0, 20],
      [40, 60],
      [100, 110],
    ] as const) {
      const talk = speech((to - from) * 1_024);
      for (let n = from; n < to; n++) units[n] = talk.slice(2_048 * (n - from), 2_048 * (n + 1 - from));
    }
    const context = contexts.open(128_000);
    const continuous = [...units.flatMap((unit) => context.encode(unit)), ...context.flush()].slice(1);
    const encoder = open();
    const skipping = units.flatMap((data, n) => encoder.push({ at: samples(START + n * 1_024), data }));
    skipping.push(...encoder.flush());
    // The packet's first bytes hold its window (ISO/IEC 14496-3 table 4.6): a start window is announced during the silence
    // already.
    const windows = (packets: Uint8Array[]) =>
      packets.map((bytes) => [bytes.length === SILENT_UNIT.length, ((bytes[1] ?? 0) >> 5) & 3]);
    expect(windows(skipping.map(({ bytes }) => bytes))).toEqual(windows(continuous));
    expect(skipping.slice(0, 15).map(({ bytes }) => bytes)).toEqual(continuous.slice(0, 15));
  });
});

describe("the encoders' memory", () => {
  /** Contexts whose wasm memory can be inspected, and which can be made to trap. */
  function watched() {
    const { Instance } = WebAssembly;
    const instances: { memory: WebAssembly.Memory; traps: boolean }[] = [];
    WebAssembly.Instance = class {
      readonly exports: WebAssembly.Exports;
      constructor(...settings: ConstructorParameters<typeof Instance>) {
        const { exports } = new Instance(...settings);
        const state = { memory: exports[names.memory] as WebAssembly.Memory, traps: false };
        instances.push(state);
        const send = exports[names.exports.send_frame] as (...args: unknown[]) => unknown;
        const sendOrTrap = (...args: unknown[]) => {
          if (state.traps) throw new WebAssembly.RuntimeError("unreachable");
          return send(...args);
        };
        this.exports = { ...exports, [names.exports.send_frame]: sendOrTrap };
      }
    };
    const own = new Contexts(module, names);
    const openOwn = () => openAac(own, { bitrate: 128_000, at: START });
    // The instance is made with the first encoder.
    openOwn().close();
    return {
      instances,
      open: openOwn,
      bytes: () => instances.reduce((sum, { memory }) => sum + memory.buffer.byteLength, 0),
      done: () => {
        WebAssembly.Instance = Instance;
      },
    };
  }
  const MIB = 1_048_576;
  const talk = tone(4_096);

  test("24 encoders in use are 24 contexts of one instance, of less than 2 MiB each", () => {
    const { bytes, done, instances, open } = watched();
    done();
    const encoders = Array.from({ length: 24 }, open);
    const silent = bytes();
    for (const encoder of encoders) encoder.push({ at: START, data: talk });
    const busy = bytes();
    expect(instances).toHaveLength(1);
    expect(silent / MIB).toBeLessThan(18);
    expect(busy / MIB / 24).toBeLessThan(1);
    for (const encoder of encoders) encoder.close();
  });

  test("500 encoders that were opened and closed, flushed or left silent leave no memory behind", () => {
    const { bytes, done, open } = watched();
    done();
    const before = bytes();
    for (let n = 0; n < 500; n++) {
      const encoder = open();
      encoder.push({ at: START, data: talk });
      if (n % 3 === 0) encoder.close();
      else if (n % 3 === 1) encoder.flush();
      else encoder.pushSilence(10);
    }
    expect(bytes()).toBe(before);
  });

  test("300 encoders that were never closed give their memory back once they are garbage-collected", async () => {
    const { bytes, done, open } = watched();
    done();
    for (let n = 0; n < 30; n++) {
      for (let k = 0; k < 10; k++) open().push({ at: START, data: talk });
      await bytesInUse();
    }
    // All 300 at once would take 240 MiB, and there can be 64 contexts at most.
    expect(bytes() / MIB).toBeLessThan(34);
  });

  test("after a trap every encoder of the instance fails, none silently, and the next encoders get a new instance", () => {
    const { done, instances, open } = watched();
    const [first, second] = [open(), open()];
    for (const encoder of [first, second]) encoder.push({ at: START, data: talk });
    const trapping = instances[0] as { traps: boolean };
    trapping.traps = true;
    const next = samples(START + 4_096);
    expect(() => first.push({ at: next, data: talk })).toThrow(/unreachable/);
    trapping.traps = false;
    expect(() => second.push({ at: next, data: talk })).toThrow(/has failed/);
    expect(() => first.flush()).toThrow(/has failed/);
    const fresh = open();
    done();
    expect(instances).toHaveLength(2);
    expect([...fresh.push({ at: START, data: talk }), ...fresh.flush()]).toEqual(encode(talk));
    for (const encoder of [first, second]) encoder.close();
  });

  test("neither the wasm's memory nor JavaScript's grows over a long run", () => {
    const { bytes, done, open } = watched();
    done();
    const encoder = open();
    const pcm = speech(4_800);
    let at: number = START;
    const run = (pushes: number) => {
      for (let n = 0; n < pushes; n++, at += 4_800) encoder.push({ at: samples(at), data: pcm });
      return { wasm: bytes(), ours: process.memoryUsage().arrayBuffers };
    };
    const before = run(50);
    const after = run(600);
    expect(before.wasm).toBeGreaterThan(1_000_000);
    expect(after.wasm).toBe(before.wasm);
    expect(after.ours - before.ours).toBeLessThan(4_000_000);
  });
});
