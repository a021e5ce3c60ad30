import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { type ListedPart, readList, variantOf } from "../kit/list.ts";

/**
 * A well-behaved LL-HLS listener. It joins PART-HOLD-BACK behind the live edge, uses blocking reloads, fetches each
 * part once it is listed, and plays by its own clock. It counts a stall when the clock has played everything that was
 * fetched.
 */
export class Player {
  /** The duration of each stall, ms. */
  readonly stalls: number[] = [];
  /** Every answer that was not a 200, as `status path`. */
  readonly failures: string[] = [];
  /** The least media left to play at the arrival of a part, ms. */
  leastAhead = Number.POSITIVE_INFINITY;
  played = 0;
  readonly #url: URL;
  readonly #agent = new Agent({ connections: 2, bodyTimeout: 20_000, headersTimeout: 20_000 });
  #isPlaying = true;
  /**
   * The offset of the playing clock: the media date that corresponds to `performance.now()` 0, ms; null before playing.
   */
  #clock: number | null = null;
  /** The date up to which media has been fetched, ms since 1970. */
  #fetchedTo = 0;
  readonly #done: Promise<void>;

  constructor(url: URL) {
    this.#url = url;
    this.#done = this.#play();
  }

  async stop(): Promise<void> {
    this.#isPlaying = false;
    await this.#done;
    await this.#agent.close();
  }

  async #play(): Promise<void> {
    const multivariant = String(await this.#get(this.#url));
    const url = new URL(variantOf(multivariant), this.#url);
    let list = readList(String(await this.#get(url)));
    const holdBack = Number(/PART-HOLD-BACK=([\d.]+)/.exec(list.text)?.[1]);
    await this.#get(new URL("init.mp4", url));
    const end = endOf(list.parts.at(-1));
    this.#fetchedTo = list.parts.findLast(({ date }) => date <= end - 1000 * holdBack)?.date ?? end;
    while (this.#isPlaying) {
      for (const part of list.parts) {
        // Parts follow each other to the millisecond; their dates are rounded.
        if (part.date < this.#fetchedTo - 2 || !this.#isPlaying) continue;
        await this.#get(new URL(part.name, url));
        this.#arrived(part);
      }
      const hint = /p(\d+)\.(\d+)\.m4s/.exec(list.hint ?? "");
      const next = new URL(url);
      next.searchParams.set("_HLS_msn", hint?.[1] ?? "");
      next.searchParams.set("_HLS_part", hint?.[2] ?? "");
      if (this.#isPlaying) list = readList(String(await this.#get(next)));
    }
  }

  #arrived(part: ListedPart): void {
    const now = performance.now();
    this.#clock ??= part.date - now;
    const ahead = this.#fetchedTo - (this.#clock + now);
    if (this.played > 0) this.leastAhead = Math.min(this.leastAhead, ahead);
    if (ahead < 0 && this.played > 0) {
      this.stalls.push(-ahead);
      // Playback goes on where it stopped.
      this.#clock = part.date - now;
    }
    this.#fetchedTo = endOf(part);
    this.played += 1;
  }

  /** Fetches a URL; after a failure it tries again a second later, as players do. */
  async #get(url: URL): Promise<Buffer> {
    while (this.#isPlaying) {
      const problem = await request(url, { dispatcher: this.#agent }).then(
        async ({ statusCode, body }) => {
          const bytes = Buffer.from(await body.arrayBuffer());
          return statusCode === 200 ? bytes : String(statusCode);
        },
        (error: unknown) => String(error),
      );
      if (typeof problem !== "string") return problem;
      this.failures.push(`${problem} ${url.pathname}${url.search}`);
      await sleep(1_000);
    }
    return Buffer.alloc(0);
  }
}

function endOf(part: ListedPart | undefined): number {
  return part === undefined ? 0 : part.date + 1000 * part.duration;
}
