import { describe, expect, test } from "vitest";
import { chunk, initSegment } from "../../src/hls/cmaf.ts";
import { PROFILES, samples } from "../../src/media.ts";
import { frame, show } from "../kit/show.ts";
import { find, read } from "./boxes.ts";

/** The CMAF boxes: their bytes, and what an independent reader finds in them. */

/** The AudioSpecificConfig that the encoder gives for 48 kHz stereo AAC-LC. */
const CONFIG = Uint8Array.from([0x11, 0x90, 0x56, 0xe5, 0x00]);
const INIT = initSegment(CONFIG, { bitrate: 128_000 });
const FRAMES = [0, 1, 2].map((unit) => frame(unit + 4_200_000_000_000));

describe("golden bytes", () => {
  test("init segment", async () => {
    await expect(hex(INIT)).toMatchFileSnapshot("golden/init.hex");
  });
  test("first chunk of a segment", async () => {
    await expect(hex(chunk(1, FRAMES, { segmentStart: true }))).toMatchFileSnapshot("golden/chunk-first.hex");
  });
  test("later chunk of a segment", async () => {
    await expect(hex(chunk(2, FRAMES, { segmentStart: false }))).toMatchFileSnapshot(
      "golden/chunk-later.hex",
    );
  });
});

describe("an independent reader", () => {
  test("finds the track in the init segment", () => {
    const boxes = read(INIT);
    expect(boxes.map(({ type }) => type)).toEqual(["ftyp", "moov"]);
    expect(find(boxes, "ftyp")).toMatchObject({
      majorBrand: "iso6",
      compatibleBrands: ["iso6", "cmfc", "mp42"],
    });
    expect(find(boxes, "mvhd")).toMatchObject({
      timescale: 48000,
      duration: 0,
      rate: 1,
      volume: 1,
      nextTrackId: 2,
    });
    expect(find(boxes, "tkhd")).toMatchObject({ trackId: 1, duration: 0, flags: 7 });
    expect(find(boxes, "mdhd")).toMatchObject({ timescale: 48000, duration: 0, language: "und" });
    expect(find(boxes, "hdlr")).toMatchObject({ handlerType: "soun" });
    expect(find(boxes, "stsd")).toMatchObject({ entryCount: 1 });
    expect(find(boxes, "trex")).toMatchObject({ trackId: 1, defaultSampleDescriptionIndex: 1 });
    const entry = find(boxes, "mp4a");
    expect(entry).toMatchObject({ channelcount: 2, samplesize: 16, samplerate: 48000 });
    expect(() => find(boxes, "elst")).toThrow();
    const descriptor = Buffer.from([0x05, CONFIG.length, ...CONFIG]);
    expect(Buffer.from(INIT).includes(descriptor)).toBe(true);
  });

  test("finds the samples in a chunk", () => {
    for (const segmentStart of [true, false]) {
      const bytes = chunk(77, FRAMES, { segmentStart });
      const boxes = read(bytes);
      expect(boxes.map(({ type }) => type)).toEqual([...(segmentStart ? ["styp"] : []), "moof", "mdat"]);
      expect(find(boxes, "mfhd")).toMatchObject({ sequenceNumber: 77 });
      expect(find(boxes, "tfhd")).toMatchObject({ trackId: 1, flags: 0x020028, defaultSampleDuration: 1024 });
      expect(find(boxes, "tfdt")).toMatchObject({
        version: 1,
        baseMediaDecodeTime: 4_200_000_000_000 * 1024,
      });
      const run = find(boxes, "trun") as unknown as { dataOffset: number; samples: { sampleSize: number }[] };
      expect(run.samples.map(({ sampleSize }) => sampleSize)).toEqual(
        FRAMES.map(({ bytes }) => bytes.length),
      );
      // The offset counts from the moof's first byte. There the first frame lies, and the others follow up to the end.
      let offset = run.dataOffset + (segmentStart ? 32 : 0);
      for (const { bytes: sound } of FRAMES) {
        expect([...bytes.subarray(offset, offset + sound.length)]).toEqual([...sound]);
        offset += sound.length;
      }
      expect(offset).toBe(bytes.length);
    }
  });
});

test("a show's parts have the decode times of their frames, and rising sequence numbers", () => {
  const parts = show(PROFILES.balanced, 5 * 90 + 31).cuts.map(({ part }) => part);
  const read1 = parts.map((part) => {
    const boxes = read(part.bytes);
    return [
      find(boxes, "tfdt").baseMediaDecodeTime,
      find(boxes, "mfhd").sequenceNumber,
      boxes[0]?.type === "styp",
    ];
  });
  expect(read1).toEqual(parts.map((part, n) => [n * 30 * 1024, 3001 + n, part.index === 0]));
});

test("a sequence number beyond 32 bits is reduced and does not corrupt the box", () => {
  const boxes = read(chunk(2 ** 32 + 5, FRAMES, { segmentStart: false }));
  expect(find(boxes, "mfhd")).toMatchObject({ sequenceNumber: 5 });
});

describe("misuse throws", () => {
  test("no frames, a gap, an overlap, a time before zero", () => {
    const options = { segmentStart: false };
    expect(() => chunk(1, [], options)).toThrow(/needs a frame/);
    expect(() => chunk(1, [frame(0), frame(2)], options)).toThrow(/expected at 1024/);
    expect(() => chunk(1, [frame(1), frame(1)], options)).toThrow(/expected at 2048/);
    expect(() => chunk(1, [{ ...frame(0), at: samples(-1024) }], options)).toThrow(/no decode time/);
  });
  test("a config that is too long for its descriptor", () => {
    expect(() => initSegment(new Uint8Array(120), { bitrate: 1 })).toThrow(/too long/);
  });
});

/** Hexadecimal, sixteen bytes a line, as the golden files have it. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").replace(/.{32}/g, "$&\n").trimEnd();
}
