import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { Histogram } from "./histogram.ts";
import { type List, type Media, readList } from "./list.ts";
import type { Objects } from "./objects.ts";
import { type Played, Player } from "./player.ts";
import { type Answer, Failure, type Traffic, Wire } from "./wire.ts";

/** The measurements that all listeners share. */
export interface Notes {
  readonly traffic: Traffic;
  readonly objects: Objects;
  /** Time from joining until the first media has arrived completely, ms. */
  readonly start: Histogram;
  /** Time from a part's last sample until the part has arrived completely, ms. */
  readonly delivery: Histogram;
  /** How far playback is behind the live sound, ms, sampled at each arrival. */
  readonly latency: Histogram;
  readonly lists: Lists;
}

/** A listener gives up after this many failed attempts in a row; and the time between attempts, ms. */
const TRIES = 4;
const RETRY_MS = 500;
const REDIRECTS = 3;

/** One listener that behaves like a player: it has a connection for playlists, one for media, and a {@link Player}. */
export class Listener {
  readonly #notes: Notes;
  readonly #playback: URL;
  readonly #listWire: Wire;
  readonly #mediaWire: Wire;
  readonly #player = new Player();
  /** The media fetches, which run one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #isGone = false;
  #hasFailed = false;
  readonly joinedAt = now();

  constructor(playbackUrl: string, notes: Notes) {
    this.#playback = new URL(playbackUrl);
    this.#notes = notes;
    this.#listWire = new Wire(this.#playback.origin, notes.traffic);
    this.#mediaWire = new Wire(this.#playback.origin, notes.traffic);
  }

  /** Whether it has received its first sound. */
  get hasStarted(): boolean {
    return this.#player.hasStarted;
  }

  /** Whether it gave up, before its first sound or later. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Its result if it left now. */
  get played(): Played {
    return this.#player.leave(now());
  }

  /** Plays until it leaves or gives up, or the show ends. Rejects only for bugs. */
  async play(): Promise<void> {
    try {
      await this.#follow();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#hasFailed = !this.#isGone;
    }
  }

  /** Leaves at once, and aborts pending requests. */
  async leave(): Promise<Played> {
    const played = this.played;
    this.#isGone = true;
    await Promise.all([this.#listWire.cut(), this.#mediaWire.cut()]);
    return played;
  }

  async #follow(): Promise<void> {
    const [multivariant, base] = await this.#multivariant();
    const uri = textOf(multivariant)
      .split(/\r?\n/)
      .findLast((line) => line !== "" && !line.startsWith("#"));
    const listUrl = new URL(uri ?? "", base);
    let asked = now();
    let list = await this.#list(listUrl, "");
    this.#enqueue(async () => void (await this.#fetch(this.#mediaWire, resolvePath(list.init, listUrl))));
    for (;;) {
      const fresh = this.#player.take(list);
      for (const media of fresh) this.#enqueue(() => this.#load(media, listUrl));
      if (list.ended || this.#isGone) break;
      if (list.reload === null) {
        // RFC 8216bis section 6.3.4: one target duration between loads, or half of it if nothing had changed.
        const pause = list.targetDuration / (fresh.length === 0 ? 2 : 1);
        await sleep(Math.max(0, asked + pause - now()), undefined, { ref: false });
      }
      if (this.#isGone) break;
      asked = now();
      list = await this.#list(listUrl, list.reload ?? "");
    }
    await this.#queue;
  }

  /** Fetches the multivariant playlist and returns it with its URL. The playback URL may redirect on the same server. */
  async #multivariant(): Promise<readonly [Answer, URL]> {
    let url = this.#playback;
    for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
      const answer = await this.#fetch(this.#listWire, pathOf(url));
      if (answer.location === "") return [answer, url];
      url = new URL(answer.location, url);
    }
    throw new Failure("redirects without end");
  }

  async #list(url: URL, directives: string): Promise<List> {
    const query = [url.search.slice(1), directives].filter((term) => term !== "").join("&");
    const canonical = directives === "" ? url.pathname : `${url.pathname}?${directives}`;
    const answer = await this.#fetch(
      this.#listWire,
      query === "" ? url.pathname : `${url.pathname}?${query}`,
      canonical,
    );
    return this.#notes.lists.read(answer);
  }

  async #load(media: Media, listUrl: URL): Promise<void> {
    try {
      const path = resolvePath(media.name, listUrl);
      await this.#fetch(this.#mediaWire, path, path, media.range);
    } catch (error) {
      if (!(error instanceof Failure) || this.#isGone) throw error;
      this.#player.lose(media);
      return;
    }
    const here = now();
    const isFirst = !this.#player.hasStarted;
    this.#player.receive(media, here);
    this.#notes.latency.add(this.#player.latency);
    if (isFirst) this.#notes.start.add(here - this.joinedAt);
    // Media that existed before the listener joined does not count as late.
    if (!isFirst && media.at + media.duration > this.joinedAt) {
      this.#notes.delivery.add(here - media.at - media.duration);
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work);
    // A listener that leaves drops its queue. A failure also makes the next reload fail, or shows at the end.
    this.#queue.catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
    });
  }

  async #fetch(wire: Wire, path: string, canonical = path, range: string | null = null): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      this.#notes.objects.ask(`${this.#playback.origin}${canonical}`);
      try {
        return await wire.get(path, range);
      } catch (error) {
        if (this.#isGone || tries === TRIES) throw error;
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }
}

/**
 * Parses each rendering of a playlist once, however many listeners get it. In reality each listener's own phone does this work,
 * but here one machine plays all of them.
 */
export class Lists {
  readonly #byTag = new Map<string, List>();

  read(answer: Answer): List {
    const known = this.#byTag.get(answer.etag);
    if (known !== undefined && answer.etag !== "") return known;
    const list = readList(textOf(answer));
    this.#byTag.set(answer.etag, list);
    if (this.#byTag.size > 100) this.#byTag.delete(this.#byTag.keys().next().value ?? "");
    return list;
  }
}

/** Returns the time in ms since 1970, with a fraction, by the same clock as the relay on this machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

function textOf({ bytes }: Answer): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isGzip ? gunzipSync(bytes) : bytes).toString("utf8");
}

function resolvePath(name: string, base: URL): string {
  return pathOf(new URL(name, base));
}

function pathOf({ pathname, search }: URL): string {
  return `${pathname}${search}`;
}
