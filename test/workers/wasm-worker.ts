import aacNames from "../../dist/aac.json";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";

/**
 * The deployed Worker, which also reports the size of its wasm memories (`/wasm`), since the inspector does not count
 * them, and whose encoder can be made to trap (`/trap`), which it does on no known input.
 */

export { Audience } from "../../src/audience/audience.ts";
export { Broadcast } from "../../src/broadcast/broadcast.ts";
export { Directory } from "../../src/directory/directory.ts";
export { Origin } from "../../src/origin/origin.ts";

const memories: WebAssembly.Memory[] = [];
let traps = false;

const { Instance } = WebAssembly;
const watched = class {
  readonly exports: WebAssembly.Exports;
  constructor(...settings: ConstructorParameters<typeof Instance>) {
    const { exports } = new Instance(...settings);
    memories.push(exports[aacNames.memory] as WebAssembly.Memory);
    const name = aacNames.exports.send_frame;
    const send = exports[name] as (...args: unknown[]) => unknown;
    const sendOrTrap = (...args: unknown[]) => {
      if (!traps) return send(...args);
      traps = false;
      throw new WebAssembly.RuntimeError("a trap by the test");
    };
    this.exports = { ...exports, [name]: sendOrTrap };
  }
};
Object.defineProperty(WebAssembly, "Instance", { value: watched });

export default {
  async fetch(request: Request, env: EdgeEnv, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/trap") traps = true;
    if (pathname === "/trap" || pathname === "/wasm") {
      return Response.json(memories.map(({ buffer }) => buffer.byteLength));
    }
    return edge.fetch(request, env, context);
  },
};
