import { Application, createDecoder, createEncoder } from "libopus-wasm";
import { describe, expect, test } from "vitest";
import { type OpusPacket, OpusTimeline, type PcmBlock } from "../../../local/sfu/opus.ts";
import { followTone, LEFT_HZ, RIGHT_HZ, toneSource } from "../../kit/tone.ts";

/** Opus packets become an unbroken timeline, even with lost, late and doubled packets among them. */

const SSRC = 7;
const SEQUENCE = 65_500;
const TIMESTAMP = 0xffffffff - 30_000;

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

/** Returns `count` packets of the two tones; sequence numbers and timestamps wrap on the way. */
async function tonePackets(count: number, samples = 960): Promise<OpusPacket[]> {
  const encoder = await createEncoder({ channels: 2, bitrate: 96_000, frameSize: samples, fec: true });
  const source = toneSource();
  const packets = Array.from({ length: count }, (_, i) => ({
    ssrc: SSRC,
    sequenceNumber: (SEQUENCE + i) & 0xffff,
    timestamp: (TIMESTAMP + i * samples) >>> 0,
    payload: encoder.encode(source(samples)),
  }));
  encoder.free();
  return packets;
}

interface Played {
  readonly timeline: OpusTimeline;
  readonly blocks: PcmBlock[];
  readonly pcm: Int16Array;
}

/** Plays packets by their arrival times, in samples, and ticks every 20 ms as the adapter does. */
async function play(arrivals: readonly { packet: OpusPacket; at: number }[], until = 0): Promise<Played> {
  const decoder = await createDecoder({ channels: 2, sampleRate: 48_000 });
  const timeline = new OpusTimeline(decoder);
  const blocks: PcmBlock[] = [];
  const queue = [...arrivals].sort((a, b) => a.at - b.at);
  const end = Math.max(until, (queue.at(-1)?.at ?? 0) + 1);
  for (let now = 0; now < end; now += 960) {
    while (queue[0] && queue[0].at < now + 960) {
      const { packet, at } = queue.shift() as (typeof queue)[number];
      blocks.push(...timeline.push(packet, at));
    }
    blocks.push(...timeline.advance(now + 960));
  }
  blocks.push(...timeline.flush());
  decoder.free();
  const pcm = new Int16Array(blocks.reduce((sum, { data }) => sum + data.length, 0));
  let place = 0;
  for (const { data } of blocks) {
    pcm.set(data, place);
    place += data.length;
  }
  return { timeline, blocks, pcm };
}

const onTime = (packets: readonly OpusPacket[], samples = 960) =>
  packets.map((packet, i) => ({ packet, at: i * samples }));

/** Expects every block to begin where the previous one ended. */
function expectSeamless(blocks: readonly PcmBlock[]): void {
  let next = blocks[0]?.timestamp;
  for (const { timestamp, data } of blocks) {
    expect(timestamp).toBe(next);
    next = (timestamp + data.length / 2) >>> 0;
  }
}

/** Expects both tones to run without a step from 0.2 s to the end. */
function expectTones(pcm: Int16Array): void {
  const settled = pcm.subarray(2 * 9_600);
  for (const [channel, hertz] of [
    [0, LEFT_HZ],
    [1, RIGHT_HZ],
  ] as const) {
    const tone = followTone(settled, channel, hertz);
    expect(tone.silent).toBe(0);
    expect(tone.jumps).toBe(0);
  }
}

