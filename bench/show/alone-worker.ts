import { DurableObject } from "cloudflare:workers";
import aacNames from "../../dist/aac.json";
import aacModule from "../../dist/aac.wasm";
import { openAac } from "../../src/audio/aac.ts";
import { Contexts } from "../../src/audio/contexts.ts";
import { HoldLine } from "../../src/broadcast/hold-line.ts";
import { Pipeline } from "../../src/broadcast/pipeline.ts";
import { Store } from "../../src/broadcast/store.ts";
import { Segmenter } from "../../src/hls/segmenter.ts";
import { AU_SAMPLES, fromMillis, PROFILES, samples, toMillis } from "../../src/media.ts";
import pipeline from "../pipeline.ts";

/**
 * A Worker for measurements: an object does only one of a show's tasks, at the rate of a show with one host. `/messages` takes
 * the SFU's socket and counts messages; `/sound` takes it and makes parts. `/timers`, `/rows` and `/puts` run for `?seconds=`.
 * `/encoder` and `/whole` (pipeline.ts) process that many seconds of sound in one go.
 */

const { partUnits, segmentUnits } = PROFILES.low;
const UNIT_MS = toMillis(AU_SAMPLES);
const PART_MS = partUnits * UNIT_MS;
const SEGMENT_PARTS = segmentUnits / partUnits;
const BITRATE = 128_000;
const PART_BYTES = (BITRATE / 8) * (PART_MS / 1_000);
/** How many segments a running show keeps rows of: the window and the Availability Duration (hls/window.ts). */
const KEPT_SEGMENTS = 32;

const contexts = new Contexts(aacModule, aacNames);

interface Env {
  readonly BROADCAST: DurableObjectNamespace;
  readonly MEDIA: R2Bucket;
}

export class Broadcast extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const times = (millis: number) => (1_000 * Number(url.searchParams.get("seconds"))) / millis;
    const bytes = new Uint8Array(PART_BYTES);
    switch (url.pathname) {
      case "/messages":
        return this.#take(() => {});
      case "/sound":
        return this.#take(sound());
      case "/timers":
        await paced(UNIT_MS, times(UNIT_MS), () => {});
        break;
      case "/rows":
        await paced(PART_MS, times(PART_MS), (n) => this.#keep(n, bytes));
        break;
      case "/puts": {
        const segment = new Uint8Array(SEGMENT_PARTS * PART_BYTES);
        const every = SEGMENT_PARTS * PART_MS;
        await paced(every, times(every), (n) =>
          this.ctx.waitUntil(this.env.MEDIA.put(`segment ${n}`, segment)),
        );
      }
    }
    return new Response();
  }

  /** Accepts a socket, as a Broadcast does. */
  #take(hear: (message: Uint8Array) => void): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    server.binaryType = "arraybuffer";
    server.accept();
    server.addEventListener("message", ({ data }) => hear(new Uint8Array(data as ArrayBuffer)));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Writes the rows that a part needs. */
  #keep(n: number, bytes: Uint8Array): void {
    const store = new Store(this.ctx.storage.sql);
    const [msn, index] = [Math.floor(n / SEGMENT_PARTS), n % SEGMENT_PARTS];
    const closes = index === SEGMENT_PARTS - 1;
    const [at, duration] = [samples(n * partUnits * AU_SAMPLES), samples(partUnits * AU_SAMPLES)];
    store.putPart({ msn, index, at, duration, bytes }, closes);
    if (!closes) return;
    store.prune(msn - KEPT_SEGMENTS);
    store.segment(msn);
    store.markKept(msn);
  }
}

/** Unused: the runtime only requires these two classes to exist. */
export class Audience extends DurableObject {}
export class Directory extends DurableObject {}

/** Returns a handler that takes the SFU's messages through a pipeline. */
function sound(): (message: Uint8Array) => void {
  const at = samples(0);
  const made = new Pipeline(
    openAac(contexts, { bitrate: BITRATE, at }),
    new Segmenter(PROFILES.low, { msn: 0, at }),
    at,
    new HoldLine(null, at),
  );
  const from = Date.now();
  return (message) => {
    const now = fromMillis(Date.now() - from);
    made.hear("host", message, now);
    made.advance(now, Number.POSITIVE_INFINITY, "off");
  };
}

/** Calls `act` `times` times, every `millis` ms. */
async function paced(millis: number, times: number, act: (n: number) => void): Promise<void> {
  const from = Date.now();
  for (let n = 0; n < times; n++) {
    act(n);
    const wait = from + (n + 1) * millis - Date.now();
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const { pathname } = new URL(request.url);
    if (["/encoder", "/whole", "/"].includes(pathname)) return pipeline.fetch(request);
    return env.BROADCAST.get(env.BROADCAST.idFromName(pathname)).fetch(request);
  },
};
