import { type Publication, publish } from "../../sfu/publisher.ts";
import type { Latency } from "../../src/media.ts";
import { measuringLoop } from "../audio-probe/signal.ts";
import type { Show, Stage } from "../browser/stage.ts";

/** A show on the air: a broadcast, and somebody who publishes the measuring signal into it. */
export interface OnAir {
  readonly show: Show;
  readonly publication: Publication;
  /** When the loop's first sample was taken, ms since 1970; it is read in real time from there on. */
  readonly startedAt: () => number;
}

/** Creates it and goes on the air; resolves when the first playlist can be had (three segments in). */
export async function goOnAir(stage: Stage, latency: Latency): Promise<OnAir> {
  const show = await stage.create(latency);
  const loop = Int16Array.from(measuringLoop(), (sample) => Math.round(sample * 32_767));
  let at = 0;
  let startedAt = 0;
  const source = (frames: number): Int16Array => {
    if (startedAt === 0) startedAt = performance.timeOrigin + performance.now();
    const data = new Int16Array(frames * 2);
    for (let i = 0; i < frames; i++, at++) {
      const sample = loop[at % loop.length] ?? 0;
      data[2 * i] = sample;
      data[2 * i + 1] = sample;
    }
    return data;
  };
  const publication = await publish({ url: show.whipUrl, key: show.hostKey, source });
  await playlist(show.playbackUrl);
  return { show, publication, startedAt: () => startedAt };
}

async function playlist(playbackUrl: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const response = await fetch(playbackUrl);
    const uri = (await response.text()).split("\n").find((line) => line !== "" && !line.startsWith("#"));
    if (response.ok && uri !== undefined && (await fetch(new URL(uri, playbackUrl))).ok) return;
    if (Date.now() > deadline) throw new Error(`no playlist at ${playbackUrl}: ${response.status}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
