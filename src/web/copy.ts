import { copyOf, LIFEBOAT_PATH } from "../lifeboat.ts";
import { backoff } from "./backoff.ts";
import { type MediaList, readMediaList, variantOf } from "./list.ts";

/** Timeout for a request to the copy, ms. */
const ANSWER_MS = 2_500;
/** The waits before a page asks again where the copy is, ms: usually, and while the relay fails. The backoff makes them longer. */
const AGAIN = { base: 2_000, ceiling: 60_000 };
const NEEDED = { base: 500, ceiling: 15_000 };

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

/** Whether a show has a copy; `unknown`: that could not be learnt, and may be learnt later. */
export type Found = { readonly kind: "copy"; readonly copy: Copy } | { readonly kind: "none" | "unknown" };

/** Asks once for the copy of show `id`. Its URL is in an asset, for which no Worker runs. */
export async function findCopy(id: string): Promise<Found> {
  try {
    const response = await fetch(LIFEBOAT_PATH, {
      signal: AbortSignal.timeout(ANSWER_MS),
      cache: "no-cache",
    });
    // A server without this asset answers 404, or with an HTML page. Any other refusal may be over soon.
    if (!response.ok) return { kind: response.status === 404 ? "none" : "unknown" };
    const url = urlIn(await response.text());
    return url === null ? { kind: "none" } : { kind: "copy", copy: new Copy(url, id) };
  } catch {
    return { kind: "unknown" };
  }
}

/** Finds the copy of a show. Where it can not learn whether there is one, it asks again, less and less often. */
export class CopySearch {
  readonly #id: string;
  #found: Found = { kind: "unknown" };
  #isAsking = false;
  /** How many times in a row there was no answer. */
  #misses = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** From when on it may ask because the copy is needed, by performance.now(), and how often it has. */
  #mayAskAt = 0;
  #hurries = 0;
  #tell: () => void = () => undefined;

  constructor(id: string) {
    this.#id = id;
    void this.#ask();
  }

  /** The copy; null where there is none, or none is known yet. */
  get copy(): Copy | null {
    return this.#found.kind === "copy" ? this.#found.copy : null;
  }

  /** Whether there may be a copy. */
  get isPossible(): boolean {
    return this.#found.kind !== "none";
  }

  /** Sets what is called once the copy has been found. */
  onFound(tell: () => void): void {
    this.#tell = tell;
  }

  /** Asks without waiting for the next regular time, because the relay fails. Call it as often as you like. */
  hurry(): void {
    const now = performance.now();
    if (this.#isAsking || this.#found.kind !== "unknown" || now < this.#mayAskAt) return;
    this.#mayAskAt = now + backoff(this.#hurries, NEEDED.base, NEEDED.ceiling);
    this.#hurries += 1;
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking || this.#found.kind !== "unknown") return;
    clearTimeout(this.#timer);
    this.#isAsking = true;
    this.#found = await findCopy(this.#id);
    this.#isAsking = false;
    if (this.#found.kind === "copy") this.#tell();
    if (this.#found.kind !== "unknown") return;
    this.#timer = setTimeout(() => void this.#ask(), backoff(this.#misses, AGAIN.base, AGAIN.ceiling));
    this.#misses += 1;
  }
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
