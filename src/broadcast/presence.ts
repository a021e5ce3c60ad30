import type { Target } from "../paths.ts";

/**
 * After so long without anybody asking for a list or media, milliseconds, nobody follows a show: players ask more often, and
 * a read is held for two segments and a part at most.
 */
const QUIET_MS = 10_000;

/**
 * When a host or a listener was last at a show, as far as its object knows since it was made. Times are milliseconds since
 * 1970, by the wall clock.
 */
export class Presence {
  #lastAt: number;
  /** When somebody last asked for a list or media, whatever it was for. */
  #askedAt: number;

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

  /** Who is there, where hosts have these sessions. */
  of(sessions: readonly string[], wall: number): { readonly hosts: boolean; readonly listeners: boolean } {
    return { hosts: sessions.length > 0, listeners: !this.isQuiet(wall) };
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
    const isOfMedia = target.kind === "playlist" || target.kind === "segment" || target.kind === "part";
    if (isOfMedia && target.epoch === epoch) this.attended(wall);
  }
}
