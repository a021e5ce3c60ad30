import type { HostState } from "../broadcast-api.ts";
import type { Candidate } from "./precedence.ts";

/** One WHIP session, as the store has it: a host's connection to the SFU, which passes the host's sound on to the Broadcast. */
export interface PublisherRow {
  /** The unguessable name of the WHIP session; never the SFU's id. */
  readonly session: string;
  /** The host whose session it is. */
  readonly hostId: string;
  readonly sfuSession: string;
  readonly mid: string;
  /** Origin of the URL that the SFU is told to dial: that of the request that published. */
  readonly origin: string;
  /** Counts the adapters that were asked for and may exist; an ingest token names its generation. */
  readonly generation: number;
  /** The newest generation whose socket has been taken; 0 before the first. */
  readonly connected: number;
  /** The SFU's id of the newest adapter; null while it is unknown. */
  readonly adapter: string | null;
  readonly createdAt: number;
  /** The codec in the SFU's answer, e.g. "opus/48000/2"; null if the answer does not say. */
  readonly codec: string | null;
  /** What the host's program calls itself. */
  readonly client: string | null;
}

/** The SFU's socket, on which a publisher's sound arrives. Times are milliseconds since 1970. */
type Link =
  /** `quietFrom`: since when no message has come on it. */
  | { readonly kind: "connected"; readonly socket: WebSocket; quietFrom: number }
  /** The SFU should dial. `askAt`: when the SFU is asked again; null: it is being asked, or is about to be. */
  | { readonly kind: "awaited"; askAt: number | null }
  /** The session is over. */
  | { readonly kind: "over" };

/** A socket without a message for this long, ms, is dead: the SFU went without closing it, or has collected the track. */
const DEAD_SOCKET_MS = 30_000;
/**
 * While its clock runs, an object with sessions looks at them once a part, which is 640 ms at most. More time than this, ms,
 * between two looks is not a host's quiet: the object stood still, and what came meanwhile waits in its sockets, or the wall
 * clock was set.
 */
const LONGEST_LOOK_MS = 1_500;

/** One WHIP session in memory: its row, the socket on which its sound arrives, and when it was last heard. */
export class Publisher {
  #row: PublisherRow;
  #link: Link;
  #state: HostState;
  /** Whether the SFU is being asked to dial. It may dial before it answers the call. */
  #isAsking = false;
  /** When the last message came to this object; null: never. */
  #heardAt: number | null = null;
  /** When this object first knew of the session: it cannot have been heard here before. */
  readonly #since: number;
  /** For how long no message had come when {@link quietMs} was last asked, ms, and when that was. */
  #quiet: { readonly millis: number; readonly lookedAt: number };

  /** @param askAt when to ask the SFU to dial, if it has not by then; null: it is about to be asked */
  constructor(row: PublisherRow, state: HostState, askAt: number | null, now: number) {
    this.#row = row;
    this.#state = state;
    this.#link = { kind: "awaited", askAt };
    this.#since = now;
    this.#quiet = { millis: 0, lookedAt: now };
  }

  get row(): PublisherRow {
    return this.#row;
  }

  get session(): string {
    return this.#row.session;
  }

  get hostId(): string {
    return this.#row.hostId;
  }

  /** When the last message came to this object, ms since 1970; null: never. */
  get heardAt(): number | null {
    return this.#heardAt;
  }

  /** The state that operators see. */
  get state(): HostState {
    return this.#state;
  }

  /** The connected socket; null while there is none. */
  get socket(): WebSocket | null {
    return this.#link.kind === "connected" ? this.#link.socket : null;
  }

  get isAwaited(): boolean {
    return this.#link.kind === "awaited";
  }

  get isOver(): boolean {
    return this.#link.kind === "over";
  }

  /**
   * Returns for how long no message has come, ms, as far as the object has listened: to be asked regularly
   * ({@link LONGEST_LOOK_MS}).
   */
  quietMs(now: number): number {
    const { millis, lookedAt } = this.#quiet;
    const passed = now - lookedAt;
    this.#quiet = { millis: millis + (passed > 0 && passed <= LONGEST_LOOK_MS ? passed : 0), lookedAt: now };
    return this.#quiet.millis;
  }

