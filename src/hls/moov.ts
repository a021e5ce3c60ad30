import { joinBytes } from "../bytes.ts";
/** The boxes of an init segment (see box.ts): one 48 kHz stereo AAC track, movie and media timescale 48 000. */

import { CHANNELS, SAMPLE_RATE } from "../media.ts";
import { ascii, type Bytes, box, full, TRACK, u8, u16, u24, u32, u64 } from "./box.ts";

/** Movie: everything a decoder needs before the first sample, and no sample. */
export function moov(config: Uint8Array, bitrate: number): Bytes {
  return box("moov", mvhd(), trak(config, bitrate), mvex());
}

/** Movie header. `duration` in samples; 0 if it is unknown because the movie is fragmented. */
export function mvhd(duration = 0): Bytes {
  const time = timeOf(duration);
  return full(
    "mvhd",
    time === u64 ? 1 : 0, // version
    0, // flags
    time(0), // creation_time
    time(0), // modification_time
    u32(SAMPLE_RATE), // timescale
    time(duration), // duration
    u32(0x00010000), // rate 1.0
    u16(0x0100), // volume 1.0
    u16(0), // reserved
    u32(0), // reserved
    u32(0), // reserved
    IDENTITY, // matrix
    new Uint8Array(24), // pre_defined
    u32(TRACK + 1), // next_track_ID
  );
}

/** Track. It has no `edts`: Safari ignores edit lists and Chrome honours them, so a live track can not use one. */
function trak(config: Uint8Array, bitrate: number): Bytes {
  return box("trak", tkhd(), mdia(config, bitrate));
}

/** Track header; `duration` as in {@link mvhd}. */
export function tkhd(duration = 0): Bytes {
  const time = timeOf(duration);
  return full(
    "tkhd",
    time === u64 ? 1 : 0, // version
    7, // flags: enabled, in movie, in preview
    time(0), // creation_time
    time(0), // modification_time
    u32(TRACK), // track_ID
    u32(0), // reserved
    time(duration), // duration
    u32(0), // reserved
    u32(0), // reserved
    u16(0), // layer
    u16(0), // alternate_group
    u16(0x0100), // volume 1.0: an audio track
    u16(0), // reserved
    IDENTITY, // matrix
    u32(0), // width
    u32(0), // height
  );
}

/** Media. */
function mdia(config: Uint8Array, bitrate: number): Bytes {
  return box("mdia", mdhd(), hdlr(), minf(config, bitrate));
}

/** Media header; `duration` as in {@link mvhd}. */
export function mdhd(duration = 0): Bytes {
  const time = timeOf(duration);
  return full(
    "mdhd",
    time === u64 ? 1 : 0, // version
    0, // flags
    time(0), // creation_time
    time(0), // modification_time
    u32(SAMPLE_RATE), // timescale
    time(duration), // duration
    u16(0x55c4), // language: "und", three letters of five bits
    u16(0), // pre_defined
  );
}

/** Handler: sound. */
export function hdlr(): Bytes {
  return full(
    "hdlr",
    0, // version
    0, // flags
    u32(0), // pre_defined
    ascii("soun"), // handler_type
    u32(0), // reserved
    u32(0), // reserved
    u32(0), // reserved
    ascii("sound\0"), // name
  );
}

/** Media information. */
function minf(config: Uint8Array, bitrate: number): Bytes {
  return box("minf", smhd(), dinf(), stbl(config, bitrate));
}

/** Sound media header. */
export function smhd(): Bytes {
  return full(
    "smhd",
    0, // version
    0, // flags
    u16(0), // balance
    u16(0), // reserved
  );
}

/** Data information: the media is in this file. */
export function dinf(): Bytes {
  const url = full("url ", 0, 1); // flags: self-contained
  const dref = full(
    "dref",
    0, // version
    0, // flags
    u32(1), // entry_count
    url,
  );
  return box("dinf", dref);
}

/** Sample table: a description, and no samples, because the movie is fragmented. */
function stbl(config: Uint8Array, bitrate: number): Bytes {
  return box(
    "stbl",
    stsd(config, bitrate),
    full("stts", 0, 0, u32(0)), // entry_count
    full("stsc", 0, 0, u32(0)), // entry_count
    full("stsz", 0, 0, u32(0), u32(0)), // sample_size, sample_count
    full("stco", 0, 0, u32(0)), // entry_count
  );
}

/** Sample description. */
function stsd(config: Uint8Array, bitrate: number): Bytes {
  return full(
    "stsd",
    0, // version
    0, // flags
    u32(1), // entry_count
    mp4a(config, bitrate),
  );
}

/** MPEG-4 audio sample entry (14496-12 12.2.3, 14496-14 5.6.1). */
function mp4a(config: Uint8Array, bitrate: number): Bytes {
  return box(
    "mp4a",
    new Uint8Array(6), // reserved
    u16(1), // data_reference_index
    u32(0), // reserved
    u32(0), // reserved
    u16(CHANNELS), // channelcount
    u16(16), // samplesize
    u16(0), // pre_defined
    u16(0), // reserved
    u32(SAMPLE_RATE * 0x10000), // samplerate, 16.16
    esds(config, bitrate),
  );
}

/** Elementary stream descriptor (14496-1 7.2.6.5) around the AudioSpecificConfig, which is copied unchanged. */
function esds(config: Uint8Array, bitrate: number): Bytes {
  const specific = descriptor(0x05, config); // DecoderSpecificInfo: AudioSpecificConfig
  const decoder = descriptor(
    0x04, // DecoderConfigDescriptor
    u8(0x40), // objectTypeIndication: MPEG-4 audio
    u8(0x15), // streamType 5 (audio), upStream 0, reserved 1
    u24((6144 / 8) * CHANNELS), // bufferSizeDB: AAC's decoder buffer, 6144 bits a channel
    u32(bitrate), // maxBitrate
    u32(bitrate), // avgBitrate
    specific,
  );
  const sync = descriptor(0x06, u8(0x02)); // SLConfigDescriptor, predefined: as in MP4 files
  const stream = descriptor(
    0x03, // ES_Descriptor
    u16(0), // ES_ID: 0 in a file, where the track's id takes its place
    u8(0), // flags, streamPriority
    decoder,
    sync,
  );
  return full("esds", 0, 0, stream);
}

/** Movie extends: fragments follow. */
function mvex(): Bytes {
  const trex = full(
    "trex",
    0, // version
    0, // flags
    u32(TRACK), // track_ID
    u32(1), // default_sample_description_index
    u32(0), // default_sample_duration: each tfhd has its own
    u32(0), // default_sample_size
    u32(0), // default_sample_flags
  );
  return box("mvex", trex);
}

/** Returns the writer for the times of a header: 24.8 hours or more do not fit 32 bits, and need version 1 of the header. */
function timeOf(duration: number): (value: number) => Bytes {
  return duration > 0xffff_ffff ? u64 : u32;
}

/** The unity matrix, 16.16 and 2.30 fixed point (14496-12 6.2.2). */
const IDENTITY = joinBytes([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));

/** A descriptor of 14496-1 8.3.3 whose length fits the one-byte form. */
function descriptor(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const body = joinBytes(contents);
  if (body.length > 0x7f) throw new RangeError(`descriptor ${tag} is too long: ${body.length} bytes`);
  return joinBytes([u8(tag), u8(body.length), body]);
}
