import { setTimeout as sleep } from "node:timers/promises";
import { type Publication, publish } from "../../local/host/publisher.ts";
import { measuringLoop } from "../kit/probe/signal.ts";

// A host in a process of its own. It publishes the measuring signal by the clock: second s since 1970 is second s mod
// 16 of the loop. Every second it asks for the state of its session, and publishes anew when the session has gone. (The
// studio page asks every five seconds.) Arguments: the WHIP endpoint and its key. It reports each session, and falls
// silent on disconnect.
const [url = "", key = ""] = process.argv.slice(2);
const loop = Int16Array.from(measuringLoop(), (sample) => Math.round(sample * 32_767));
let publication: Publication | null = null;
process.once("disconnect", () => {
  void publication?.close(false);
  process.exit();
});

/** Whether the relay says that the session is gone. A relay that does not answer has not said so. */
async function isOver(sessionUrl: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(sessionUrl, { headers, signal: AbortSignal.timeout(2_000) }).catch(() => null);
  return answer?.status === 404;
}

for (;;) {
  let at = Math.floor((performance.timeOrigin + performance.now()) * 48) % loop.length;
  let isLost = false;
  try {
    publication = await publish({
      url,
      key,
      onLost: () => {
        isLost = true;
      },
      source: (frames) => {
        const data = new Int16Array(frames * 2);
        for (let i = 0; i < frames; i++, at++) data.fill(loop[at % loop.length] ?? 0, 2 * i, 2 * i + 2);
        return data;
      },
    });
    process.send?.({ session: publication.sessionUrl });
    while (!isLost && !(await isOver(publication.sessionUrl))) await sleep(1_000);
    await publication.close(false);
  } catch (error) {
    process.send?.({ failed: String(error) });
    await sleep(500);
  }
}
