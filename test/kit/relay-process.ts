import { monitorEventLoopDelay } from "node:perf_hooks";
import { startRelay } from "../../local/relay.ts";

// A relay in a process of its own: a test that analyses a minute of sound, or parses it, stands still for a while,
// and a media server in the same process would stand still with it. Argument: the folder for its storage.
const relay = await startRelay({
  port: 0,
  persist: process.argv[2] ?? "",
  log: (line) => process.connected && process.send?.({ line }),
});
process.send?.({ url: relay.url, adminToken: relay.adminToken, pid: relay.pid });

process.once("disconnect", () => void relay.stop());

// What kept this process, and with it the media server, from running: the machine, mostly.
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
setInterval(() => process.connected && process.send?.({ stalled: delay.max / 1e6 }), 500).unref();
process.on("message", () => delay.reset());
