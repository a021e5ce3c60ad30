import { describe, expect, test } from "vitest";
import { type WavFault, WavReader } from "../../src/audio/wav.ts";
import { uniforms } from "../kit/random.ts";
import { type WavShape, wavOf } from "../kit/wav.ts";

/** Reading WAV files: the samples are exact, wherever the bytes are split on their way. */

/** A sound whose samples all differ, and so do its bytes. */
const sound = (seconds: number, channel: number) => Math.sin(7_000 * seconds * (1 + channel)) * 0.9;

/** A RIFF chunk, padded to an even length. */
function riffChunk(name: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8, name);
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** `file` with the chunks `before` between its format and its sound, and the chunks `after` at its end. */
function surrounded(file: Buffer, before: readonly Buffer[], after: readonly Buffer[] = []): Buffer {
  return Buffer.concat([file.subarray(0, 36), ...before, file.subarray(36), ...after]);
}

/** The result of reading a file that comes in these pieces. */
function read(pieces: readonly Uint8Array[]): { pcm: Float32Array; fault: WavFault | null } {
  const reader = new WavReader(600);
  const made: Float32Array[] = [];
  for (const piece of pieces) {
    // As in a request's body: a Buffer's slices are views of it.
    const read = reader.push(new Uint8Array(piece));
    if (read.kind === "fault") return { pcm: joined(made), fault: read };
    made.push(read.pcm);
  }
  return { pcm: joined(made), fault: reader.finish() };
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const piece of pieces) {
    all.set(piece, filled);
    filled += piece.length;
  }
  return all;
}

/** Splits `file` into pieces of the lengths that `next` returns; some of them may be 0. */
function split(file: Uint8Array, next: () => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = next();
    pieces.push(file.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** Whether two readers gave the same samples, bit for bit, and the same fault. */
function isSame(one: ReturnType<typeof read>, other: ReturnType<typeof read>): boolean {
  const [a, b] = [one, other].map(({ pcm }) => Buffer.from(pcm.buffer)) as [Buffer, Buffer];
  return one.fault?.why === other.fault?.why && a.equals(b);
}

const SHAPES: readonly WavShape[] = [
  { rate: 44_100, channels: 1, bits: 16, seconds: 1 },
  { rate: 48_000, channels: 2, bits: 16, seconds: 1 },
  { rate: 48_000, channels: 1, bits: 24, seconds: 1 },
  { rate: 44_100, channels: 2, bits: 24, seconds: 1 },
  { rate: 48_000, channels: 1, bits: 32, tag: 3, seconds: 1 },
  { rate: 48_000, channels: 2, bits: 32, tag: 3, seconds: 1 },
];

describe.each(SHAPES)("$channels channel(s) of $bits bits at $rate Hz", (shape) => {
  const { rate, channels, bits, tag } = shape;
  const file = wavOf(shape, sound);

  test("its samples are those of the file, as interleaved stereo", () => {
    const { pcm, fault } = read([file]);
    expect([fault, pcm.length]).toEqual([null, 2 * rate]);
    // Samples in the file are whole steps; full scale, 2^(bits - 1), is one step more than the largest sample.
    const steps = 2 ** (bits - 1);
    for (let i = 0; i < pcm.length; i++) {
      const exact = sound((i >> 1) / rate, channels === 2 ? i % 2 : 0);
      const wanted = tag === 3 ? Math.fround(exact) : Math.round(exact * (steps - 1)) / steps;
      if (pcm[i] !== Math.fround(wanted)) throw new Error(`sample ${i} is ${pcm[i]}, not ${wanted}`);
    }
  });

  test("gives the same samples wherever it is split", () => {
    const around = surrounded(
      file,
      [riffChunk("LIST", Buffer.alloc(7, "x")), riffChunk("junk", Buffer.alloc(0))],
      [riffChunk("cue ", Buffer.alloc(9, 0xff))],
    );
    const whole = read([around]);
    expect(isSame(whole, read([file]))).toBe(true);
    // In two pieces, split at each byte of the headers and of the first and last sample frames.
    const places = [...Array(110).keys(), ...Array.from({ length: 40 }, (_, n) => around.length - n)];
    const another = places.filter(
      (at) => !isSame(read([around.subarray(0, at), around.subarray(at)]), whole),
    );
    expect(another).toEqual([]);
    const uniform = uniforms(bits + channels);
    const lengths = [1, 2, 3, 5, 7, 4_097].map((length) => () => length);
    for (const next of [...lengths, () => Math.floor(uniform() ** 4 * 5_000)])
      expect(isSame(read(split(around, next)), whole)).toBe(true);
  });
});

describe("a WAV file", () => {
  const shape: WavShape = { rate: 48_000, channels: 2, bits: 16, seconds: 1 };
  const file = wavOf(shape, sound);

  test("of WAVE_FORMAT_EXTENSIBLE is read by its sub-format", () => {
    const format = Buffer.alloc(40);
    file.copy(format, 0, 20, 36);
    format.writeUInt16LE(0xfffe, 0);
    format.writeUInt16LE(22, 16);
    format.writeUInt16LE(1, 24);
    const extensible = Buffer.concat([file.subarray(0, 12), riffChunk("fmt ", format), file.subarray(36)]);
    expect(isSame(read([extensible]), read([file]))).toBe(true);
    format.writeUInt16LE(7, 24);
    const other = Buffer.concat([file.subarray(0, 12), riffChunk("fmt ", format), file.subarray(36)]);
    expect(read([other]).fault?.why).toMatch(/WAV format 7/);
  });

  test("may have 4 MiB of other chunks before its sound, even byte by byte, and no more", () => {
    const format = Buffer.alloc(1_024);
    file.copy(format, 0, 20, 36);
    const most = 4 * 1024 * 1024 - 12 - format.length;
    const of = (bytes: number) =>
      Buffer.concat([
        file.subarray(0, 12),
        riffChunk("fmt ", format),
        riffChunk("pict", Buffer.alloc(bytes)),
        file.subarray(36),
      ]);
    const whole = of(most);
    const bytewise = split(whole.subarray(0, 2_000), () => 1);
    expect(read([...bytewise, whole.subarray(2_000)]).fault).toBeNull();
    expect(read([of(most + 1)]).fault?.why).toMatch(/More than 4 MiB/);
  });

  test("of floats is silent where a sample is NaN, and clipped at full scale", () => {
    const floats = wavOf({ ...shape, bits: 32, tag: 3 }, (seconds) => seconds);
    floats.writeFloatLE(Number.NaN, 44);
    floats.writeFloatLE(Number.POSITIVE_INFINITY, 48);
    floats.writeFloatLE(-17, 52);
    expect([...read([floats]).pcm.subarray(0, 3)]).toEqual([0, 1, -1]);
  });

  test("that ends too early is refused with the number of missing bytes", () => {
    expect(read([file.subarray(0, file.length - 5)]).fault?.why).toMatch(/not whole: 8 bytes/);
    expect(read([file.subarray(0, 43)]).fault?.why).toMatch(/ends before its sound/);
    expect(read([]).fault?.why).toMatch(/ends before its sound/);
  });
});
