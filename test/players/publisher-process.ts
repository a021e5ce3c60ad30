import { monitorEventLoopDelay } from "node:perf_hooks";
import { publish } from "../../local/host/publisher.ts";
import { measuringLoop } from "../kit/probe/signal.ts";

// A publisher in a process of its own: it has to send every 20 ms, however busy the test's process is. Arguments: the
// WHIP endpoint and its key. It reports when the loop's first sample was taken and the longest time for which the machine kept it
// from running since the last message that it was sent, and falls silent on disconnect.
const [url = "", key = ""] = process.argv.slice(2);
const loop = Int16Array.from(measuringLoop(), (sample) => Math.round(sample * 32_767));
let at = 0;
let startedAt = 0;

const publication = await publish({
  url,
  key,
  source: (frames) => {
    if (startedAt === 0) startedAt = performance.timeOrigin + performance.now();
    const data = new Int16Array(frames * 2);
    for (let i = 0; i < frames; i++, at++) data.fill(loop[at % loop.length] ?? 0, 2 * i, 2 * i + 2);
    return data;
  },
});
process.send?.({ startedAt });
process.once("disconnect", () => void publication.close(false));

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
process.on("message", () => delay.reset());
setInterval(() => process.connected && process.send?.({ stalled: delay.max / 1e6 }), 500).unref();
