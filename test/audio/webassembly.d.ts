/** What these tests and src/audio/ use of the WebAssembly JavaScript API, which Node's own types leave out. */
declare namespace WebAssembly {
  type Imports = Record<string, Record<string, (...args: never[]) => number | undefined>>;
  type Exports = Record<string, unknown>;
  class RuntimeError extends Error {}
  class Module {
    constructor(bytes: Uint8Array);
    readonly [Symbol.toStringTag]: string;
  }
  class Memory {
    constructor(descriptor: { initial: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
}
