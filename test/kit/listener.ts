/** A listener that reads playlists and parts, and shares no code with src/. */

import { type Listed, readList, variantOf } from "./list.ts";

/** Asks for a URL. */
export type Ask = (url: URL, headers: Record<string, string>) => Promise<Response>;

/** One show's media playlist, and the media in it. */
export class Listener {
  /** The media playlist's URL. */
  readonly url: string;
  readonly #ask: Ask;

  private constructor(url: string, ask: Ask) {
    this.url = url;
    this.#ask = ask;
  }

  static async join(
    playbackUrl: string,
    headers: Record<string, string> = {},
    ask: Ask = (url, headers) => fetch(url, { headers }),
  ): Promise<Listener> {
    const response = await ask(new URL(playbackUrl), headers);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
    return new Listener(new URL(variantOf(text), playbackUrl).href, ask);
  }

  /** The epoch in the URL. */
  get epoch(): string {
    return new URL(this.url).pathname.split("/").at(-2) ?? "";
  }

  /** @param query directives, e.g. `_HLS_msn=3&_HLS_part=0` */
  get(query = ""): Promise<Response> {
    const url = new URL(this.url);
    for (const [name, value] of new URLSearchParams(query)) url.searchParams.append(name, value);
    return this.#ask(url, {});
  }

  async list(query = ""): Promise<Listed> {
    const response = await this.get(query);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
    return readList(text);
  }

  /** Waits with blocking reloads until part `msn.index` is listed. */
  async until(msn: number, index: number): Promise<Listed> {
    for (let list = await this.list(); list.firstMsn + list.segments.length < msn; ) {
      list = await this.list(`_HLS_msn=${list.firstMsn + list.segments.length}&_HLS_part=4`);
    }
    return this.list(`_HLS_msn=${msn}&_HLS_part=${index}`);
  }

  media(name: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#ask(new URL(name, this.url), headers);
  }

  async bytes(name: string): Promise<Uint8Array> {
    const response = await this.media(name);
    if (response.status !== 200) throw new Error(`${name}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }
}

/** The base media decode times of the chunks in these bytes (ISO/IEC 14496-12 section 8.8.12), in samples. */
export function decodeTimes(bytes: Uint8Array): number[] {
  const times = [];
  for (const { type, at } of boxes(bytes)) {
    if (type !== "moof") continue;
    const tfdt = Buffer.from(bytes).indexOf("tfdt", at);
    if (bytes[tfdt + 4] !== 1) throw new Error("there is no tfdt of version 1");
    times.push(Number(Buffer.from(bytes).readBigUInt64BE(tfdt + 8)));
  }
  return times;
}

/** The number of bytes of access units in these chunks: the louder and busier the sound, the more. */
export function payloadSize(bytes: Uint8Array): number {
  return boxes(bytes).reduce((sum, { type, length }) => sum + (type === "mdat" ? length - 8 : 0), 0);
}

/** The top-level boxes. */
function boxes(bytes: Uint8Array): { type: string; at: number; length: number }[] {
  const view = Buffer.from(bytes);
  const found = [];
  for (let at = 0; at < view.length; at += view.readUInt32BE(at)) {
    found.push({ type: view.toString("latin1", at + 4, at + 8), at, length: view.readUInt32BE(at) });
  }
  return found;
}
