import { ingestToken } from "../access/keys.ts";
import { randomName, type Secret } from "../access/secret.ts";
import type { AcceptedOffer, HostState, JoiningHost, Offer } from "../broadcast-api.ts";
import { codecOf } from "../ingest/answer.ts";
import { problemOf } from "../ingest/fault.ts";
import { isNotYet, type Sfu } from "../ingest/sfu.ts";
import { ingestUrl } from "../paths.ts";
import { type Problem, tooManyHosts } from "../problem.ts";
import type { Dependencies } from "./dependencies.ts";
import { type Precedence, precedence } from "./precedence.ts";
import { Publisher, type PublisherRow } from "./publisher.ts";
import type { Store } from "./store.ts";
import { Talks, type Voice } from "./talks.ts";

/** The SFU re-dials a lost socket for 15 s. If it has not connected after this long, ms, a new adapter is asked for. */
const REDIAL_MS = 17_000;
/** The same after a dead socket or a restart, which costs every host its socket: the SFU re-dials at once or not at all. */
const REDIAL_AFTER_RESTART_MS = 1_000;

/** The terms on which hosts may publish. */
export interface Terms {
  readonly kind: "terms";
  /** Hosts that may be on at the same time. */
  readonly maxHosts: number;
}

/** The publishers of one broadcast. Owns the SFU's sessions and adapters; the sockets' events belong to socket.ts. */
export class Publishers {
  readonly #store: Store;
  readonly #sfu: Sfu;
  readonly #secret: Secret;
  readonly #waitUntil: (work: Promise<void>) => void;
  readonly #id: string;
  /** By session, oldest first. */
  readonly #all = new Map<string, Publisher>();
  /** Talk-back, by which the hosts hear each other. */
  readonly talks: Talks;
  readonly #nameOf: (hostId: string) => string;

