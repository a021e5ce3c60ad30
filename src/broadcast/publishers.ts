import { ingestToken } from "../access/keys.ts";
import { randomName, type Secret } from "../access/secret.ts";
import type { Offer } from "../ingest/offer.ts";
import type { Sfu, SfuFault } from "../ingest/sfu.ts";
import { ingestUrl } from "../paths.ts";
import type { Store } from "./store.ts";

/** One WHIP session: a host's connection to the SFU, and the socket on which the SFU brings its sound. */
export interface Publisher {
  /** The WHIP session's unguessable name; never the SFU's. */
  readonly session: string;
  readonly sfuSession: string;
  readonly mid: string;
  /** Where the SFU is told to dial: the origin of the request that published. */
  readonly origin: string;
  /** Counts the adapters made for this session; a token names its generation. */
  readonly generation: number;
  readonly adapter: string | null;
  readonly createdAt: number;
}

/** Publishing was refused because this many hosts are on already. */
export interface Crowded {
  readonly kind: "crowded";
  readonly limit: number;
}

export interface Accepted {
  readonly kind: "accepted";
  readonly answer: string;
  readonly session: string;
}

export interface Dependencies {
  readonly store: Store;
  readonly sfu: Sfu;
  readonly secret: Secret;
  readonly later: (work: Promise<void>) => void;
}

const MAX_PUBLISHERS = 8;
const CROWDED: Crowded = { kind: "crowded", limit: MAX_PUBLISHERS };
/** The SFU re-dials a lost socket for 15 s; after that a new adapter is asked for. */
const REDIAL_MS = 17_000;
/**
 * For how long a host may be quiet before its place goes to a newcomer: once it was heard, what a dead publisher is
 * noticed by; before, what {@link Sfu.attach} takes to give up. A hiccup or a slow start must not cost anybody the show.
 */
const PATIENCE_MS = { heard: 6_000, connecting: 25_000 };
/** The same where every place is taken: a host that lost the connection is to be back at once. */
const PATIENCE_IN_A_CROWD_MS = { heard: 1_000, connecting: 5_000 };

/** The publishers of one broadcast. Owns the SFU's sessions and adapters; the shell owns the sockets' events. */
export class Publishers {
  readonly #store: Store;
  readonly #sfu: Sfu;
  readonly #secret: Secret;
  readonly #id: string;
  readonly #all = new Map<string, Publisher>();
  readonly #sockets = new Map<string, WebSocket>();
  /**
   * Since when a session that the SFU was to dial for has had no socket, milliseconds since 1970. One that is being
   * attached is not missing: {@link attach} itself gives up in time.
   */
  readonly #missing = new Map<string, number>();
  /** When a session's last message came, as far as this object has heard it, milliseconds since 1970. */
  readonly #heard = new Map<string, number>();
  /** When this object took the sessions up: before, none of them can have been heard. */
  readonly #since: number;

  readonly #later: (work: Promise<void>) => void;

  /** @param deps.later keeps the object alive for work that nobody waits for */
  constructor(deps: Dependencies, id: string, now: number) {
    const { store, sfu, secret, later } = deps;
    this.#later = later;
    this.#store = store;
    this.#sfu = sfu;
    this.#secret = secret;
    this.#id = id;
    this.#since = now;
    for (const publisher of store.publishers()) {
      this.#all.set(publisher.session, publisher);
      // Nobody dials for a session that was being attached when the object went.
      this.#missing.set(publisher.session, publisher.adapter === null ? 0 : now);
    }
  }

