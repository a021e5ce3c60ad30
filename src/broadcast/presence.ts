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
 * A host from whom nothing has come for this long, ms, is not there. Packets come every 20 ms, and an encoder that leaves out
 * silence (Opus DTX) sends one every 400 ms; the rest is for the network.
 */
const GONE_MS = 3_000;
/** A session unheard for this long, ms, keeps no show going: no outage of the SFU is expected to last longer. */
const UNHEARD_MS = 30 * 60_000;

/** A host's session, as far as it tells whether the host is there. */
export interface Session {
  readonly state: HostState;
  /** Whether it has no socket: then the SFU, and not the host, may be what is away. */
  readonly isAwaited: boolean;
  /** When the last message came to this object; null: never. */
  readonly heardAt: number | null;
  /** For how long no message has come, ms, as far as the object has listened. */
  quietMs(wall: number): number;
}

/**
 * Whether hosts are there. `gone`: with the time of the last one's last message. `unknown`: a host's socket is lost, by an
 * outage of the SFU or a restart of this object, and the SFU has not said what became of the host.
 */
export type Whereabouts =
  | { readonly kind: "there" }
  | { readonly kind: "unknown" }
  | { readonly kind: "gone"; readonly since: number };

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
  /** When the last message of a host came; null: none was there. */
  #heardAt: number | null = null;
  /** The same of hosts that were not muted. */
  #heardInMixAt: number | null = null;

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
   * Returns whether hosts and listeners are there, and when the last message of a host who was not muted came.
   *
   * @param sessions the sessions of hosts who are not muted
   * @param isHeld whether hold audio had begun, and no host been heard since: then there were listeners when the previous
   *   object went, and a session that this object has not heard is no host who is there
   */
  attendance(
    sessions: readonly Session[],
    isHeld: boolean,
    wall: number,
  ): { hosts: boolean; listeners: boolean; heardAt: number | null } {
    const hosts = sessions.some((session) => isThere(session, wall) && !(isHeld && session.heardAt === null));
    this.#heardInMixAt = latest(this.#heardInMixAt, sessions, wall);
    const listeners = (this.#isAsked || isHeld) && !this.isQuiet(wall);
    return { hosts, listeners, heardAt: this.#heardInMixAt };
  }

  /** Takes the sessions of all hosts, muted or not: one that was heard in the last half hour attends the show. */
  hosted(sessions: readonly Session[], wall: number): Whereabouts {
    if (sessions.some((session) => session.quietMs(wall) < UNHEARD_MS)) this.attended(wall);
    this.#heardAt = latest(this.#heardAt, sessions, wall);
    const there = sessions.filter((session) => isThere(session, wall));
    if (there.some((session) => session.heardAt !== null || !wasHeard(session))) return { kind: "there" };
    const isUnknown = sessions.some(
      (session) => wasHeard(session) && session.isAwaited && session.quietMs(wall) < UNHEARD_MS,
    );
    return isUnknown || there.length > 0
      ? { kind: "unknown" }
      : { kind: "gone", since: this.#heardAt ?? wall };
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

/** Whether a host is heard or about to be. */
function isThere(session: Session, wall: number): boolean {
  return session.quietMs(wall) < (wasHeard(session) ? GONE_MS : COMING_MS);
}

/** Whether a message of a session has ever come, to this object or to one before it. */
function wasHeard({ state: { state } }: Session): boolean {
  return state !== "connecting";
}

/** Returns when the last message of these sessions came, if that is later than `before`; not after `wall`, which may be set back. */
function latest(before: number | null, sessions: readonly Session[], wall: number): number | null {
  const times = sessions.filter(wasHeard).map((session) => wall - session.quietMs(wall));
  if (before !== null) times.push(Math.min(before, wall));
  return times.length === 0 ? null : Math.max(...times);
}