describe("the Opus timeline", () => {
  test.each([120, 240, 480, 960, 1920, 2880])(
    "is continuous stereo for packets of %i samples",
    async (samples) => {
      const packets = await tonePackets(Math.ceil(48_000 / samples), samples);
      const { blocks, pcm, timeline } = await play(onTime(packets, samples));
      expect(blocks[0]?.timestamp).toBe(TIMESTAMP);
      expect(pcm.length / 2).toBe(packets.length * samples);
      expectSeamless(blocks);
      expectTones(pcm);
      expect(timeline.counters).toMatchObject({
        packets: packets.length,
        lost: 0,
        concealed: 0,
        late: 0,
        malformed: 0,
      });
    },
  );

  test("gives mono packets on both channels", async () => {
    const encoder = await createEncoder({ channels: 1 });
    const tone = Int16Array.from(
      { length: 960 },
      (_, i) => 9_000 * Math.sin((2 * Math.PI * 1_000 * i) / 48_000),
    );
    const packets = Array.from({ length: 20 }, (_, i) => ({
      ssrc: SSRC,
      sequenceNumber: i,
      timestamp: i * 960,
      payload: encoder.encode(tone),
    }));
    const { pcm } = await play(onTime(packets));
    const [left, right] = [0, 1].map((side) => pcm.filter((_, i) => i % 2 === side));
    expect(left).toEqual(right);
    expect(Math.max(...(left ?? []))).toBeGreaterThan(8_000);
  });

  test("loses nothing when 5 % of the packets swap with their neighbour", async () => {
    const random = seeded(5);
    const packets = await tonePackets(300);
    let swapped = 0;
    const arrivals = onTime(packets).map(({ packet, at }) => {
      if (random() >= 0.05) return { packet, at };
      swapped++;
      return { packet, at: at + 1_000 };
    });
    const { timeline, blocks, pcm } = await play(arrivals);
    expect(swapped).toBeGreaterThan(8);
    expect(timeline.counters).toMatchObject({ lost: 0, late: 0, concealed: 0 });
    expect(pcm.length / 2).toBe(300 * 960);
    expectSeamless(blocks);
    expectTones(pcm);
  });

  test.each([2, 10])("stays exact to the sample with a random loss of %i per cent", async (percent) => {
    const random = seeded(percent);
    const packets = await tonePackets(500);
    const lost = packets.map((_, i) => i > 0 && i < 499 && random() * 100 < percent);
    const missing = lost.filter(Boolean).length;
    const { timeline, blocks, pcm } = await play(onTime(packets).filter((_, i) => !lost[i]));
    const { counters } = timeline;
    expect(missing).toBeGreaterThan(2);
    expect(counters.lost).toBe(missing);
    expect(counters.fec + counters.concealed).toBe(missing);
    expect(pcm.length / 2).toBe(500 * 960);
    expectSeamless(blocks);
    // Once the decoder has recovered (120 ms), every sample is where it is without any loss.
    const clean = (await play(onTime(packets))).pcm;
    let compared = 0;
    for (let i = 0; i < 500; i++) {
      if (lost.slice(Math.max(0, i - 6), i + 1).some(Boolean)) continue;
      const frame = (all: Int16Array) => all.subarray(i * 1_920, (i + 1) * 1_920);
      expect(difference(frame(pcm), frame(clean))).toBeLessThan(0.02);
      compared++;
    }
    expect(compared).toBeGreaterThan(150);
  });

  test("restores a lost frame from the FEC of the next packet, better than by concealment", async () => {
    const encoder = await createEncoder({
      channels: 2,
      application: Application.Voip,
      bitrate: 48_000,
      fec: true,
      packetLossPercent: 30,
    });
    // A gliding tone, so that the decoder's guess from the past is wrong.
    let phase = 0;
    const packets = Array.from({ length: 60 }, (_, i) => {
      const pcm = new Int16Array(1_920);
      for (let s = 0; s < 960; s++) {
        phase += (2 * Math.PI * (200 + 20 * i + (20 * s) / 960)) / 48_000;
        pcm[2 * s] = pcm[2 * s + 1] = 9_000 * Math.sin(phase);
      }
      return { ssrc: SSRC, sequenceNumber: i, timestamp: i * 960, payload: encoder.encode(pcm) };
    });
    const clean = (await play(onTime(packets))).pcm;
    const lossy = await play(onTime(packets).filter((_, i) => i !== 30));
    expect(lossy.timeline.counters).toMatchObject({ lost: 1, fec: 1, concealed: 0 });
    const frame = (pcm: Int16Array) => pcm.subarray(30 * 1_920, 31 * 1_920);
    const restored = difference(frame(lossy.pcm), frame(clean));
    const stripped = packets.map((packet, i) =>
      i === 31 ? { ...packet, payload: new Uint8Array() } : packet,
    );
    const guessed = await play(onTime(stripped).filter((_, i) => i !== 30));
    expect(restored).toBeLessThan(0.35);
    expect(restored).toBeLessThan(difference(frame(guessed.pcm), frame(clean)) / 2);
  });

  test("drops duplicates and late packets, and counts padding packets, which carry no sound", async () => {
    const packets = await tonePackets(100);
    const renumbered = packets.map((packet, i) => ({
      ...packet,
      sequenceNumber: (SEQUENCE + i + (i > 50 ? 1 : 0)) & 0xffff,
    }));
    const padding = {
      ...renumbered[50],
      sequenceNumber: (SEQUENCE + 51) & 0xffff,
      payload: new Uint8Array(),
    };
    const arrivals = [
      ...onTime(renumbered),
      { packet: padding as OpusPacket, at: 50 * 960 + 1 },
      { packet: renumbered[20] as OpusPacket, at: 20 * 960 + 5 },
      { packet: renumbered[10] as OpusPacket, at: 60 * 960 + 5 },
    ];
    const { timeline, blocks, pcm } = await play(arrivals);
    expect(timeline.counters).toMatchObject({ padding: 1, late: 2, lost: 0, concealed: 0 });
    expect(pcm.length / 2).toBe(100 * 960);
    expectSeamless(blocks);
    expectTones(pcm);
  });

  test("fills a pause of DTX in real time, and resumes the sound in its place", async () => {
    const packets = await tonePackets(100);
    const quiet = { ...packets[50], payload: (packets[50] as OpusPacket).payload.slice(0, 1) } as OpusPacket;
    // Packets 51 to 69 are not sent: their sequence numbers are not used, but their time passes.
    const after = packets
      .slice(70)
      .map((packet, i) => ({ ...packet, sequenceNumber: (SEQUENCE + 51 + i) & 0xffff }));
    const arrivals = [
      ...onTime(packets.slice(0, 50)),
      { packet: quiet, at: 50 * 960 },
      ...after.map((packet, i) => ({ packet, at: (70 + i) * 960 })),
    ];
    const { timeline, blocks, pcm } = await play(arrivals);
    expect(timeline.counters).toMatchObject({ pauses: 1, lost: 0, late: 0 });
    expect(pcm.length / 2).toBe(100 * 960);
    expectSeamless(blocks);
    const partway = await play(arrivals.slice(0, 51), 66 * 960);
    expect(partway.pcm.length / 2).toBeGreaterThanOrEqual(62 * 960);
    const clean = (await play(onTime(packets))).pcm;
    expect(difference(pcm.subarray(-9_600), clean.subarray(-9_600))).toBeLessThan(0.05);
  });

  test("drops the part of a packet after a pause that was filled already, and keeps its place", async () => {
    const packets = await tonePackets(60);
    const quiet = { ...packets[20], payload: (packets[20] as OpusPacket).payload.slice(0, 1) } as OpusPacket;
    const after = packets
      .slice(31)
      .map((packet, i) => ({ ...packet, sequenceNumber: (SEQUENCE + 21 + i) & 0xffff }));
    const arrivals = [
      ...onTime(packets.slice(0, 20)),
      { packet: quiet, at: 20 * 960 },
      // 100 ms late on the caller's clock.
      ...after.map((packet, i) => ({ packet, at: (36 + i) * 960 })),
    ];
    const { blocks, pcm } = await play(arrivals);
    expect(pcm.length / 2).toBe(60 * 960);
    expectSeamless(blocks);
  });

  test("has neither a gap nor a shift when the first timestamp is 312 samples off (GStreamer)", async () => {
    const packets = await tonePackets(60);
    const shifted = packets.map((packet, i) =>
      i === 0 ? packet : { ...packet, timestamp: (packet.timestamp - 312) >>> 0 },
    );
    const { timeline, blocks, pcm } = await play(onTime(shifted));
    expect(pcm.length / 2).toBe(60 * 960);
    expect(timeline.counters.concealed).toBe(0);
    expectSeamless(blocks);
    expectTones(pcm);
  });

  test("never makes a gap of timestamps that run a little fast", async () => {
    const packets = await tonePackets(400, 120);
    const fast = packets.map((packet, i) => ({ ...packet, timestamp: (packet.timestamp + i) >>> 0 }));
    const { timeline, pcm } = await play(onTime(fast, 120));
    expect(pcm.length / 2).toBe(400 * 120);
    expect(timeline.counters.concealed).toBe(0);
    expectTones(pcm);
  });

  test("after a stall of 3 s jumps in its timestamps and invents nothing; a new SSRC continues where the old one ended", async () => {
    const packets = await tonePackets(150);
    const stalled = packets.map((packet, i) =>
      i < 50 ? packet : { ...packet, timestamp: (packet.timestamp + 144_000) >>> 0 },
    );
    const restarted = stalled.map((packet, i) =>
      i < 100
        ? packet
        : { ssrc: SSRC + 1, sequenceNumber: 9 + i, timestamp: 5_000 + i * 960, payload: packet.payload },
    );
    const { timeline, blocks, pcm } = await play(onTime(restarted));
    expect(pcm.length / 2).toBe(150 * 960);
    expect(blocks[50]?.timestamp).toBe((TIMESTAMP + 50 * 960 + 144_000) >>> 0);
    expectSeamless(blocks.slice(50));
    expect(timeline.counters).toMatchObject({ restarts: 1, lost: 0 });
  });

  test("counts an invalid packet and conceals it at its length", async () => {
    const packets = await tonePackets(50);
    const bad = packets.map((packet, i) =>
      i === 25 ? { ...packet, payload: Uint8Array.of(255, 255, 255, 255) } : packet,
    );
    const { timeline, blocks, pcm } = await play(onTime(bad));
    expect(timeline.counters.malformed).toBe(1);
    expect(pcm.length / 2).toBe(50 * 960);
    expectSeamless(blocks);
  });
});

/** The energy of the difference over the energy of `right`. */
function difference(left: Int16Array, right: Int16Array): number {
  let [error, energy] = [0, 0];
  for (const [i, sample] of right.entries()) {
    error += ((left[i] ?? 0) - sample) ** 2;
    energy += sample ** 2;
  }
  return error / energy;
}
