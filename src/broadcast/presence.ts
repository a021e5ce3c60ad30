import type { HostState } from "../broadcast-api.ts";
import type { Target } from "../paths.ts";

/**
 * Time without a request for a list or media after which a show has no listeners, ms. Players ask more often, and a read is
 * held for two segments and a part at most.
 */
const QUIET_MS = 10_000;
/** A session that has sent nothing for this long, ms, does not count as a host who is about to be heard. */
const COMING_MS = 10_000;

/**
 * Tracks when a host or a listener was last at a show, as far as its object has seen since it was created. Times are wall-clock
 * milliseconds since 1970.
 */
export class Presence {
  #lastAt: number;
  /** When somebody last asked for a list or media, of whatever timeline. */
  #askedAt: number;
  /** Whether anybody has asked since the object was created. */
  #isAsked = false;

  constructor(wall: number) {
    this.#lastAt = wall;
    this.#askedAt = wall;
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  /** Notes that a host or a listener is there. */
  attended(wall: number): void {
    this.#lastAt = wall;
  }

  /**
   * Returns whether hosts and listeners are there.
   *
   * @param sessions the hosts' sessions
   * @param hadListeners whether there were listeners when the previous object went
   */
  attendance(
    sessions: Iterable<HostState>,
    hadListeners: boolean,
    wall: number,
  ): { hosts: boolean; listeners: boolean } {
    const hosts = [...sessions].some(
      ({ state, since }) => state !== "connecting" || wall - since < COMING_MS,
    );
    return { hosts, listeners: (this.#isAsked || hadListeners) && !this.isQuiet(wall) };
  }

  /** Whether nobody has asked for a list or media in the last 10 s. */
  isQuiet(wall: number): boolean {
    return wall - this.#askedAt > QUIET_MS;
  }

  /**
   * Notes a listener's request. `epoch` is that of the show's timeline; null: none runs. A request for another timeline does
   * not count as listening. Nor does one for the first list, the init segment or the show's status, which only looks in. This
   * object does not see media that R2 or a cache answers, and need not: each player reloads its list, the relay's lists are
   * not in R2, and no cache keeps a list of a running show for longer than 12 s.
   */
  read(target: Target, epoch: string | null, wall: number): void {
    this.#askedAt = wall;
    this.#isAsked = true;
    if ("epoch" in target && target.kind !== "init" && target.epoch === epoch) this.attended(wall);
  }
}
