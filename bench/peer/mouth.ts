import { publish } from "../../local/host/publisher.ts";
import { measuringLoop, RATE } from "../../test/kit/probe/signal.ts";
import type { Call } from "../load/host.ts";

/**
 * A host that publishes a loop aligned to the wall clock (second s since 1970 is second s mod 16 of the loop), in a
 * process of its own. A message tells it where to publish. It answers once sound flows, and ends with the IPC channel.
 */

/** A packet is sent once its last sample has been spoken, as with a microphone. */
const PACKET_MS = 20;

const loop = Int16Array.from(measuringLoop(), (sample) => Math.round(32_767 * sample));

process.on("message", async ({ whipUrl, hostKey }: Call) => {
  let next = -1;
  const source = (frames: number) => {
    if (next < 0) next = Math.round((performance.timeOrigin + performance.now() - PACKET_MS) * (RATE / 1000));
    const from = next;
    next += frames;
    return Int16Array.from({ length: 2 * frames }, (_, i) => loop[(from + (i >> 1)) % loop.length] ?? 0);
  };
  const onLost = (reason: string) => {
    throw new Error(reason);
  };
  await publish({ url: whipUrl, key: hostKey, source, onLost });
  process.send?.(whipUrl);
});
process.once("disconnect", () => process.exit());
