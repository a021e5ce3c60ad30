import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../media.ts";
import { type AacNames, openWasm, type Wasm } from "./wasm.ts";

/**
 * The encoders of an isolate: contexts of one wasm instance. The instance takes 17 MB, and 0.75 MB more for each open context;
 * the memory of a closed context is reused by the next.
 *
 * A trap leaves the instance in an unknown state, so it is discarded: each of its contexts throws at its next use, and the next
 * context is opened on a new instance.
 */
export class Contexts {
  readonly #module: WebAssembly.Module;
  readonly #names: AacNames;
  #instance: Instance | null = null;
  /** Frees contexts that nobody closed: a Durable Object that is ended from outside cannot close its own. */
  readonly #forgotten = new FinalizationRegistry<OpenContext>(({ instance, pointer }) =>
    instance.free(pointer),
  );

  /** `module` is dist/aac.wasm and `names` dist/aac.json. */
  constructor(module: WebAssembly.Module, names: AacNames) {
    this.#module = module;
    this.#names = names;
  }

  /** Opens a context of AAC-LC, 48 kHz stereo, `bitrate` bit/s. Throws Error when the wasm refuses it. */
  open(bitrate: number): Context {
    if (this.#instance === null || this.#instance.isBroken) {
      this.#instance = new Instance(openWasm(this.#module, this.#names));
    }
    const instance = this.#instance;
    const pointer = instance.call("init_encoder", CHANNELS, SAMPLE_RATE, bitrate);
    if (pointer === 0) throw new Error(`The AAC encoder refused ${bitrate} bit/s ${instance.lastOutput()}`);
    const context = new Context(instance, pointer, () => this.#forgotten.unregister(context));
    this.#forgotten.register(context, { instance, pointer }, context);
    return context;
  }
}

/** One encoder: takes the samples of access units, returns packets, later by the encoder's own delay. */
export class Context {
  readonly #instance: Instance;
  readonly #onClose: () => void;
  /** 0 once closed. */
  #pointer: number;
  #sent = 0;

  /** Called by {@link Contexts.open} alone. */
  constructor(instance: Instance, pointer: number, onClose: () => void) {
    this.#instance = instance;
    this.#pointer = pointer;
    this.#onClose = onClose;
    const length = instance.call("get_encoder_frame_size", pointer);
    if (length !== AU_SAMPLES) throw new Error(`The AAC encoder's access unit has ${length} samples`);
  }

  /** AudioSpecificConfig. */
  get config(): Uint8Array {
    const at = this.#instance.call("get_encoder_extradata", this.#pointer);
    return this.#instance.bytes(at, this.#instance.call("get_encoder_extradata_size", this.#pointer)).slice();
  }

  /** Encodes one access unit of interleaved stereo. Returns the packets that are ready. Throws Error when the encoder fails. */
  encode(unit: Float32Array): Uint8Array[] {
    const instance = this.#instance;
    const input = instance.call("get_encode_input_ptr", this.#pointer, unit.byteLength);
    const target = instance.floats(input, unit.length);
    // A sample that is not finite would make the encoder refuse the unit, and one far out of range would overflow it.
    for (let i = 0; i < unit.length; i++) {
      const value = unit[i] as number;
      target[i] = Number.isNaN(value) ? 0 : Math.min(1, Math.max(-1, value));
    }
    const status = instance.call("send_frame", this.#pointer, BigInt(this.#sent++ * AU_SAMPLES));
    if (status < 0) throw new Error(`The AAC encoder failed with ${status} ${instance.lastOutput()}`);
    return this.#packets();
  }

  /** Returns the packets that are still inside. Nothing can be encoded afterwards. */
  flush(): Uint8Array[] {
    this.#instance.call("flush_encoder_start", this.#pointer);
    return this.#packets();
  }

  /** Frees the context's memory. */
  close(): void {
    if (this.#pointer === 0) return;
    this.#instance.free(this.#pointer);
    this.#pointer = 0;
    this.#onClose();
  }

  #packets(): Uint8Array[] {
    const instance = this.#instance;
    const packets: Uint8Array[] = [];
    for (;;) {
      const size = instance.call("receive_packet", this.#pointer);
      if (size < 0) throw new Error(`The AAC encoder failed with ${size} ${instance.lastOutput()}`);
      if (size === 0) return packets;
      packets.push(instance.bytes(instance.call("get_encoded_data", this.#pointer), size).slice());
    }
  }
}

interface OpenContext {
  readonly instance: Instance;
  readonly pointer: number;
}

/** The wasm instance; after a trap every call of it throws. */
class Instance {
  readonly #wasm: Wasm;
  isBroken = false;

  constructor(wasm: Wasm) {
    this.#wasm = wasm;
  }

  call(name: string, ...args: (number | bigint)[]): number {
    if (this.isBroken) throw new Error("The AAC encoder's instance has failed");
    try {
      return this.#wasm.call(name, ...args);
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }

  free(pointer: number): void {
    if (!this.isBroken) this.call("close_encoder", pointer);
  }

  bytes(pointer: number, length: number): Uint8Array {
    return this.#wasm.bytes(pointer, length);
  }

  floats(pointer: number, length: number): Float32Array {
    return this.#wasm.floats(pointer, length);
  }

  lastOutput(): string {
    return this.#wasm.lastOutput();
  }
}
