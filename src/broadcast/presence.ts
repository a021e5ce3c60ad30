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
/**
 * A session unheard for this long, ms, keeps no show going, and hosts who may have been there for this long without being heard
 * are given up: no outage of the SFU is expected to last longer.
 */
const UNHEARD_MS = 30 * 60_000;
/**
 * A host whom the SFU has kept away is expected to try again within this time, ms. The studio does so 8 s after each answer at
 * the latest, and an answer takes 7 s at most.
 */
const KEPT_AWAY_MS = 30_000;

/** A host's session, as far as it tells whether the host is there. */
export interface Session {
  readonly state: HostState;
  /** When the last message came to this object; null: never. */
  readonly heardAt: number | null;
  /** For how long no message has come, ms, as far as the object has listened. */
  quietMs(wall: number): number;
  /**
   * For how long no message has come on its present socket, ms; null: it has none. Without a socket, or with one that has just
   * been dialled, the SFU, and not the host, may be what was away.
   */
  socketQuietMs(wall: number): number | null;
}

/**
 * Whether hosts are there. `gone`: since the last one's last message, or since it was last possible that one was there. `unknown`:
 * a host's socket is lost, by an outage of the SFU or a restart of this object, and the SFU has not said what became of the
 * host; or a host wants to come, and the SFU takes nobody.
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
  /**
   * Since the last message of a host: when it was first and last possible that a host was there without being heard. Null: it was
   * not possible.
   */
  #unheard: { readonly from: number; readonly until: number } | null = null;
  /** When a host first and last wanted to come without being taken by the SFU. Null: none has. */
  #keptAway: { readonly from: number; readonly at: number } | null = null;
  /** The same as `#heardAt` of hosts that were not muted. */
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

  /** Notes that a host wants to come, and that the SFU does not take it. */
  keptAway(wall: number): void {
    this.#keptAway = { from: Math.min(wall, this.#keptAwaySinceHeard?.from ?? wall), at: wall };
  }

  /** Whether a host still wants to come whom the SFU does not take. It is given up half an hour after its first try. */
  isKeptAway(wall: number): boolean {
    const tries = this.#keptAwaySinceHeard;
    // The wall clock may be set back.
    return tries !== null && Math.abs(wall - tries.at) < KEPT_AWAY_MS && wall - tries.from < UNHEARD_MS;
  }

  /** The tries of hosts whom the SFU has not taken; null where a host has been heard after the last one. */
  get #keptAwaySinceHeard(): { readonly from: number; readonly at: number } | null {
    const isOver = (this.#keptAway?.at ?? 0) <= (this.#heardAt ?? Number.NEGATIVE_INFINITY);
    return isOver ? null : this.#keptAway;
  }

  /** Takes the sessions of all hosts, muted or not: one that was heard in the last half hour attends the show. */
  hosted(sessions: readonly Session[], wall: number): Whereabouts {
    if (sessions.some((session) => session.quietMs(wall) < UNHEARD_MS)) this.attended(wall);
    this.#heardAt = latest(this.#heardAt, sessions, wall);
    const there = sessions.filter((session) => isThere(session, wall));
    if (there.some(({ heardAt }) => heardAt !== null)) {
      this.#unheard = null;
      return { kind: "there" };
    }
    const isUnknown = sessions.some((session) => isLost(session, wall)) || this.isKeptAway(wall);
    if (there.length === 0 && !isUnknown) return { kind: "gone", since: this.#goneSince(wall) };
    this.#mayBeThere(wall);
    return { kind: there.some((session) => !wasHeard(session)) ? "there" : "unknown" };
  }

  /** Notes that a host may be there without being heard. After half an hour of that only one who is kept away counts. */
  #mayBeThere(wall: number): void {
    const { from, until } = this.#unheard ?? { from: wall, until: wall };
    const isGivenUp = wall - from >= UNHEARD_MS && !this.isKeptAway(wall);
    // The wall clock may be set back.
    this.#unheard = { from: Math.min(from, wall), until: isGivenUp ? until : wall };
  }

  /** Returns since when no host has been there, or can have been. */
  #goneSince(wall: number): number {
    const times = [this.#heardAt, this.#unheard?.until ?? null].filter((time) => time !== null);
    return times.length === 0 ? wall : Math.min(wall, Math.max(...times));
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

/** Whether the SFU, and not the host, may be why a session that was heard is not heard now. */
function isLost(session: Session, wall: number): boolean {
  const isUnheard = (session.socketQuietMs(wall) ?? 0) < GONE_MS;
  return wasHeard(session) && isUnheard && session.quietMs(wall) < UNHEARD_MS;
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
