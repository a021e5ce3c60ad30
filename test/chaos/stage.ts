import { readFileSync } from "node:fs";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/** The requests that have passed from the edge to the origin since the start. */
export interface OriginTraffic {
  readonly fetches: number;
  /** The ids of the broadcasts in these requests. */
  readonly ids: readonly string[];
}

/** The Worker as deployed, in the real runtime, with a counter between its edge and its origin, and one open show. */
export class Stage {
  readonly url: URL;
  readonly id: string;
  readonly playbackUrl: string;
  readonly epoch: string;
  /** The date of the show's first sample, ms since 1970. */
  readonly startedAt: number;
  readonly #runtime: Runtime;

  static async start(): Promise<Stage> {
    const runtime = await Runtime.start(
      [
        { ...EARSHOT, services: { ORIGIN: "toll" } },
        {
          name: "toll",
          entry: "test/chaos/origin-traffic.ts",
          services: { ORIGIN: { name: "earshot", entrypoint: "Origin" } },
        },
      ],
      { measuresHeap: true },
    );
    const show = await runtime.open({ slug: "besieged", latency: "balanced" });
    const listener = await Listener.join(show.playbackUrl);
    // The first playlist is held until there are three segments.
    const startedAt = (await listener.list()).segments[0]?.date ?? Number.NaN;
    return new Stage(runtime, show, listener.epoch, startedAt);
  }

  private constructor(
    runtime: Runtime,
    { id, playbackUrl }: CreatedBroadcast,
    epoch: string,
    startedAt: number,
  ) {
    this.#runtime = runtime;
    this.url = new URL(runtime.url);
    this.id = id;
    this.playbackUrl = playbackUrl;
    this.epoch = epoch;
    this.startedAt = startedAt;
  }

  async originTraffic(): Promise<OriginTraffic> {
    return (await (await this.#runtime.ask("toll", "/toll")).json()) as OriginTraffic;
  }

  /**
   * Returns the number of reads that the origin reports for the show. The origin reports with a read that has to go to
   * the Broadcast, so this makes one first.
   */
  async readsTold(): Promise<number> {
    await (await fetch(new URL("status.json", this.playbackUrl))).text();
    return this.#runtime.readsOf(this.id);
  }

  /** Returns the live bytes in the isolate that edge, origin and Broadcast share here. */
  heap(): Promise<number> {
    return this.#runtime.heap("earshot");
  }

  /**
   * Returns the number of connections whose client does not read what the runtime has written (proc(5), /proc/net/tcp:
   * tx_queue).
   */
  heldUp(): number {
    const port = Number(this.url.port).toString(16).toUpperCase().padStart(4, "0");
    const lines = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
    return lines.filter((line) => {
      const [, local, , , queues] = line.trim().split(/\s+/);
      return local?.endsWith(`:${port}`) === true && Number.parseInt(queues ?? "0", 16) > 0;
    }).length;
  }

  /** Returns the resident bytes of the runtime. */
  memory(): number {
    return this.#runtime.memory();
  }

  close(): Promise<void> {
    return this.#runtime.close();
  }
}
