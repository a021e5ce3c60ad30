import { monitorEventLoopDelay } from "node:perf_hooks";
import { startRelay } from "../../local/relay.ts";

// A relay in a process of its own: a test that analyses a minute of sound blocks for a while, and a media server in the same
// process would block with it. Arguments: the folder for its storage, and `lifeboat` where the bucket is to be served beside
// it.
const relay = await startRelay({
  port: 0,
  persist: process.argv[2] ?? "",
  lifeboat: process.argv[3] === "lifeboat" ? { port: 0 } : null,
  log: (line) => process.connected && process.send?.({ line }),
});
process.send?.({ url: relay.url, lifeboat: relay.lifeboat, adminToken: relay.adminToken, pid: relay.pid });

process.once("disconnect", () => void relay.stop());

// How long this process, and the media server in it, was kept from running, mostly by the machine.
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
setInterval(() => process.connected && process.send?.({ stalled: delay.max / 1e6 }), 500).unref();
process.on("message", () => delay.reset());
