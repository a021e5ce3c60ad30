import { copyOf, type Lifeboat } from "../lifeboat.ts";
import { type MediaList, readMediaList, variantOf } from "./list.ts";

/** How long the copy may take to answer, ms. */
const ANSWER_MS = 2_500;

/** The copy of a show that is served without a Worker. */
export class Copy {
  /** Of its multivariant playlist: what a player that reads playlists itself takes. */
  readonly playbackUrl: string;
  #variant: string | null = null;

  constructor(base: string, id: string) {
    this.playbackUrl = copyOf(base, id);
  }

  /** Its media playlist as it is now; null where it can not be had. With `anew`, that of the show's newest timeline. */
  async list(anew = false): Promise<MediaList | null> {
    if (anew || this.#variant === null) {
      const multivariant = await textOf(this.playbackUrl, ANSWER_MS);
      this.#variant = multivariant === null ? null : variantOf(multivariant, this.playbackUrl);
    }
    if (this.#variant === null) return null;
    const text = await textOf(this.#variant, ANSWER_MS);
    return text === null ? null : readMediaList(text, this.#variant);
  }
}

/** The copy of show `id`; null where this relay has none. The answer is an asset: no Worker runs for it. */
export async function findCopy(id: string): Promise<Copy | null> {
  try {
    const { url } = JSON.parse((await textOf("/lifeboat.json", ANSWER_MS)) ?? '{"url":null}') as Lifeboat;
    return url === null ? null : new Copy(url, id);
  } catch {
    // A page for people, of a server that has no such asset.
    return null;
  }
}

/** What a URL answers within so many ms; null where it does not, or not with 200. */
export async function textOf(url: string, millis: number): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(millis), cache: "no-cache" });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}
