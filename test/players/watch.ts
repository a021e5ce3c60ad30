import { setTimeout as sleep } from "node:timers/promises";
import { type Listed, readList, variantOf } from "../kit/list.ts";

/** One reload that brought something new: when it came, and how far the playlist went. Both in ms since 1970. */
export interface Step {
  readonly at: number;
  /** The date at which the playlist ended. */
  readonly end: number;
}

/**
 * Reads a show's playlists beside the players, by blocking reloads, each for the part after the last. It notes
 * violations of what a playlist may do, and every failed answer. It reads one show until its end, or {@link
 * Watch.toTheEnd}.
 */
export class Watch {
  /** What was wrong with a playlist, in words. */
  readonly findings: string[] = [];
  /** Answers other than 200, and requests that failed. */
  readonly errors: string[] = [];
  readonly steps: Step[] = [];
  /** The bytes of each segment as first listed, by its number. */
  readonly segments = new Map<number, Uint8Array>();
  /** The newest playlist. */
  last: Listed | null = null;
  readonly #playbackUrl: string;
  readonly #dates = new Map<string, number>();
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(playbackUrl: string) {
    this.#playbackUrl = playbackUrl;
    this.#done = this.#run();
  }

  /** Reads on until the playlist of a show that was ended says so, but for `millis` at most. */
  async toTheEnd(millis: number): Promise<void> {
    await Promise.race([this.#done, sleep(millis)]);
    this.#isStopped = true;
    await this.#done;
  }

  /** Returns the longest time without anything new that overlaps the given time, ms. */
  drought(from: number, until: number): number {
    const stretches = this.steps.slice(1).map(({ at }, n) => ({ from: this.steps[n]?.at ?? at, until: at }));
    const within = stretches.filter((stretch) => stretch.until > from && stretch.from < until);
    return Math.max(0, ...within.map((stretch) => stretch.until - stretch.from));
  }

  async #run(): Promise<void> {
    let url = "";
    let fetched = Promise.resolve();
    while (!this.#isStopped) {
      const text = await this.#text(url === "" ? this.#playbackUrl : this.#next(url));
      if (text === null) await sleep(200);
      else if (url === "") url = new URL(variantOf(text), this.#playbackUrl).href;
      else {
        const list = this.#look(readList(text));
        fetched = fetched.then(() => this.#fetch(list, url));
        if (list.ended) break;
      }
    }
    await fetched;
  }

  /** Fetches the segments of a playlist that were not fetched yet: one after the other, between reloads. */
  async #fetch({ segments }: Listed, url: string): Promise<void> {
    for (const { name, msn } of segments) {
      if (this.segments.has(msn)) continue;
      const bytes = await this.#bytes(new URL(name, url).href);
      if (bytes !== null) this.segments.set(msn, bytes);
    }
  }

  async #text(url: string): Promise<string | null> {
    const bytes = await this.#bytes(url);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  async #bytes(url: string): Promise<Uint8Array | null> {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(40_000) });
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (response.status === 200) return bytes;
      this.errors.push(`${response.status} ${new URL(url).search}`);
    } catch (error) {
      const { cause, message } = error as Error & { cause?: { code?: string } };
      this.errors.push(cause?.code ?? message);
    }
    return null;
  }

  #next(url: string): string {
    if (this.last === null) return url;
    const msn = this.last.firstMsn + this.last.segments.length;
    const part = this.last.parts.filter((listed) => listed.msn === msn).length;
    return `${url}${url.includes("?") ? "&" : "?"}_HLS_msn=${msn}&_HLS_part=${part}`;
  }

  #look(list: Listed): Listed {
    const before = this.last;
    if (/^#EXT-X-(DISCONTINUITY|GAP)$/m.test(list.text)) this.findings.push("a discontinuity or a gap");
    if (before !== null && list.firstMsn < before.firstMsn)
      this.findings.push(`the media sequence went back from ${before.firstMsn} to ${list.firstMsn}`);
    for (const { name, date } of list.segments) {
      const dated = this.#dates.get(name) ?? date;
      if (Math.abs(dated - date) > 1) this.findings.push(`${name} was dated ${dated}, then ${date}`);
      this.#dates.set(name, date);
    }
    const end = endOf(list);
    const reached = before === null ? Number.NEGATIVE_INFINITY : endOf(before);
    if (end < reached) this.findings.push(`the list's end went back by ${reached - end} ms`);
    if (end > reached) this.steps.push({ at: Date.now(), end });
    this.last = list;
    return list;
  }
}

/** Returns the date at which a playlist ends. */
function endOf({ parts, segments }: Listed): number {
  const last = parts.at(-1) ?? segments.at(-1);
  const segment = segments.at(-1);
  const ends = [last, segment].map((one) => (one === undefined ? 0 : one.date + 1000 * one.duration));
  return Math.max(...ends);
}
