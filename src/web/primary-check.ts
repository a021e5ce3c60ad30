import { type Copy, type CopySearch, textOf } from "./copy.ts";
import { checkWait } from "./failover-plan.ts";
import { type MediaList, readMediaList, variantOf } from "./list.ts";

/** Timeout for each request, ms. */
const ANSWER_MS = 3_000;
/** How often the wait for a check doubles at most. */
const MOST_DOUBLINGS = 6;

/**
 * Checks whether a show's primary is well: whether its media playlist, and the newest media in it, can be loaded.
 *
 * @param playbackUrl the URL of its multivariant playlist
 * @param known the URL of its media playlist, if the player has loaded it before, else null
 * @returns the media playlist; null where any of this can not be loaded
 */
export async function checkPrimary(playbackUrl: string, known: string | null): Promise<MediaList | null> {
  const url = known ?? (await variantAt(playbackUrl));
  const text = url === null ? null : await textOf(url, ANSWER_MS);
  const list = url === null || text === null ? null : readMediaList(text, url);
  return list !== null && (await textOf(list.newest, ANSWER_MS)) !== null ? list : null;
}

/**
 * What a browser's own player joins by: the primary, or the copy after the primary has failed, and the other way round. While it
 * plays the copy, the primary is checked after random times. `tellWell` is called when the player should join again because the
 * primary's newest media loads, and is not behind the copy.
 *
 * The change is heard as a pause of a second or two. So a page that nobody sees is left on the copy: a locked phone might not let
 * it play again. And the waits double with each return, so that a primary which only the player can not play costs few of them.
 */
export class NativeSource {
  readonly #url: string;
  readonly #search: CopySearch;
  readonly #tellWell: () => void;
  #isByCopy = false;
  #timer = 0;
  #returns = 0;

  /** @param url the playback URL */
  constructor(url: string, search: CopySearch, tellWell: () => void) {
    this.#url = url;
    this.#search = search;
    this.#tellWell = tellWell;
  }

  /** Whether there is a copy, and the player would turn to it after a failure. */
  get isCopyNext(): boolean {
    return !this.#isByCopy && this.#search.copy !== null;
  }

  /** Notes that play was pressed: the player joins by the primary. */
  press(): void {
    this.#isByCopy = false;
    this.#returns = 0;
  }

  /** Notes that the player has failed: it joins by the other source next. The copy is looked for if it is not known yet. */
  failed(): void {
    this.#isByCopy = this.isCopyNext;
    this.#search.hurry();
  }

  /** Returns the URL to join by. */
  begin(): string {
    const copy = this.#isByCopy ? this.#search.copy : null;
    if (copy !== null) this.#planCheck(copy);
    return copy?.playbackUrl ?? this.#url;
  }

  /** Checks the primary no more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #planCheck(copy: Copy): void {
    const wait = checkWait(Math.random()) * 2 ** Math.min(this.#returns, MOST_DOUBLINGS);
    this.#timer = window.setTimeout(() => void this.#check(copy, this.#timer), wait);
  }

  async #check(copy: Copy, timer: number): Promise<void> {
    const isWell = !document.hidden && (await this.#isWell(copy));
    if (timer !== this.#timer) return;
    if (!isWell) return this.#planCheck(copy);
    this.#returns += 1;
    this.#isByCopy = false;
    this.#tellWell();
  }

  async #isWell(copy: Copy): Promise<boolean> {
    const list = await checkPrimary(this.#url, null);
    if (list === null || list.isOver) return false;
    const copied = await copy.list(true);
    return copied === null || list.end >= copied.end;
  }
}

async function variantAt(playbackUrl: string): Promise<string | null> {
  const multivariant = await textOf(playbackUrl, ANSWER_MS);
  return multivariant === null ? null : variantOf(multivariant, new URL(playbackUrl, location.href).href);
}
