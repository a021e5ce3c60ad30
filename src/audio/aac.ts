import { AU_SAMPLES, CHANNELS, type Frame, type Pcm, SAMPLE_RATE, type Samples, samples } from "../media.ts";
import type { Encoder } from "./encode.ts";
import { frameCount } from "./pcm.ts";
import { type AacNames, openWasm, type Wasm } from "./wasm.ts";

/** Whole access units the encoder emits before the one that decodes to the first input sample (delay 1024). */
const PRIMING_FRAMES = 1;

/**
 * The stereo access unit of digital silence: this encoder gives it whenever the window is all zeros, and it can stand
 * beside any other (both neighbours fade into it over their overlap), so a long gap can be filled without encoding.
 */
export const SILENT_UNIT: Uint8Array = Uint8Array.of(0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c);

/**
 * Opens one encoder of AAC-LC, 48 kHz stereo, whose first pushed sample is at `options.at`.
 *
 * `module` is dist/aac.wasm and `names` dist/aac.json. `options.bitrate` is in bit/s. Throws Error when the wasm
 * refuses the settings. One instance holds 17 MB of wasm memory for its whole life: one per show.
 */
export function openAac(
  module: WebAssembly.Module,
  names: AacNames,
  options: { bitrate: number; at: Samples },
): Encoder {
  return new Aac(openWasm(module, names), options);
}

class Aac implements Encoder {
  readonly config: Uint8Array;
  readonly #wasm: Wasm;
  readonly #context: number;
  /** The access unit being filled, and how many of its sample frames are. */
  readonly #unit = new Float32Array(CHANNELS * AU_SAMPLES);
  #filled = 0;
  /** Position of the next sample to be pushed. */
  #end: number;
  /** Position of the next frame to be given. */
  #next: number;
  #sent = 0;
  #received = 0;
  #flushed = false;

  constructor(wasm: Wasm, options: { bitrate: number; at: Samples }) {
    this.#wasm = wasm;
    this.#end = options.at;
    this.#next = options.at;
    this.#context = wasm.call("init_encoder", CHANNELS, SAMPLE_RATE, options.bitrate);
    if (this.#context === 0)
      throw new Error(`The AAC encoder refused ${options.bitrate} bit/s ${wasm.said()}`);
    const length = wasm.call("get_encoder_frame_size", this.#context);
    if (length !== AU_SAMPLES) throw new Error(`The AAC encoder's access unit has ${length} samples`);
    const config = wasm.call("get_encoder_extradata", this.#context);
    this.config = wasm.bytes(config, wasm.call("get_encoder_extradata_size", this.#context)).slice();
  }

  push(pcm: Pcm): Frame[] {
    if (this.#flushed) throw new Error("The AAC encoder was flushed");
    if (pcm.at !== this.#end) throw new RangeError(`PCM at ${pcm.at} where ${this.#end} was expected`);
    const frames: Frame[] = [];
    const count = frameCount(pcm.data);
    for (let done = 0; done < count; ) {
      const take = Math.min(AU_SAMPLES - this.#filled, count - done);
      this.#unit.set(pcm.data.subarray(CHANNELS * done, CHANNELS * (done + take)), CHANNELS * this.#filled);
      this.#filled += take;
      done += take;
      if (this.#filled === AU_SAMPLES) this.#encode(frames);
    }
    this.#end += count;
    return frames;
  }

  flush(): Frame[] {
    const frames: Frame[] = [];
    if (this.#flushed) return frames;
    this.#flushed = true;
    if (this.#filled > 0) {
      this.#unit.fill(0, CHANNELS * this.#filled);
      this.#encode(frames);
    }
    this.#wasm.call("flush_encoder_start", this.#context);
    this.#drain(frames);
    return frames;
  }

  #encode(frames: Frame[]): void {
    const wasm = this.#wasm;
    const context = this.#context;
    const unit = this.#unit;
    const input = wasm.call("get_encode_input_ptr", context, unit.byteLength);
    const target = wasm.floats(input, unit.length);
    // A sample that is not finite would make the encoder refuse the unit, and one far out of range overflow it.
    for (let i = 0; i < unit.length; i++) {
      const value = unit[i] as number;
      target[i] = Number.isNaN(value) ? 0 : Math.min(1, Math.max(-1, value));
    }
    this.#filled = 0;
    const pts = BigInt(this.#sent * AU_SAMPLES);
    this.#sent++;
    const status = wasm.call("send_frame", context, pts);
    if (status < 0) throw new Error(`The AAC encoder failed with ${status} ${wasm.said()}`);
    this.#drain(frames);
  }

  /** The flush yields units for the encoder's own delay too: those beyond the input's last unit are left out. */
  #drain(frames: Frame[]): void {
    const wasm = this.#wasm;
    const context = this.#context;
    for (;;) {
      const size = wasm.call("receive_packet", context);
      if (size < 0) throw new Error(`The AAC encoder failed with ${size} ${wasm.said()}`);
      if (size === 0) return;
      this.#received++;
      if (this.#received <= PRIMING_FRAMES || this.#received > PRIMING_FRAMES + this.#sent) continue;
      const bytes = wasm.bytes(wasm.call("get_encoded_data", context), size).slice();
      frames.push({ at: samples(this.#next), bytes });
      this.#next += AU_SAMPLES;
    }
  }
}
