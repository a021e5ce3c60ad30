import aacNames from "../dist/aac.json";
import aacModule from "../dist/aac.wasm";
import { encodePacket } from "../local/sfu/packet.ts";
import { openAac } from "../src/audio/aac.ts";
import { Contexts } from "../src/audio/contexts.ts";
import { holdUnit } from "../src/audio/hold.ts";
import { HoldLine } from "../src/broadcast/hold-line.ts";
import { Pipeline } from "../src/broadcast/pipeline.ts";
import { Segmenter } from "../src/hls/segmenter.ts";
import { AU_SAMPLES, PROFILES, SAMPLE_RATE, samples } from "../src/media.ts";

/**
 * A Worker for measurements. GET /encoder?seconds=N only encodes N seconds of sound. GET /whole?seconds=N takes the same sound
 * through the whole pipeline, from the SFU's messages to CMAF parts. GET /hold?seconds=N only makes built-in hold audio. The
 * caller reads the process's CPU time. GET / prepares the sound, so that this is not measured.
 */
export default {
  fetch(request: Request): Response {
    const url = new URL(request.url);
    const seconds = Number(url.searchParams.get("seconds"));
    if (url.pathname === "/encoder") return Response.json(encodeAlone(seconds));
    if (url.pathname === "/whole") return Response.json(takeTheWholeWay(seconds));
    if (url.pathname === "/hold") return Response.json(makeHoldAudio(seconds));
    sound ??= makeSound();
    return Response.json({ ready: true });
  },
};

const contexts = new Contexts(aacModule, aacNames);
const PACKET = 960;
const BITRATE = 128_000;
/** The sound repeats after this many samples: a whole number of access units and of packets. */
const LOOP = 15 * AU_SAMPLES * 15;

interface Sound {
  readonly pcm: Float32Array;
  /** The same as s16le, for packets. */
  readonly bytes: Uint8Array;
}

let sound: Sound | null = null;

/** Makes a voice-like tone of three harmonics that swells four times a second. */
function makeSound(): Sound {
  const bytes = new Uint8Array(LOOP * 4);
  const view = new DataView(bytes.buffer);
  const pcm = new Float32Array(LOOP * 2);
  for (let n = 0; n < LOOP; n++) {
    const phase = (2 * Math.PI * 180 * n) / SAMPLE_RATE;
    const swell = 0.5 + 0.5 * Math.sin((2 * Math.PI * 4 * n) / SAMPLE_RATE);
    const value =
      swell * (9_000 * Math.sin(phase) + 5_000 * Math.sin(2 * phase) + 3_000 * Math.sin(7 * phase));
    for (const channel of [0, 1]) {
      view.setInt16(4 * n + 2 * channel, Math.round(value), true);
      pcm[2 * n + channel] = Math.round(value) / 32_768;
    }
  }
  return { pcm, bytes };
}

function encodeAlone(seconds: number): { bytes: number } {
  const { pcm } = sound ?? makeSound();
  const encoder = openAac(contexts, { bitrate: BITRATE, at: samples(0) });
  let bytes = 0;
  for (let at = 0; at < seconds * SAMPLE_RATE; at += AU_SAMPLES) {
    const from = 2 * (at % LOOP);
    const data = pcm.subarray(from, from + 2 * AU_SAMPLES);
    for (const frame of encoder.push({ at: samples(at), data })) bytes += frame.bytes.length;
  }
  return { bytes };
}

function takeTheWholeWay(seconds: number): { bytes: number; parts: number } {
  const source = sound ?? makeSound();
  const at = samples(0);
  const encoder = openAac(contexts, { bitrate: BITRATE, at });
  const pipeline = new Pipeline(
    encoder,
    new Segmenter(PROFILES.balanced, { msn: 0, at }),
    at,
    new HoldLine(null, at),
  );
  let bytes = 0;
  let parts = 0;
  for (let n = 0; n < (seconds * SAMPLE_RATE) / PACKET; n++) {
    const now = samples((n + 1) * PACKET);
    const from = 4 * ((n * PACKET) % LOOP);
    pipeline.hear("host", message(n, source.bytes.subarray(from, from + 4 * PACKET)), now);
    for (const { part } of pipeline.advance(now, Number.POSITIVE_INFINITY, "off")) {
      bytes += part.bytes.length;
      parts++;
    }
  }
  return { bytes, parts };
}

function makeHoldAudio(seconds: number): { peak: number } {
  let peak = 0;
  for (let n = 0; n < (seconds * SAMPLE_RATE) / AU_SAMPLES; n++) peak = Math.max(peak, holdUnit(n)[0] ?? 0);
  return { peak };
}

/** Returns packet `n` as the SFU sends it. */
function message(n: number, payload: Uint8Array): Uint8Array {
  return encodePacket({ sequenceNumber: n, timestamp: n * PACKET, payload });
}
