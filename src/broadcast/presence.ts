import type { HostState } from "../broadcast-api.ts";
import type { Target } from "../paths.ts";

/**
 * After so long without anybody asking for a list or media, milliseconds, nobody follows a show: players ask more often, and
 * a read is held for two segments and a part at most.
 */
const QUIET_MS = 10_000;
/** A session of which nothing has come for so long, milliseconds, is no host who is about to be heard. */
const COMING_MS = 10_000;

/**
 * When a host or a listener was last at a show, as far as its object knows since it was made. Times are milliseconds since
 * 1970, by the wall clock.
 */
export class Presence {
  #lastAt: number;
  /** When somebody last asked for a list or media, whatever it was for. */
  #askedAt: number;
  /** Whether anybody has, since the object was made. */
  #isAsked = false;

  constructor(wall: number) {
    this.#lastAt = wall;
    this.#askedAt = wall;
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  /** A host or a listener is there. */
  attended(wall: number): void {
    this.#lastAt = wall;
  }

  /**
   * Who is there, where hosts have these sessions.
   *
   * @param hadListeners whether there were some when the object before this one was gone
   */
  of(
    sessions: Iterable<HostState>,
    hadListeners: boolean,
    wall: number,
  ): { hosts: boolean; listeners: boolean } {
    const hosts = [...sessions].some(
      ({ state, since }) => state !== "connecting" || wall - since < COMING_MS,
    );
    return { hosts, listeners: (this.#isAsked || hadListeners) && !this.isQuiet(wall) };
  }

  /** Whether nobody has asked for a list or media for a while. */
  isQuiet(wall: number): boolean {
    return wall - this.#askedAt > QUIET_MS;
  }

  /**
   * A listener asks for something of the show, whose timeline is of `epoch`; null: none runs. Who asks for another timeline
   * listens to nothing, and who asks for the first list, the init segment or how the show is only looks in. Media that R2 or
   * a cache answers is not seen here, and need not be: each player reloads its list, no list is in R2, and no cache keeps one
   * of a running show for longer than 12 s.
   */
  read(target: Target, epoch: string | null, wall: number): void {
    this.#askedAt = wall;
    this.#isAsked = true;
    if ("epoch" in target && target.kind !== "init" && target.epoch === epoch) this.attended(wall);
  }
}