  get sessions(): readonly string[] {
    return [...this.#all.keys()];
  }

  has(session: string): boolean {
    return this.#all.has(session);
  }

  /**
   * Takes a host's offer to the SFU. Hosts who have long been quiet give their places to the newcomer; one who lost the
   * connection and publishes again is mixed with its own silence until then. The SFU is told to dial by {@link attach},
   * afterwards.
   *
   * @param isOver whether the show has ended: it may while the SFU is asked, and nothing is stored for it then
   */
  async publish(
    offer: Offer,
    origin: string,
    isOver: () => boolean,
  ): Promise<Accepted | Crowded | SfuFault | "ended"> {
    if (isOver()) return "ended";
    if (this.#givingWay(Date.now()) === null) return CROWDED;
    const published = await this.#sfu.publish(offer);
    if (published.kind === "fault") return published;
    // Others have come, gone or been heard while the SFU was asked.
    const now = Date.now();
    const givingWay = this.#givingWay(now);
    if (isOver() || givingWay === null) {
      this.#later(this.#release({ sfuSession: published.session, mid: offer.mid, adapter: null }));
      return isOver() ? "ended" : CROWDED;
    }
    for (const session of givingWay) this.#later(this.drop(session, "superseded by a new connection"));
    const publisher: Publisher = {
      session: randomName(),
      sfuSession: published.session,
      mid: offer.mid,
      origin,
      generation: 1,
      adapter: null,
      createdAt: now,
    };
    this.#put(publisher);
    return { kind: "accepted", answer: published.answer, session: publisher.session };
  }

  /** Has the SFU dial this object for `session`, once the host's transport is up. Gives the session up where it can not. */
  async attach(session: string): Promise<void> {
    const publisher = this.#all.get(session);
    if (publisher === undefined) return;
    const { sfuSession, origin, generation } = publisher;
    const token = await ingestToken(this.#secret, this.#id, session, generation);
    const endpoint = ingestUrl(origin, this.#id, session, generation, token);
    const isCurrent = () => this.#all.get(session)?.generation === generation;
    const attached = await this.#sfu.attach(sfuSession, endpoint, isCurrent);
    if (attached.kind === "fault") {
      console.warn(`The SFU could not attach a host of ${this.#id}: ${attached.status} ${attached.code}`);
      if (isCurrent()) await this.drop(session, "could not be attached");
    } else if (isCurrent()) {
      this.#put({ ...publisher, adapter: attached.adapter });
      if (!this.#sockets.has(session)) this.#missing.set(session, Date.now());
    } else {
      await this.#sfu.detach(attached.adapter);
    }
  }

  /** Takes the socket that the SFU dialled for `session`; a newer one supersedes the old. */
  connect(session: string, generation: number, socket: WebSocket): boolean {
    if (this.#all.get(session)?.generation !== generation) return false;
    const old = this.#sockets.get(session);
    this.#sockets.set(session, socket);
    this.#missing.delete(session);
    old?.close(1000, "superseded by a newer connection");
    return true;
  }

  /** Takes back a socket that outlived the object's memory. */
  readopt(session: string, socket: WebSocket): void {
    if (!this.#all.has(session)) return;
    this.#sockets.set(session, socket);
    this.#missing.delete(session);
  }

  /** A message of `session` came. */
  hear(session: string, now: number): void {
    this.#heard.set(session, now);
  }

  /** Whether `socket` is the one that `session` is heard on. */
  isCurrent(session: string, socket: WebSocket): boolean {
    return this.#sockets.get(session) === socket;
  }

  /** A socket closed. The SFU closes with 1000 when the host has gone; anything else it re-dials. */
  async disconnect(session: string, socket: WebSocket, code: number, now: number): Promise<void> {
    if (this.#sockets.get(session) !== socket) return;
    this.#sockets.delete(session);
    if (code === 1000) await this.drop(session, "the host has gone");
    else this.#missing.set(session, now);
  }

  /** Asks for a new adapter for every session whose socket has been missing for longer than the SFU re-dials. */
  async sweep(now: number): Promise<void> {
    const lost = [...this.#all.values()].filter(
      ({ session }) => now - (this.#missing.get(session) ?? now) >= REDIAL_MS,
    );
    for (const publisher of lost) {
      this.#missing.delete(publisher.session);
      this.#put({ ...publisher, generation: publisher.generation + 1, adapter: null });
    }
    await Promise.all(lost.map(({ session }) => this.attach(session)));
  }

  /** Ends a session here and at the SFU. `why` goes into the socket's close frame. */
  async drop(session: string, why: string): Promise<void> {
    const publisher = this.#all.get(session);
    if (publisher === undefined) return;
    this.#all.delete(session);
    this.#missing.delete(session);
    this.#heard.delete(session);
    this.#store.dropPublisher(session);
    this.#sockets.get(session)?.close(1000, why);
    this.#sockets.delete(session);
    await this.#release(publisher);
  }

  /** Who gives a place to a host that comes at `now`; null where none is free and nobody is quiet. */
  #givingWay(now: number): readonly string[] | null {
    const quiet = [...this.#all.values()]
      .map(({ session, createdAt }) => {
        const heard = this.#heard.get(session);
        return {
          session,
          millis: now - (heard ?? Math.max(createdAt, this.#since)),
          phase: heard === undefined ? ("connecting" as const) : ("heard" as const),
        };
      })
      .sort((one, other) => other.millis - one.millis);
    const gone = quiet.filter(({ millis, phase }) => millis >= PATIENCE_MS[phase]);
    if (quiet.length - gone.length < MAX_PUBLISHERS) return gone.map(({ session }) => session);
    const longest = quiet.find(({ millis, phase }) => millis >= PATIENCE_IN_A_CROWD_MS[phase]);
    return longest === undefined ? null : [longest.session];
  }

  /** Ends at the SFU what it has of a session. */
  async #release(held: Pick<Publisher, "adapter" | "sfuSession" | "mid">): Promise<void> {
    const faults = [
      held.adapter === null ? null : await this.#sfu.detach(held.adapter),
      await this.#sfu.close(held.sfuSession, held.mid),
    ];
    for (const fault of faults) {
      // The SFU collects what it was not told to close after 30 s without packets; the log is for those who wonder.
      if (fault !== null)
        console.warn(`The SFU did not close a session of ${this.#id}: ${fault.status} ${fault.code}`);
    }
  }

  #put(publisher: Publisher): void {
    this.#all.set(publisher.session, publisher);
    this.#store.putPublisher(publisher);
  }
}