  /** Returns for how long no message has come on the present socket, ms; null: there is none. */
  socketQuietMs(now: number): number | null {
    // The wall clock may be set back.
    return this.#link.kind === "connected" ? Math.max(0, now - this.#link.quietFrom) : null;
  }

  /** Returns what decides whether this session gives way to a newcomer. */
  candidate(now: number): Candidate {
    const { session, hostId, createdAt } = this.#row;
    return {
      session,
      hostId,
      quietMs: now - (this.#heardAt ?? Math.max(createdAt, this.#since)),
      phase: this.#heardAt === null ? "connecting" : "heard",
      isAwaited: this.isAwaited,
      createdAt,
    };
  }

  /** Notes that the SFU is being asked to dial; returns false if it is being asked already. */
  ask(): boolean {
    if (this.#isAsking) return false;
    this.#isAsking = true;
    if (this.#link.kind === "awaited") this.#link.askAt = null;
    return true;
  }

  /** Notes that the SFU has answered, whatever the answer was. */
  answered(): void {
    this.#isAsking = false;
  }

  /** Sets when to ask the SFU again, if it has not dialled by then. */
  askAgain(askAt: number): void {
    if (this.#link.kind === "awaited") this.#link.askAt = askAt;
  }

  /**
   * Whether the SFU must be asked again at `now`. If the wall clock was set back, more than `longestMs` would be left to wait:
   * then that much is.
   */
  isToBeAsked(now: number, longestMs: number): boolean {
    const link = this.#link;
    if (link.kind !== "awaited" || link.askAt === null) return false;
    link.askAt = Math.min(link.askAt, now + longestMs);
    return now >= link.askAt;
  }

  /** Notes the id of the adapter that the SFU has for this session. */
  attached(adapter: string): void {
    this.#row = { ...this.#row, adapter };
  }

  /** Gives the next adapter a generation of its own: what became of the previous adapter is unknown. */
  renew(): void {
    this.#row = { ...this.#row, generation: this.#row.generation + 1, adapter: null };
  }

  /**
   * Whether a socket of `generation` is accepted. This is the only rule for who may connect: any generation that was asked for,
   * but none older than one that has connected. The newest is the expected one. An older socket comes late, from a try that
   * seemed to have failed. Until a newer one connects, its sound is worth having; afterwards it is an orphan, and must not
   * supersede.
   */
  mayConnect(generation: number): boolean {
    return generation <= this.#row.generation && generation >= this.#row.connected;
  }

  /** Takes a socket, which supersedes the previous one. */
  connect(generation: number, socket: WebSocket, now: number): void {
    const old = this.socket;
    this.#row = { ...this.#row, connected: generation };
    this.#link = { kind: "connected", socket, quietFrom: now };
    old?.close(1000, "superseded by a newer connection");
  }

  /** Notes that a message came. */
  hear(now: number): void {
    this.#heardAt = now;
    this.#quiet = { millis: 0, lookedAt: now };
    if (this.#link.kind === "connected") this.#link.quietFrom = now;
    if (this.#state.state !== "heard") this.#state = { state: "heard", since: now };
  }

  /** Returns the socket if it is dead at `now`; else null. After the wall clock was set back, its quiet time counts from `now`. */
  deadSocket(now: number): WebSocket | null {
    const link = this.#link;
    if (link.kind !== "connected") return null;
    link.quietFrom = Math.min(link.quietFrom, now);
    return now - link.quietFrom >= DEAD_SOCKET_MS ? link.socket : null;
  }

  /** Notes that the socket is gone, but the host is not. `askAt`: when to ask the SFU to dial, unless it is being asked. */
  lose(askAt: number, now: number): void {
    this.#link = { kind: "awaited", askAt: this.#isAsking ? null : askAt };
    if (this.#state.state === "heard") this.#state = { state: "reattaching", since: now };
  }

  /** Ends the session; `why` goes into the socket's close frame. */
  end(why: string): void {
    const { socket } = this;
    this.#link = { kind: "over" };
    socket?.close(1000, why);
  }
}
