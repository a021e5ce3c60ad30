import { copyOf, LIFEBOAT_PATH } from "../lifeboat.ts";
import { type MediaList, readMediaList, variantOf } from "./list.ts";

/** Timeout for a request to the copy, ms. */
const ANSWER_MS = 2_500;

/** The copy of a show that is served without a Worker. */
export class Copy {
  /** The URL of its multivariant playlist, for a browser that reads playlists itself. */
  readonly playbackUrl: string;
  #variant: string | null = null;

  constructor(base: string, id: string) {
    this.playbackUrl = copyOf(base, id);
  }

  /**
   * Loads the copy's media playlist; null where it can not be loaded. With `anew`, it first reads the multivariant playlist
   * again, to find the media playlist of the show's newest timeline.
   */
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

/** Finds the copy of show `id`; null where this relay has none. Its URL is in an asset, for which no Worker runs. */
export async function findCopy(id: string): Promise<Copy | null> {
  const text = await textOf(LIFEBOAT_PATH, ANSWER_MS);
  const url = text === null ? null : urlIn(text);
  return url === null ? null : new Copy(url, id);
}

/** Reads the copy's base URL in the text of that asset; null where it names none. */
export function urlIn(text: string): string | null {
  try {
    const said: { readonly url?: unknown } | null = JSON.parse(text);
    return typeof said?.url === "string" ? said.url : null;
  } catch {
    // Not JSON: a server without this asset has answered with an HTML page.
    return null;
  }
}

/** Loads `url` as text; null where there is no answer within `millis`, or it is not a 2xx. */
export async function textOf(url: string, millis: number): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(millis), cache: "no-cache" });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}
