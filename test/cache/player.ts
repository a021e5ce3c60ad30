import { type Listed, readList, variantOf } from "../kit/list.ts";
import type { CachedWorld, EdgeName } from "./world.ts";

/** A listener of one show. Each request goes to the edge that `route` returns. */
export class Player {
  /** Every answer that was not a 200, as `status path`. */
  readonly failures: string[] = [];
  /** Media bytes by name. */
  readonly media = new Map<string, Uint8Array>();
  /** For each list: when it came, ms, the directives it was asked with, and the list. */
  readonly lists: { readonly at: number; readonly wanted: string; readonly list: Listed }[] = [];
  readonly #world: CachedWorld;
  readonly #id: string;
  readonly #route: () => EdgeName;
  #list = "";

  constructor(world: CachedWorld, id: string, route: () => EdgeName) {
    this.#world = world;
    this.#id = id;
    this.#route = route;
  }

  async join(): Promise<Listed> {
    const multivariant = await this.#text(`/live/${this.#id}/index.m3u8`);
    const uri = variantOf(multivariant);
    this.#list = `/live/${this.#id}/${uri}`;
    await this.fetch("init.mp4");
    return this.list("");
  }

  /** Follows the live edge by blocking reloads for `millis`, and fetches each part once it is listed. */
  async follow(millis: number): Promise<void> {
    const until = Date.now() + millis;
    for (let list = await this.join(); Date.now() < until; ) {
      const last = list.parts.at(-1);
      const hint = /p(\d+)\.(\d+)\.m4s/.exec(list.hint ?? "");
      if (last === undefined || hint === null) throw new Error(`no parts or no hint: ${list.text}`);
      const query = `_HLS_msn=${hint[1]}&_HLS_part=${hint[2]}`;
      [list] = await Promise.all([this.list(query), this.fetch(last.name)]);
    }
  }

  /** Follows the live edge by whole segments. */
  async followSegments(millis: number): Promise<void> {
    const until = Date.now() + millis;
    for (let list = await this.join(); Date.now() < until; ) {
      for (const { name } of list.segments) if (!this.media.has(name)) await this.fetch(name);
      list = await this.list(`_HLS_msn=${list.firstMsn + list.segments.length}`);
    }
  }

  async list(query: string): Promise<Listed> {
    const list = readList(await this.#text(query === "" ? this.#list : `${this.#list}&${query}`));
    this.lists.push({ at: Date.now(), wanted: query, list });
    return list;
  }

  async fetch(name: string): Promise<void> {
    const path = this.#list.replace(/[^/]+$/, name);
    const response = await this.#world.get(this.#route(), path);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 200) this.media.set(name, bytes);
    else this.failures.push(`${response.status} ${name} ${new TextDecoder().decode(bytes)}`);
  }

  async #text(path: string): Promise<string> {
    const response = await this.#world.get(this.#route(), path);
    const text = await response.text();
    if (response.status !== 200) this.failures.push(`${response.status} ${path} ${text}`);
    return text;
  }
}

/** Whether `list` has the place that `_HLS_msn` and `_HLS_part` ask for (RFC 8216bis section 6.2.5.2). */
export function has({ firstMsn, segments, parts }: Listed, query: string): boolean {
  const directives = new URLSearchParams(query);
  if (!directives.has("_HLS_msn")) return true;
  const msn = Number(directives.get("_HLS_msn"));
  const part = Number(directives.get("_HLS_part") ?? 0);
  const last = firstMsn + segments.length - 1;
  return last >= msn || parts.some((listed) => listed.msn === msn && listed.index >= part);
}

/** How far behind the wall clock the end of a live list is by its own dates, ms. */
export function lagOf({ parts }: Listed): number {
  const last = parts.at(-1);
  return last === undefined ? 0 : Date.now() - (last.date + 1000 * last.duration);
}

/** How far a list reaches, in parts since the show began. */
export function reach({ firstMsn, segments, parts }: Listed): number {
  const last = parts.at(-1);
  return Math.max((firstMsn + segments.length) * 5, last === undefined ? 0 : last.msn * 5 + last.index + 1);
}
