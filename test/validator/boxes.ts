/** A reader of ISO-BMFF boxes that shares no code with the writer. */

export interface Box {
  readonly type: string;
  /** Where the box starts in the file, bytes. */
  readonly offset: number;
  readonly size: number;
  readonly body: DataView;
  readonly children: readonly Box[];
}

const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl", "dinf", "mvex", "moof", "traf", "edts"]);

/** Returns the boxes of a file; throws where a box does not fit into it. */
export function readBoxes(bytes: Uint8Array, offset = 0, end = bytes.length): Box[] {
  const boxes: Box[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (offset < end) {
    const size = end - offset < 8 ? 0 : view.getUint32(offset);
    if (size < 8 || offset + size > end) throw new Error(`no box at byte ${offset}`);
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const body = new DataView(bytes.buffer, bytes.byteOffset + offset + 8, size - 8);
    const children = CONTAINERS.has(type) ? readBoxes(bytes, offset + 8, offset + size) : [];
    boxes.push({ type, offset, size, body, children });
    offset += size;
  }
  return boxes;
}

/** Returns the box at a path of types; throws where there is none. */
export function at(boxes: readonly Box[], ...path: readonly string[]): Box {
  const [type, ...rest] = path;
  const box = boxes.find((candidate) => candidate.type === type);
  if (box === undefined) throw new Error(`no ${type}`);
  return rest.length === 0 ? box : at(box.children, ...rest);
}

export interface Chunk {
  readonly styp: boolean;
  readonly sequence: number;
  readonly decodeTime: number;
  readonly samples: number;
}

/** Returns the chunks of a part or segment; throws for anything but [styp] (moof mdat)+ with one track's run. */
export function readChunks(bytes: Uint8Array): Chunk[] {
  const boxes = readBoxes(bytes);
  const chunks: Chunk[] = [];
  let styp = false;
  for (let index = 0; index < boxes.length; ) {
    const box = boxes[index];
    if (box?.type === "styp") {
      if (styp || index !== 0) throw new Error("styp inside");
      [styp, index] = [true, index + 1];
      continue;
    }
    const mdat = boxes[index + 1];
    if (box?.type !== "moof" || mdat?.type !== "mdat") throw new Error(`${box?.type} then ${mdat?.type}`);
    chunks.push({ styp: styp && chunks.length === 0, ...readFragment(box, mdat) });
    index += 2;
  }
  if (chunks.length === 0) throw new Error("no chunk");
  return chunks;
}

function readFragment(moof: Box, mdat: Box): Omit<Chunk, "styp"> {
  const traf = at([moof], "moof", "traf");
  const tfhd = at([traf], "traf", "tfhd").body;
  const tfdt = at([traf], "traf", "tfdt").body;
  const trun = at([traf], "traf", "trun").body;
  if (tfhd.getUint32(0) !== 0x020028)
    throw new Error("tfhd is not relative to its moof with durations and flags");
  if (tfhd.getUint32(8) !== 1024) throw new Error("an access unit is not 1024 samples");
  if ((tfhd.getUint32(12) & 0x03010000) !== 0x02000000) throw new Error("samples are not independent");
  if (tfdt.getUint8(0) !== 1) throw new Error("tfdt is not 64 bits");
  if (trun.getUint32(0) !== 0x000201) throw new Error("trun has not an offset and sizes");
  const count = trun.getUint32(4);
  const first = moof.offset + trun.getInt32(8);
  if (first !== mdat.offset + 8) throw new Error("trun's data offset misses mdat");
  let size = 0;
  for (let sample = 0; sample < count; sample += 1) size += trun.getUint32(12 + sample * 4);
  if (size !== mdat.size - 8) throw new Error("sample sizes do not sum to mdat");
  const decodeTime = Number(tfdt.getBigUint64(4));
  if (decodeTime >= 2 ** 53) throw new Error("decode time is negative or absurd");
  return { sequence: at([moof], "moof", "mfhd").body.getUint32(4), decodeTime, samples: count * 1024 };
}

/** Returns what is wrong with an init segment, if anything (draft section 3.1.2, hls reference 1.5). */
export function initFault(bytes: Uint8Array): string | undefined {
  try {
    const boxes = readBoxes(bytes);
    const text = (view: DataView, from: number) =>
      String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(from + index)));
    if (boxes.map(({ type }) => type).join() !== "ftyp,moov") return "is not ftyp and moov";
    const ftyp = at(boxes, "ftyp").body;
    const brands = Array.from({ length: (ftyp.byteLength - 8) / 4 }, (_, index) => text(ftyp, 8 + index * 4));
    if (text(ftyp, 0) !== "iso6" || !brands.includes("cmfc")) return "has the wrong brands";
    const trak = at(boxes, "moov", "trak");
    if (trak.children.some(({ type }) => type === "edts")) return "has an edit list";
    at(boxes, "moov", "mvex", "trex");
    if (at(boxes, "moov", "mvhd").body.getUint32(16) !== 0) return "has a movie duration";
    if (at([trak], "trak", "tkhd").body.getUint32(20) !== 0) return "has a track duration";
    const mdhd = at([trak], "trak", "mdia", "mdhd").body;
    if (mdhd.getUint32(12) !== 48000) return "has a timescale that is not 48000";
    if (mdhd.getUint32(16) !== 0) return "has a media duration";
    if (text(at([trak], "trak", "mdia", "hdlr").body, 8) !== "soun") return "is not sound";
    const stbl = at([trak], "trak", "mdia", "minf", "stbl");
    for (const table of ["stts", "stsc", "stco"]) {
      if (at([stbl], "stbl", table).body.getUint32(4) !== 0) return `has samples in ${table}`;
    }
    const stsd = at([stbl], "stbl", "stsd").body;
    if (text(stsd, 12) !== "mp4a") return "is not mp4a";
    if (stsd.getUint16(32) !== 2 || stsd.getUint32(40) !== 48000 * 65536) return "is not 48 kHz stereo";
    const entry = new Uint8Array(stsd.buffer, stsd.byteOffset + 44, stsd.byteLength - 44);
    // DecoderSpecificInfo: tag 5, one length byte, then AudioSpecificConfig whose first five bits are the object type.
    const config = entry.findIndex(
      (byte, index) => byte === 5 && entry[index + 1] === entry.length - index - 5,
    );
    if (config < 0) return "has no AudioSpecificConfig";
    if ((entry[config + 2] ?? 0) >> 3 !== 2) return "is not AAC-LC";
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