  /** @param nameOf returns a host's name */
  constructor(
    { store, sfu, secret, waitUntil }: Pick<Dependencies, "store" | "sfu" | "secret" | "waitUntil">,
    id: string,
    now: number,
    nameOf: (hostId: string) => string,
  ) {
    this.#store = store;
    this.#sfu = sfu;
    this.#secret = secret;
    this.#waitUntil = waitUntil;
    this.#id = id;
    this.#nameOf = nameOf;
    this.talks = new Talks(sfu.pulls, waitUntil, () => this.#voices);
    for (const row of store.publishers()) {
      const state: HostState =
        row.connected === 0
          ? { state: "connecting", since: row.createdAt }
          : { state: "reattaching", since: now };
      this.#all.set(row.session, new Publisher(row, state, now + REDIAL_AFTER_RESTART_MS, now));
    }
  }

  get sessions(): readonly string[] {
    return [...this.#all.keys()];
  }

  /** All publishers, oldest first. */
  get all(): readonly Publisher[] {
    return [...this.#all.values()];
  }

  /** Returns a host's publishers, oldest first. */
  of(hostId: string): readonly Publisher[] {
    return this.all.filter((publisher) => publisher.hostId === hostId);
  }

  /** Whether `session` exists and belongs to that host. */
  has(session: string, hostId: string): boolean {
    return this.#all.get(session)?.hostId === hostId;
  }

  /**
   * Takes a host's offer to the SFU. Where every place is taken, hosts who are quiet give theirs to the newcomer. A host that
   * lost its connection and publishes again is mixed with the silence of its old session until that one ends. Afterwards,
   * {@link attach} tells the SFU to dial.
   *
   * @param terms returns the terms, or why the newcomer may not publish. It is called again after the SFU has answered: if the
   *   show has ended or the key was replaced meanwhile, nothing is stored.
   */
  async publish(
    offer: Offer,
    joining: JoiningHost,
    origin: string,
    terms: () => Terms | Problem,
  ): Promise<Omit<AcceptedOffer, "name"> | Problem> {
    const refused = this.#placeFor(joining, terms(), Date.now());
    if (refused.kind === "problem") return refused;
    const published = await this.#sfu.publish(offer);
    if (published.kind === "fault") return problemOf(published, "publisher");
    // Other hosts may have come, gone or been heard while the SFU was asked.
    const now = Date.now();
    const place = this.#placeFor(joining, terms(), now);
    if (place.kind === "problem") {
      this.#waitUntil(this.#release({ sfuSession: published.session, mid: offer.mid, adapter: null }));
      return place;
    }
    for (const session of place.givingWay)
      this.#waitUntil(this.drop(session, "superseded by a new connection"));
    const row: PublisherRow = {
      session: randomName(),
      hostId: joining.key.hostId,
      sfuSession: published.session,
      mid: offer.mid,
      origin,
      generation: 1,
      connected: 0,
      adapter: null,
      createdAt: now,
      codec: codecOf(published.answer),
      client: joining.client,
    };
    this.#all.set(row.session, new Publisher(row, { state: "connecting", since: now }, null, now));
    this.#store.putPublisher(row);
    return { kind: "accepted", answer: published.answer, session: row.session };
  }

  /**
   * Has the SFU dial this object for `session`, once the host's transport is up. A session whose socket has connected is
   * attached, whatever the SFU answers. A session that the SFU calls over is given up.
   */
  async attach(session: string): Promise<void> {
    const publisher = this.#all.get(session);
    if (publisher?.ask() !== true) return;
    let told = "";
    const attached = await this.#sfu
      .attach(publisher.row.sfuSession, async (fault) => {
        if (!publisher.isAwaited) return null;
        if (fault === null || isNotYet(fault)) return this.#endpoint(publisher);
        const what = `${fault.status} ${fault.code}`;
        if (what !== told)
          console.warn(`The SFU does not attach a host of ${this.#id}, and is asked on: ${what}`);
        told = what;
        this.#renew(publisher);
        return this.#endpoint(publisher);
      })
      .finally(() => publisher.answered());
    if (attached?.kind === "attached") {
      if (publisher.isOver) await this.#sfu.detach(attached.adapter);
      else {
        publisher.attached(attached.adapter);
        this.#store.putPublisher(publisher.row);
      }
    }
    if (!publisher.isAwaited) return;
    if (attached?.kind === "fault") {
      console.warn(`The SFU gave up a host of ${this.#id}: ${attached.status} ${attached.code}`);
      await this.drop(session, "could not be attached");
    } else publisher.askAgain(Date.now() + REDIAL_MS);
  }

  /** Takes the socket that the SFU dialled for `session`; returns false if it may not connect. It supersedes the previous one. */
  connect(session: string, generation: number, socket: WebSocket): boolean {
    const publisher = this.#all.get(session);
    if (publisher?.mayConnect(generation) !== true) return false;
    const isAnother = generation !== publisher.row.connected;
    publisher.connect(generation, socket, Date.now());
    if (isAnother) this.#store.putPublisher(publisher.row);
    return true;
  }

  /** Notes that a message of `session` came. */
  hear(session: string, now: number): void {
    const publisher = this.#all.get(session);
    const before = publisher?.state.state;
    publisher?.hear(now);
    if (before === "connecting") this.talks.refresh(now);
  }

  /** Whether `socket` is the present socket of `session`. */
  isCurrent(session: string, socket: WebSocket): boolean {
    return this.#all.get(session)?.socket === socket;
  }

  /** Handles a closed socket. The SFU closes with 1000 when the host has gone; after any other code it re-dials. */
  async disconnect(session: string, socket: WebSocket, code: number, now: number): Promise<void> {
    const publisher = this.#all.get(session);
    if (publisher?.socket !== socket) return;
    publisher.lose(now + REDIAL_MS, now);
    if (code === 1000) await this.drop(session, "the host has gone");
  }

  /** Drops dead sockets. Asks for a new adapter for each session that has lacked a socket for longer than the SFU re-dials. */
  async sweep(now: number): Promise<void> {
    this.talks.refresh(now);
    const publishers = [...this.#all.values()];
    for (const publisher of publishers) {
      const socket = publisher.deadSocket(now);
      if (socket === null) continue;
      publisher.lose(now + REDIAL_AFTER_RESTART_MS, now);
      socket.close(1011, "nothing has come for 30 s");
    }
    const lost = publishers.filter((publisher) => publisher.isToBeAsked(now, REDIAL_MS));
    for (const publisher of lost) this.#renew(publisher);
    await Promise.all(lost.map(({ session }) => this.attach(session)));
  }

  /** Ends every session, or only those of `hostId`, without waiting for the SFU. */
  dropAll(why: string, hostId?: string): void {
    for (const publisher of this.#all.values())
      if (hostId === undefined || publisher.hostId === hostId)
        this.#waitUntil(this.drop(publisher.session, why));
  }

  /** Ends a session, here and at the SFU. `why` goes into the socket's close frame. */
  async drop(session: string, why: string): Promise<void> {
    const publisher = this.#all.get(session);
    if (publisher === undefined) return;
    this.#all.delete(session);
    this.#store.dropPublisher(session);
    publisher.end(why);
    this.talks.refresh(Date.now());
    await this.#release(publisher.row);
  }

  /** All publishers, as talk-back knows them. */
  get #voices(): readonly Voice[] {
    return this.all.map(({ state, row: { session, sfuSession, hostId } }) => ({
      session,
      sfuSession,
      hostId,
      name: this.#nameOf(hostId),
      isHeard: state.state !== "connecting",
    }));
  }

  /** Returns which sessions give way to a host that comes at `now`, or why it gets no place. */
  #placeFor(
    { key, takeover }: JoiningHost,
    terms: Terms | Problem,
    now: number,
  ): Extract<Precedence, { kind: "room" }> | Problem {
    if (terms.kind === "problem") return terms;
    const places = this.all.map((publisher) => publisher.candidate(now));
    const place = precedence(places, terms.maxHosts, { hostId: key.hostId, takeover });
    return place.kind === "room"
      ? place
      : tooManyHosts(terms.maxHosts, Math.max(1, Math.ceil(place.untilMs / 1_000)));
  }

  #renew(publisher: Publisher): void {
    publisher.renew();
    this.#store.putPublisher(publisher.row);
  }

  /** Returns the URL that the SFU dials for a publisher's newest generation; null if no socket is awaited. */
  async #endpoint(publisher: Publisher): Promise<string | null> {
    const { session, origin, generation } = publisher.row;
    const token = await ingestToken(this.#secret, this.#id, session, generation);
    return publisher.isAwaited ? ingestUrl(origin, this.#id, session, generation, token) : null;
  }

  /** Closes a session's adapter and track at the SFU. */
  async #release(held: Pick<PublisherRow, "adapter" | "sfuSession" | "mid">): Promise<void> {
    const faults = [
      held.adapter === null ? null : await this.#sfu.detach(held.adapter),
      await this.#sfu.close(held.sfuSession, held.mid),
    ];
    for (const fault of faults) {
      // The SFU collects whatever it was not told to close after 30 s without packets, so a log line is enough.
      if (fault !== null)
        console.warn(`The SFU did not close a session of ${this.#id}: ${fault.status} ${fault.code}`);
    }
  }
}
