import { publish } from "../../local/host/publisher.ts";
import { SpokenSignal } from "../../local/host/signal.ts";

/**
 * The hosts of the shows under load, in a process of their own so that their CPU is measured separately. Each message
 * is one {@link Call}. It is answered with the broadcast's WHIP URL once sound flows. Ends with the IPC channel.
 */

/** Where to publish. */
export interface Call {
  readonly whipUrl: string;
  readonly hostKey: string;
}

process.on("message", async ({ whipUrl, hostKey }: Call) => {
  const signal = new SpokenSignal({ startMillis: Date.now() });
  await publish({
    url: whipUrl,
    key: hostKey,
    source: (frames) => signal.read(frames),
    onLost: (reason) => {
      throw new Error(reason);
    },
  });
  process.send?.(whipUrl);
});
process.once("disconnect", () => process.exit());
