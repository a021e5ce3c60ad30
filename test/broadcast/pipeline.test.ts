import { expect, test } from "vitest";
import { encodePacket } from "../../local/sfu/packet.ts";
import type { Encoder } from "../../src/audio/encoder.ts";
import { MIN_WAIT } from "../../src/audio/playout-delay.ts";
import { HoldLine } from "../../src/broadcast/hold-line.ts";
import { Pipeline } from "../../src/broadcast/pipeline.ts";
import { Ring } from "../../src/broadcast/ring.ts";
import { mediaPlaylist } from "../../src/hls/playlist.ts";
import { Segmenter } from "../../src/hls/segmenter.ts";
import { addCut, emptyWindow, oldestFetchableMsn } from "../../src/hls/window.ts";
import { AU_SAMPLES, fromMillis, PROFILES, SAMPLE_RATE, type Samples, samples } from "../../src/media.ts";
import { names } from "../../src/paths.ts";
import { bytesInUse } from "../kit/heap.ts";

/** Hours of hosts and packets through the whole pipeline: its memory stays flat and its parts are whole. */

const HOURS = 4;
const FRAMES = 960;
const START = samples(0);
/**
 * A host is on the air for this long, then gone for as long, and comes back under another name, as a new WHIP session
 * does.
 */
const STAY = 300 * SAMPLE_RATE;

/**
 * A fake of the AAC encoder, which would take seven minutes for four hours (its memory is tested in test/audio/aac). It
 * returns as many access units, of the size they have at 128 kbit/s.
 */
function encoder(): Encoder {
  const unit = new Uint8Array(341);
  let next = START;
  const frames = (at: Samples, units: number) => {
    next = samples(at + units * AU_SAMPLES);
    return Array.from({ length: units }, (_, n) => ({
      at: samples(at + n * AU_SAMPLES),
      bytes: unit.slice(),
    }));
  };
  return {
    config: new Uint8Array([0x11, 0x90]),
    push: ({ at }) => frames(at, 1),
    pushSilence: (units) => frames(next, units),
    flush: () => [],
    close: () => {},
  };
}

test("4 h of hosts who come and go, from packet to playlist: the heap stays flat", {
  timeout: 300_000,
}, async () => {
  const pipeline = new Pipeline(
    encoder(),
    new Segmenter(PROFILES.low, { msn: 0, at: START, parts: [] }),
    START,
    new HoldLine(null, START),
  );
  const ring = new Ring();
  let window = emptyWindow(PROFILES.low, {
    epoch: "mwq4yx3z",
    msn: 0,
    at: START,
    startedAt: Date.UTC(2026, 10, 21),
  });
  const silence = new Uint8Array(4 * FRAMES);
  const noise = silence.map((_, n) => (n * 97) % 251);
  const heap: number[] = [];
  let parts = 0;
  let packet = 0;
  for (let now = 0; now < HOURS * 3_600 * SAMPLE_RATE; now += AU_SAMPLES) {
    for (; packet * FRAMES < now; packet++) {
      const at = packet * FRAMES;
      if (Math.floor(at / STAY) % 2 === 1) continue;
      // To be affordable, the host is silent except for one second a minute.
      const payload = packet % 3_000 < 50 ? noise : silence;
      const host = `session ${Math.floor(at / STAY)}`;
      pipeline.hear(
        host,
        encodePacket({ sequenceNumber: packet + 1, timestamp: at + 1, payload }),
        samples(at),
      );
      pipeline.retain([host]);
      pipeline.guard.attend(
        new Map([[host, { state: "heard", host: { hostId: host, name: "Host" } }]]),
        false,
      );
    }
    for (const cut of pipeline.advance(samples(now), 48, "off")) {
      parts++;
      ring.add(cut.part);
      window = addCut(window, cut);
      mediaPlaylist(window, names);
      ring.prune(oldestFetchableMsn(window));
    }
    if (now % (600 * SAMPLE_RATE) < AU_SAMPLES) heap.push(await bytesInUse());
  }
  expect(parts).toBe(Math.floor((HOURS * 3_600 * SAMPLE_RATE - MIN_WAIT) / (18 * AU_SAMPLES)));
  expect(fromMillis(HOURS * 3_600_000) - pipeline.due).toBeLessThan(AU_SAMPLES);
  // Compare the second hour with the last: in the first the runtime still compiles.
  const first = Math.min(...heap.slice(6, 12));
  expect(Math.min(...heap.slice(-6)) - first).toBeLessThan(200_000);
});
