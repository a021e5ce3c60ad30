import { describe, expect, test } from "vitest";
import { joinBytes } from "../../src/bytes.ts";
import { chunk, initSegment } from "../../src/hls/cmaf.ts";
import { accessUnitBytes } from "../../src/hls/moof.ts";
import { descriptionIn, type Layout, layOut, offsetsOf, sizesOf, type Totals } from "../../src/hls/movie.ts";
import { frame } from "../kit/show.ts";
import { at, readBoxes } from "../validator/boxes.ts";
import { find, read } from "./boxes.ts";

/** A recording's file, byte for byte and through an independent reader. It is laid out from real chunks. */

const INIT = initSegment(Uint8Array.from([0x11, 0x90, 0x56, 0xe5, 0x00]), { bitrate: 128_000 });
/** Segments of three, three and two access units. */
const SEGMENTS = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7],
].map((units) => units.map(frame));
const SIZES = SEGMENTS.flat().map(({ bytes }) => bytes.length);
const TOTALS: Totals = {
  units: 8,
  bytes: SIZES.reduce((sum, size) => sum + size, 0),
  chunks: 3,
  runs: [
    { first: 1, units: 3 },
    { first: 3, units: 2 },
  ],
  description: descriptionIn(INIT),
  title: "A show & Möwen",
};

/** The whole file of {@link SEGMENTS}. */
function file({ pieces, mediaAt, offsetBytes }: Layout): Uint8Array {
  const packed = Uint8Array.from(SIZES.flatMap((size) => [0, size]));
  const media = SEGMENTS.map((frames) => accessUnitBytes(chunk(1, frames, { segmentStart: true })));
  const offsets = offsetsOf(
    media.map(({ length }) => length),
    mediaAt,
    offsetBytes,
  );
  const filled = { sizes: sizesOf(packed), offsets, media: joinBytes(media) };
  return joinBytes(pieces.map((piece) => ("filling" in piece ? filled[piece.filling] : piece)));
}

describe("a recording's file", () => {
  const layout = layOut(TOTALS);
  const bytes = file(layout);

  test("has exactly these bytes", async () => {
    expect(bytes.length).toBe(layout.length);
    const hex = Buffer.from(bytes).toString("hex").replace(/.{32}/g, "$&\n").trimEnd();
    await expect(hex).toMatchFileSnapshot("golden/movie.hex");
  });

  test("gives an independent reader the access units of its segments, each at its stated place", () => {
    const boxes = read(bytes);
    expect(boxes.map(({ type }) => type)).toEqual(["ftyp", "moov", "mdat"]);
    expect(find(boxes, "ftyp")).toMatchObject({
      majorBrand: "M4A ",
      compatibleBrands: ["M4A ", "isom", "mp42"],
    });
    const duration = 8 * 1024;
    for (const type of ["mvhd", "tkhd", "mdhd"]) expect(find(boxes, type), type).toMatchObject({ duration });
    expect(find(boxes, "stts")).toMatchObject({ entries: [{ sampleCount: 8, sampleDelta: 1024 }] });
    expect(find(boxes, "mp4a")).toMatchObject({ channelcount: 2, samplerate: 48000 });
    expect(unitsOf(bytes)).toEqual(SEGMENTS.flat().map((each) => [...each.bytes]));
  });

  test("has its title where players look for it", () => {
    const text = Buffer.from(bytes);
    const at = text.indexOf(Buffer.from("a96e616d", "hex"));
    expect(text.subarray(at + 4 + 16, at + 4 + 16 + Buffer.byteLength(TOTALS.title)).toString()).toBe(
      TOTALS.title,
    );
  });
});

test("24.8 hours and more have times of 64 bits, and 4 GiB and more have offsets and a size of 64 bits", () => {
  const day = layOut({ ...TOTALS, units: 4_194_304 });
  const [shorter] = [layOut({ ...TOTALS, units: 4_194_303 })];
  // Three fields in mvhd, three in mdhd and three in tkhd.
  expect(headLength(day) - headLength(shorter)).toBe(9 * 4);
  expect(find(read(head(day)), "mvhd")).toMatchObject({ duration: 4_294_967_296 });

  const narrow = layOut({ ...TOTALS, bytes: 0xffff_ffff - layOut({ ...TOTALS, bytes: 0 }).length });
  expect([narrow.length, narrow.offsetBytes]).toEqual([0xffff_ffff, 4]);
  const wide = layOut({ ...TOTALS, bytes: 2 ** 32 });
  expect([wide.offsetBytes, wide.length]).toEqual([8, 2 ** 32 + narrow.mediaAt + 8 + 3 * 4]);
  expect(find(read(head(wide)), "co64")).toBeDefined();
  expect([...offsetsOf([5, 7], 2 ** 32, 8)]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5]);
});

test("bytes that are no segment have no media, and bytes that are no init segment have no description", () => {
  expect(accessUnitBytes(INIT)).toHaveLength(0);
  expect(() => descriptionIn(chunk(1, [frame(0)], { segmentStart: true }))).toThrow("there is no moov box");
});

/** The bytes before the media, with zeros in place of the tables that are filled in later. */
function head({ pieces }: Layout): Uint8Array {
  return joinBytes(
    pieces.map((piece) =>
      "filling" in piece ? new Uint8Array(piece.filling === "media" ? 0 : piece.length) : piece,
    ),
  );
}

function headLength({ pieces }: Layout): number {
  return pieces.reduce((sum, piece) => sum + ("filling" in piece ? 0 : piece.length), 0);
}

/** The samples, read by the tables alone (ISO/IEC 14496-12 8.7). */
function unitsOf(bytes: Uint8Array): number[][] {
  const table = (type: string) => {
    const { body } = at(readBoxes(bytes), "moov", "trak", "mdia", "minf", "stbl", type);
    return Array.from({ length: body.byteLength / 4 }, (_, n) => body.getUint32(4 * n));
  };
  const [, , count = 0, ...sizes] = table("stsz");
  const [, entries = 0, ...offsets] = table("stco");
  const [, , ...runs] = table("stsc");
  expect([sizes.length, offsets.length]).toEqual([count, entries]);
  return offsets.flatMap((offset, index) => {
    let perChunk = 0;
    for (let run = 0; run < runs.length; run += 3)
      if ((runs[run] ?? 0) <= index + 1) perChunk = runs[run + 1] ?? 0;
    let end = offset;
    return sizes.splice(0, perChunk).map((size) => {
      end += size;
      return [...bytes.subarray(end - size, end)];
    });
  });
}
