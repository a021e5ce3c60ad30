import { readList, variantOf } from "../kit/list.ts";

/** A listener's address and player. */
export interface Person {
  readonly address: string;
  readonly agent?: string;
  /** Whether the player drops the query of the media playlist's URL. */
  readonly dropsQuery?: boolean;
}

/** Returns listeners in networks of their own: no two in one /24. */
export function apart(count: number, network: number): Person[] {
  return Array.from({ length: count }, (_, n) => ({ address: `${network}.${n >> 8}.${n & 255}.7` }));
}

/**
 * Listeners who play as plain HLS players do: they reload the media playlist, and fetch each new segment once. Their
 * addresses are in the header that the platform sets; the local runtime accepts it from any client.
 */
export class Crowd {
  #isHere = true;
  readonly #done: Promise<unknown>;
  /** Every answer that was not a 200, as `status path`. */
  readonly failures: string[] = [];
  /** The ids that the edge gave them. */
  readonly ids = new Set<string>();

  /**
   * All listeners come within two seconds, and reload the playlist every four.
   *
   * @param speed how many seconds of the show's clock pass in a second; the listeners are as fast
   */
  constructor(playbackUrl: string, people: readonly Person[], speed = 1) {
    const reloadMs = 4_000 / speed;
    this.#done = Promise.all(
      people.map((person, n) =>
        this.#listen(playbackUrl, person, (reloadMs * n) / (2 * people.length), reloadMs),
      ),
    );
  }

  /** All listeners leave; resolves when the last request has ended. */
  async leave(): Promise<void> {
    this.#isHere = false;
    await this.#done;
  }

  async #listen(playbackUrl: string, person: Person, delay: number, reloadMs: number): Promise<void> {
    await this.#pause(delay);
    const headers = {
      "cf-connecting-ip": person.address,
      ...(person.agent !== undefined && { "user-agent": person.agent }),
    };
    const multivariant = await this.#get(playbackUrl, headers);
    const url = new URL(variantOf(multivariant), playbackUrl);
    this.ids.add(url.searchParams.get("l") ?? "");
    if (person.dropsQuery === true) url.search = "";
    const played = new Set<string>();
    while (this.#isHere) {
      const due = performance.now() + reloadMs;
      const { segments, ended } = readList(await this.#get(url.href, headers));
      if (ended) return;
      // A player that joins starts three segments from the end (RFC 8216bis section 6.3.3).
      const fresh = segments.slice(-3).filter(({ name }) => !played.has(name));
      for (const { name } of fresh) {
        played.add(name);
        await this.#get(new URL(name, url).href, headers);
      }
      await this.#pause(due - performance.now());
    }
  }

  async #get(url: string, headers: Record<string, string>): Promise<string> {
    if (!this.#isHere) return "";
    const response = await fetch(url, { headers });
    const text = await response.text();
    if (response.status !== 200) this.failures.push(`${response.status} ${url}`);
    return text;
  }

  /** Waits, but ends early when all leave. */
  async #pause(millis: number): Promise<void> {
    for (const until = performance.now() + millis; this.#isHere && performance.now() < until; ) {
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(1, Math.min(250, until - performance.now()))),
      );
    }
  }
}
