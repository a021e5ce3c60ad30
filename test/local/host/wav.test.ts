import { describe, expect, test } from "vitest";
import { readWav, WavLoop } from "../../../local/host/wav.ts";
import { followTone } from "../../kit/tone.ts";

/** WAV files of every usual format, resampled and looped. */

interface Format {
  readonly tag: number;
  readonly bits: number;
  readonly channels: number;
  readonly rate: number;
  readonly extensible?: boolean;
}

/** A WAV file of one second: `hertz` on the left, and an octave above it on the right. */
function makeWav({ tag, bits, channels, rate, extensible }: Format, hertz = 500, size?: number): Uint8Array {
  const width = bits / 8;
  const format = Buffer.alloc(extensible ? 40 : 16);
  format.writeUInt16LE(extensible ? 0xfffe : tag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(rate, 4);
  format.writeUInt32LE(rate * channels * width, 8);
  format.writeUInt16LE(channels * width, 12);
  format.writeUInt16LE(bits, 14);
  if (extensible) {
    format.writeUInt16LE(22, 16);
    format.writeUInt16LE(tag, 24);
  }
  const data = Buffer.alloc(rate * channels * width);
  for (let i = 0; i < rate; i++) {
    for (let channel = 0; channel < channels; channel++) {
      const value = 0.5 * Math.sin((2 * Math.PI * hertz * (channel + 1) * i) / rate);
      const at = (i * channels + channel) * width;
      if (tag === 3) data.writeFloatLE(value, at);
      else if (bits === 8) data.writeUInt8(Math.round(value * 127) + 128, at);
      else data.writeIntLE(Math.round(value * (2 ** (bits - 1) - 1)), at, width);
    }
  }
  const chunk = (name: string, body: Buffer, length = body.length) => {
    const head = Buffer.alloc(8);
    head.write(name, 0);
    head.writeUInt32LE(length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  };
  const body = Buffer.concat([
    Buffer.from("WAVE"),
    chunk("fmt ", format),
    chunk("LIST", Buffer.from("odd")),
    chunk("data", data, size),
  ]);
  return chunk("RIFF", body);
}

const PLAIN: Format = { tag: 1, bits: 16, channels: 2, rate: 48_000 };

describe("a WAV file plays at 48 kHz stereo in a loop", () => {
  test.each([
    ["8 bit", { ...PLAIN, bits: 8 }],
    ["16 bit", PLAIN],
    ["24 bit", { ...PLAIN, bits: 24 }],
    ["32 bit", { ...PLAIN, bits: 32 }],
    ["32 bit float", { ...PLAIN, tag: 3, bits: 32 }],
    ["extensible 24 bit", { ...PLAIN, bits: 24, extensible: true }],
    ["mono", { ...PLAIN, channels: 1 }],
    ["44.1 kHz", { ...PLAIN, rate: 44_100 }],
    ["8 kHz mono", { ...PLAIN, rate: 8_000, channels: 1 }],
    ["96 kHz", { ...PLAIN, rate: 96_000 }],
    ["11025 Hz", { ...PLAIN, rate: 11_025 }],
  ])("%s", (_, format) => {
    const loop = new WavLoop(readWav(makeWav(format)));
    const pcm = new Int16Array(2 * 120_000);
    for (let at = 0; at < 120_000; at += 960) pcm.set(loop.read(960), 2 * at);
    // Two and a half rounds without a step: the seam is as smooth as the file.
    const left = followTone(pcm, 0, 500, 1);
    const right = followTone(pcm, 1, format.channels === 1 ? 500 : 1_000, 1);
    for (const tone of [left, right]) {
      expect(tone).toMatchObject({ silent: 0, jumps: 0 });
      expect(Math.abs(tone.amplitude / 16_384 - 1)).toBeLessThan(0.02);
    }
  });

  test("16 bit at 48 kHz passes unchanged", () => {
    const bytes = makeWav(PLAIN);
    const data = bytes.subarray(bytes.length - 48_000 * 4);
    const read = new WavLoop(readWav(bytes)).read(48_000);
    expect(Buffer.from(read.buffer).equals(Buffer.from(data))).toBe(true);
  });

  test("frequencies above half the new rate are not aliased", () => {
    const loop = new WavLoop(readWav(makeWav({ ...PLAIN, rate: 96_000, channels: 1 }, 30_000)));
    const pcm = loop.read(48_000);
    expect(pcm.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeLessThan(30);
  });

  test.each([0, 0xffffffff])("a data size of %i means the rest of the file", (size) => {
    expect(readWav(makeWav(PLAIN, 500, size)).length).toBe(48_000);
  });
});

describe("another file is refused with one sentence", () => {
  const patched = (at: number, value: number) => {
    const bytes = makeWav(PLAIN);
    new DataView(bytes.buffer, bytes.byteOffset).setUint16(at, value, true);
    return bytes;
  };
  test.each([
    ["text", Buffer.from("{}"), "It is not a WAV file."],
    ["a header alone", Buffer.from("RIFF\0\0\0\0WAVE"), "The WAV file does not say what format it has."],
    ["no data", makeWav(PLAIN).subarray(0, 50), "The WAV file holds no sound."],
    [
      "A-law",
      patched(20, 6),
      "The WAV file holds 16-bit samples of format 6; PCM of 8 to 32 bits or 32-bit float can be read.",
    ],
    [
      "12 bit",
      patched(34, 12),
      "The WAV file holds 12-bit samples of format 1; PCM of 8 to 32 bits or 32-bit float can be read.",
    ],
    ["5.1", patched(22, 6), "The WAV file has 6 channels; 1 or 2 can be read."],
    [
      "no rate",
      (() => {
        const b = patched(24, 0);
        b[26] = 0;
        return b;
      })(),
      "The WAV file's sample rate, 0 Hz, cannot be read.",
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => readWav(bytes)).toThrow(new Error(message));
  });
});
