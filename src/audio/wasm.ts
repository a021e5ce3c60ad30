/** The contents of dist/aac.json: the minified name behind each readable one in this build of the wasm. */
export interface AacNames {
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  /** The module name of all imports. */
  readonly namespace: string;
  /** The export that runs the C constructors; called once, before anything else. */
  readonly init: string;
  readonly memory: string;
}

/** An instance of the encoder's wasm, called by readable names. */
export interface Wasm {
  /** Calls an export. Pointers and results are i32, presentation times i64. */
  call(name: string, ...args: (number | bigint)[]): number;
  /** Returns a view. Any call may detach it (memory grows), so copy what has to last. */
  bytes(pointer: number, length: number): Uint8Array;
  /** Returns the same as floats; `pointer` must be 4-aligned. Throws RangeError for a null pointer. */
  floats(pointer: number, length: number): Float32Array;
  /** Returns what the C code last wrote to stdout or stderr, as one line; "" if nothing. */
  lastOutput(): string;
}

/** WASI error numbers (wasi_snapshot_preview1, errno). */
const BADF = 8;
const NOSYS = 52;
const SPIPE = 70;
/** Emscripten's syscalls return a negative Linux errno. */
const MINUS_ENOENT = -2;

const PAGE = 65_536;
/** Memory limit, bytes: the instance's 17 MB and 80 contexts fit. A bug must not take the isolate (128 MB) down. */
const MAX_MEMORY = 64 * 1024 * 1024;
/** How many characters of the C code's output are kept. */
const MAX_SAID = 300;
/** Stands in for the memory until the instance has its own. */
const NO_MEMORY = new WebAssembly.Memory({ initial: 0 });

/** Instantiates the module with the smallest system that satisfies Emscripten's libc: no files, no time. */
export function openWasm(module: WebAssembly.Module, names: AacNames): Wasm {
  const system = new System();
  const imports = importsOf(system, names.imports);
  const { exports } = new WebAssembly.Instance(module, { [names.namespace]: imports });
  system.memory = exports[names.memory] as WebAssembly.Memory;
  (exports[names.init] as () => void)();
  return {
    call(name, ...args) {
      const call = exports[names.exports[name] ?? ""] as
        | ((...args: (number | bigint)[]) => number)
        | undefined;
      if (!call) throw new Error(`The wasm exports no ${name}`);
      return call(...args);
    },
    bytes: (pointer, length) => new Uint8Array(system.memory.buffer, pointer, length),
    floats(pointer, length) {
      if (pointer === 0) throw new RangeError("The wasm is out of memory");
      return new Float32Array(system.memory.buffer, pointer, length);
    },
    lastOutput: () => system.said.trim().replaceAll(/\s+/g, " "),
  };
}

type Import = (...args: never[]) => number | undefined;

/** The imports under their minified names. */
function importsOf(system: System, names: AacNames["imports"]): Record<string, Import> {
  const calls: Readonly<Record<string, Import>> = {
    ...STUBS,
    abort_js: () => system.abort(),
    proc_exit: (code: number) => system.exit(code),
    clock_time_get: (_id: number, _precision: bigint, pointer: number) => system.time(pointer),
    emscripten_resize_heap: (size: number) => system.grow(size),
    environ_sizes_get: (count: number, size: number) => system.environment(count, size),
    fd_write: (_fd: number, vectors: number, count: number, written: number) =>
      system.write(vectors, count, written),
  };
  const imports: Record<string, Import> = {};
  for (const [name, minified] of Object.entries(names)) {
    const call = calls[name];
    if (!call) throw new Error(`The wasm imports ${name}, which is unknown`);
    imports[minified] = call;
  }
  return imports;
}

/** The imports that have nothing to do here. */
const STUBS: Readonly<Record<string, Import>> = {
  emscripten_date_now: () => 0,
  emscripten_runtime_keepalive_clear: () => undefined,
  environ_get: () => 0,
  fd_close: () => NOSYS,
  fd_fdstat_get: () => BADF,
  fd_read: () => NOSYS,
  fd_seek: () => SPIPE,
  setitimer_js: () => 0,
  syscall_fcntl64: () => 0,
  syscall_ioctl: () => 0,
  syscall_openat: () => MINUS_ENOENT,
};

/** The imports that use the instance's memory, which exists once the module is instantiated. */
class System {
  memory = NO_MEMORY;
  said = "";

  abort(): never {
    throw new Error(`The AAC encoder aborted ${this.said}`);
  }

  exit(code: number): never {
    throw new Error(`The AAC encoder exited with ${code} ${this.said}`);
  }

  /** Writes time 0. The encoder ignores time; a constant makes its output a function of its input alone. */
  time(pointer: number): number {
    this.#data.setBigUint64(pointer, 0n, true);
    return 0;
  }

  /** Grows the memory to `size` bytes. Returns 1, or 0 if that is beyond the limit. */
  grow(size: number): number {
    const wanted = size >>> 0;
    if (wanted > MAX_MEMORY) return 0;
    this.memory.grow(Math.ceil((wanted - this.memory.buffer.byteLength) / PAGE));
    return 1;
  }

  /** There are no environment variables. */
  environment(count: number, size: number): number {
    this.#data.setUint32(count, 0, true);
    this.#data.setUint32(size, 0, true);
    return 0;
  }

  write(vectors: number, count: number, written: number): number {
    const view = this.#data;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const pointer = view.getUint32(vectors + 8 * i, true);
      const length = view.getUint32(vectors + 8 * i + 4, true);
      this.said += new TextDecoder().decode(new Uint8Array(this.memory.buffer, pointer, length).slice());
      total += length;
    }
    this.said = this.said.slice(-MAX_SAID);
    view.setUint32(written, total, true);
    return 0;
  }

  get #data(): DataView {
    return new DataView(this.memory.buffer);
  }
}
