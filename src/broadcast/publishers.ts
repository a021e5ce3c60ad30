import { ingestToken } from "../access/keys.ts";
import { randomName, type Secret } from "../access/secret.ts";
import type { Accepted, HostState, Offer } from "../broadcast-api.ts";
import { problemOf } from "../ingest/fault.ts";
import { isNotYet, type Sfu } from "../ingest/sfu.ts";
import { ingestUrl } from "../paths.ts";
import { type Problem, tooManyHosts } from "../problem.ts";
import { givingWay, LIMIT } from "./precedence.ts";
import type { Publisher } from "./publisher.ts";
import type { Store } from "./store.ts";

export interface Dependencies {
  readonly store: Store;
  readonly sfu: Sfu;
  readonly secret: Secret;
  readonly waitUntil: (work: Promise<void>) => void;
}

/** The SFU re-dials a lost socket for 15 s; after that a new adapter is asked for. */
const REDIAL_MS = 17_000;
/** The same where the SFU re-dials at once, or has ceased to: after a restart, which costs every host its socket. */
const REDIAL_AFTER_RESTART_MS = 1_000;
/** A socket that is quiet for so long is dead: the SFU went without a word, or has collected the track by now. */
const DEAD_SOCKET_MS = 30_000;

/** The publishers of one broadcast. Owns the SFU's sessions and adapters; the shell owns the sockets' events. */
export class Publishers {
  readonly #store: Store;
  readonly #sfu: Sfu;
  readonly #secret: Secret;
  readonly #id: string;
  readonly #all = new Map<string, Publisher>();
  readonly #sockets = new Map<string, WebSocket>();
  /** The sessions that the SFU is being asked to dial for. */
  readonly #attaching = new Set<string>();
  /** When a new adapter is asked for, of those sessions whose socket the SFU is to dial again; milliseconds since 1970. */
  readonly #askAt = new Map<string, number>();
  readonly #states = new Map<string, HostState>();
  /** Since when nothing has come on a session's socket, milliseconds since 1970. */
  readonly #quietFrom = new Map<string, number>();
  /** When a session's last message came, as far as this object has heard it, milliseconds since 1970. */
  readonly #heard = new Map<string, number>();
  /** When this object took the sessions up: before, none of them can have been heard. */
  readonly #since: number;

  readonly #waitUntil: (work: Promise<void>) => void;

