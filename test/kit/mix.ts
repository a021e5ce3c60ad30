import { encodePacket } from "../../local/sfu/packet.ts";
import { HoldLine } from "../../src/broadcast/hold-line.ts";
import { Pipeline } from "../../src/broadcast/pipeline.ts";
import { Segmenter } from "../../src/hls/segmenter.ts";
import { AU_SAMPLES, PROFILES, samples } from "../../src/media.ts";

/** What hosts send, and what of it reaches the encoder. */

/** Sample frames in a packet: 20 ms. */
export const PACKET_FRAMES = 960;

/**
 * A host's packet `n`, counted from 0. `signal` is its sound in both channels, -1 to 1, by sample frames since the first
 * packet.
 */
export function packetOf(n: number, signal: (sample: number) => number): Uint8Array {
  const payload = new Uint8Array(4 * PACKET_FRAMES);
  const view = new DataView(payload.buffer);
  const first = n * PACKET_FRAMES;
  for (let i = 0; i < 2 * PACKET_FRAMES; i++)
    view.setInt16(2 * i, Math.round(32_767 * signal(first + (i >> 1))), true);
  return encodePacket({ sequenceNumber: n + 1, timestamp: first + 1, payload });
}

/** A pipeline from the timeline's beginning on, whose encoder records its input. */
export class Mix {
  /** Each access unit, interleaved stereo; null is silence that was passed over. */
  readonly units: (Float32Array | null)[] = [];
  readonly pipeline: Pipeline;

  constructor(hold = new HoldLine(null, samples(0))) {
    const encoder = {
      config: new Uint8Array(2),
      push: ({ data }: { data: Float32Array }) => {
        this.units.push(data.slice());
        return [];
      },
      pushSilence: (units: number) => {
        for (let n = 0; n < units; n++) this.units.push(null);
        return [];
      },
      flush: () => [],
      close: () => {},
    };
    const at = samples(0);
    this.pipeline = new Pipeline(encoder, new Segmenter(PROFILES.low, { msn: 0, at }), at, hold);
  }

  /** How many access units of silence were passed over. */
  get passed(): number {
    return this.units.filter((unit) => unit === null).length;
  }

  /** The left channel of all access units. */
  get line(): Float32Array {
    const line = new Float32Array(this.units.length * AU_SAMPLES);
    for (const [n, unit] of this.units.entries())
      for (let i = 0; unit !== null && i < AU_SAMPLES; i++) line[n * AU_SAMPLES + i] = unit[2 * i] as number;
    return line;
  }
}