  /** @param deps.waitUntil keeps the object alive for work that nobody waits for */
  constructor(deps: Dependencies, id: string, now: number) {
    const { store, sfu, secret, waitUntil } = deps;
    this.#waitUntil = waitUntil;
    this.#store = store;
    this.#sfu = sfu;
    this.#secret = secret;
    this.#id = id;
    this.#since = now;
    for (const publisher of store.publishers()) {
      const { session, connected, createdAt } = publisher;
      this.#all.set(session, publisher);
      this.#askAt.set(session, now + REDIAL_AFTER_RESTART_MS);
      this.#states.set(
        session,
        connected === 0 ? { state: "connecting", since: createdAt } : { state: "reattaching", since: now },
      );
    }
  }

  get sessions(): readonly string[] {
    return [...this.#all.keys()];
  }

  has(session: string): boolean {
    return this.#all.has(session);
  }

  /** Whether any host's sound can come in at this moment. */
  get isConnected(): boolean {
    return this.#sockets.size > 0;
  }

  /** How every session stands, oldest first. */
  get states(): ReadonlyMap<string, HostState> {
    return this.#states;
  }

  /**
   * Takes a host's offer to the SFU. Hosts who have long been quiet give their places to the newcomer; one who lost the
   * connection and publishes again is mixed with its own silence until then. The SFU is told to dial by {@link attach},
   * afterwards.
   *
   * @param refusal why nobody may publish, null where all may: the show may end, and its key be replaced, while the SFU is
   *   asked, and nothing is stored then
   */
  async publish(offer: Offer, origin: string, refusal: () => Problem | null): Promise<Accepted | Problem> {
    const refused = refusal();
    if (refused !== null) return refused;
    if (this.#givingWay(Date.now()) === null) return tooManyHosts(LIMIT);
    const published = await this.#sfu.publish(offer);
    if (published.kind === "fault") return problemOf(published);
    // Others have come, gone or been heard while the SFU was asked.
    const now = Date.now();
    const givingWay = this.#givingWay(now);
    const refusedNow = refusal();
    if (refusedNow !== null || givingWay === null) {
      this.#waitUntil(this.#release({ sfuSession: published.session, mid: offer.mid, adapter: null }));
      return refusedNow ?? tooManyHosts(LIMIT);
    }
    for (const session of givingWay) this.#waitUntil(this.drop(session, "superseded by a new connection"));
    const publisher: Publisher = {
      session: randomName(),
      sfuSession: published.session,
      mid: offer.mid,
      origin,
      generation: 1,
      connected: 0,
      adapter: null,
      createdAt: now,
    };
    this.#put(publisher);
    this.#states.set(publisher.session, { state: "connecting", since: now });
    return { kind: "accepted", answer: published.answer, session: publisher.session };
  }

  /**
   * Has the SFU dial this object for `session`, once the host's transport is up. A session whose socket is there is
   * attached, whatever the call says; one of which the SFU says that it is over is given up.
   */
  async attach(session: string): Promise<void> {
    const publisher = this.#all.get(session);
    if (publisher === undefined || this.#attaching.has(session)) return;
    this.#attaching.add(session);
    this.#askAt.delete(session);
    let told = "";
    const attached = await this.#sfu
      .attach(publisher.sfuSession, async (fault) => {
        if (!this.#isAwaited(session)) return null;
        if (fault === null || isNotYet(fault)) return this.#endpoint(session);
        const what = `${fault.status} ${fault.code}`;
        if (what !== told)
          console.warn(`The SFU does not attach a host of ${this.#id}, and is asked on: ${what}`);
        told = what;
        this.#renew(session);
        return this.#endpoint(session);
      })
      .finally(() => this.#attaching.delete(session));
    const current = this.#all.get(session);
    if (attached?.kind === "attached") {
      if (current === undefined) await this.#sfu.detach(attached.adapter);
      else this.#put({ ...current, adapter: attached.adapter });
    }
    if (!this.#isAwaited(session)) return;
    if (attached?.kind === "fault") {
      console.warn(`The SFU gave up a host of ${this.#id}: ${attached.status} ${attached.code}`);
      await this.drop(session, "could not be attached");
    } else this.#askAt.set(session, Date.now() + REDIAL_MS);
  }

  /**
   * Takes the socket that the SFU dialled for `session`; a newer one supersedes the old.
   *
   * The one rule for who may connect: any generation that was asked for, and none older than one that has connected. The
   * newest is what is waited for. An older one comes late, of a try that seemed to have failed: until a newer one is
   * there it is sound worth having, and afterwards an orphan, which must not supersede.
   */
  connect(session: string, generation: number, socket: WebSocket): boolean {
    const publisher = this.#all.get(session);
    if (publisher === undefined || generation > publisher.generation || generation < publisher.connected) {
      return false;
    }
    if (generation !== publisher.connected) this.#put({ ...publisher, connected: generation });
    const old = this.#sockets.get(session);
    this.#sockets.set(session, socket);
    this.#quietFrom.set(session, Date.now());
    this.#askAt.delete(session);
    old?.close(1000, "superseded by a newer connection");
    return true;
  }

  /** A message of `session` came. */
  hear(session: string, now: number): void {
    this.#heard.set(session, now);
    this.#quietFrom.set(session, now);
    if (this.#states.get(session)?.state !== "heard")
      this.#states.set(session, { state: "heard", since: now });
  }

  /** Whether `socket` is the one that `session` is heard on. */
  isCurrent(session: string, socket: WebSocket): boolean {
    return this.#sockets.get(session) === socket;
  }

  /** A socket closed. The SFU closes with 1000 when the host has gone; anything else it re-dials. */
  async disconnect(session: string, socket: WebSocket, code: number, now: number): Promise<void> {
    if (this.#sockets.get(session) !== socket) return;
    if (code !== 1000) return this.#lose(session, now + REDIAL_MS, now);
    this.#sockets.delete(session);
    await this.drop(session, "the host has gone");
  }

  /** Asks for a new adapter for every session whose socket has been missing for longer than the SFU re-dials, or is dead. */
  async sweep(now: number): Promise<void> {
    for (const [session, socket] of [...this.#sockets]) {
      if (now - (this.#quietFrom.get(session) ?? now) < DEAD_SOCKET_MS) continue;
      this.#lose(session, now + REDIAL_AFTER_RESTART_MS, now);
      socket.close(1011, "nothing has come for 30 s");
    }
    const lost = [...this.#askAt].filter(([, at]) => now >= at).map(([session]) => session);
    for (const session of lost) this.#renew(session);
    await Promise.all(lost.map((session) => this.attach(session)));
  }

  /** Ends every session; nobody waits for the SFU. */
  dropAll(why: string): void {
    for (const session of this.sessions) this.#waitUntil(this.drop(session, why));
  }

  /** Ends a session here and at the SFU. `why` goes into the socket's close frame. */
  async drop(session: string, why: string): Promise<void> {
    const publisher = this.#all.get(session);
    if (publisher === undefined) return;
    this.#all.delete(session);
    this.#askAt.delete(session);
    this.#heard.delete(session);
    this.#quietFrom.delete(session);
    this.#states.delete(session);
    this.#store.dropPublisher(session);
    this.#sockets.get(session)?.close(1000, why);
    this.#sockets.delete(session);
    await this.#release(publisher);
  }

  /** Who gives a place to a host that comes at `now`; null where none is free and nobody is quiet. */
  #givingWay(now: number): readonly string[] | null {
    const places = [...this.#all.values()].map(({ session, createdAt }) => {
      const heard = this.#heard.get(session);
      return {
        session,
        quietMs: now - (heard ?? Math.max(createdAt, this.#since)),
        phase: heard === undefined ? ("connecting" as const) : ("heard" as const),
        isAwaited: this.#isAwaited(session),
      };
    });
    return givingWay(places);
  }

  /** A session's socket is gone, and the host is not. */
  #lose(session: string, askAt: number, now: number): void {
    this.#sockets.delete(session);
    if (!this.#attaching.has(session)) this.#askAt.set(session, askAt);
    if (this.#states.get(session)?.state === "heard") {
      this.#states.set(session, { state: "reattaching", since: now });
    }
  }

  /** Whether the SFU is to dial for a session: it is there, and its socket is not. */
  #isAwaited(session: string): boolean {
    return this.#all.has(session) && !this.#sockets.has(session);
  }

  /** Makes the next adapter one of its own: what became of the one before is not known. */
  #renew(session: string): void {
    const publisher = this.#all.get(session);
    if (publisher !== undefined)
      this.#put({ ...publisher, generation: publisher.generation + 1, adapter: null });
  }

  /** Where the SFU is to dial for a session's newest generation; null where nothing is to be dialled for any more. */
  async #endpoint(session: string): Promise<string | null> {
    const publisher = this.#all.get(session);
    if (publisher === undefined) return null;
    const { origin, generation } = publisher;
    const token = await ingestToken(this.#secret, this.#id, session, generation);
    return this.#isAwaited(session) ? ingestUrl(origin, this.#id, session, generation, token) : null;
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
