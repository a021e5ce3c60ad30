import type { HostState } from "../broadcast-api.ts";
import type { Candidate } from "./precedence.ts";

/** One WHIP session, as the store has it: a host's connection to the SFU, which is to bring its sound here. */
export interface PublisherRow {
  /** The WHIP session's unguessable name; never the SFU's. */
  readonly session: string;
  /** Whose session it is. */
  readonly hostId: string;
  readonly sfuSession: string;
  readonly mid: string;
  /** Where the SFU is told to dial: the origin of the request that published. */
  readonly origin: string;
  /** Counts the adapters asked for that may have come to be; a token names its generation. */
  readonly generation: number;
  /** The newest generation whose socket has been taken; 0 before the first. */
  readonly connected: number;
  /** The SFU's id of the newest adapter; null while it is unknown. */
  readonly adapter: string | null;
  readonly createdAt: number;
  /** What the SFU's answer chose, e.g. "opus/48000/2"; null where it does not say. */
  readonly codec: string | null;
  /** What the host's program says it is. */
  readonly client: string | null;
}

/** The SFU's socket, on which a publisher's sound comes. Times are milliseconds since 1970. */
type Link =
  /** `quietFrom`: since when nothing has come on it. */
  | { readonly kind: "connected"; readonly socket: WebSocket; quietFrom: number }
  /** The SFU is to dial it. `askAt`: when the SFU is asked to anew; null: it is being asked, or about to be. */
  | { readonly kind: "awaited"; askAt: number | null }
  /** The session is over. */
  | { readonly kind: "over" };

/** A socket that is quiet for so long is dead: the SFU went without a word, or has collected the track by now. */
const DEAD_SOCKET_MS = 30_000;

/** One WHIP session while its object lives: its row, the socket that its sound comes on, and when it was heard. */
export class Publisher {
  #row: PublisherRow;
  #link: Link;
  #state: HostState;
  /** Whether the SFU is being asked to dial. It may have done so before the call is answered. */
  #isAsking = false;
  /** When its last message came, as far as this object has heard it. */
  #heardAt: number | null = null;
  /** When this object first knew of it: before, it cannot have been heard here. */
  readonly #since: number;

  /** @param askAt when the SFU is asked to dial, if it has not by then; null: it is about to be asked */
  constructor(row: PublisherRow, state: HostState, askAt: number | null, now: number) {
    this.#row = row;
    this.#state = state;
    this.#link = { kind: "awaited", askAt };
    this.#since = now;
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

  /** When its last message came, as far as this object has heard it; null: never. */
  get heardAt(): number | null {
    return this.#heardAt;
  }

  /** How it stands, as its operator sees it. */
  get state(): HostState {
    return this.#state;
  }

  /** Null while it has none. */
  get socket(): WebSocket | null {
    return this.#link.kind === "connected" ? this.#link.socket : null;
  }

  get isAwaited(): boolean {
    return this.#link.kind === "awaited";
  }

  get isOver(): boolean {
    return this.#link.kind === "over";
  }

  /** As one of those of whom one may have to give its place to a newcomer. */
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

  /** The SFU is being asked to dial from now on; false where it is already. */
  ask(): boolean {
    if (this.#isAsking) return false;
    this.#isAsking = true;
    if (this.#link.kind === "awaited") this.#link.askAt = null;
    return true;
  }

  /** The SFU has answered, whatever it was. */
  answered(): void {
    this.#isAsking = false;
  }

  /** The SFU is to dial by `askAt`, and is asked anew then. */
  askAgain(askAt: number): void {
    if (this.#link.kind === "awaited") this.#link.askAt = askAt;
  }

  /** Whether the SFU is to be asked anew at `now`. */
  isToBeAsked(now: number): boolean {
    return this.#link.kind === "awaited" && this.#link.askAt !== null && now >= this.#link.askAt;
  }

  /** The SFU has an adapter for it. */
  attached(adapter: string): void {
    this.#row = { ...this.#row, adapter };
  }

  /** Makes the next adapter one of its own: what became of the one before is not known. */
  renew(): void {
    this.#row = { ...this.#row, generation: this.#row.generation + 1, adapter: null };
  }

  /**
   * Whether a socket of `generation` is taken. The one rule for who may connect: any generation that was asked for, and none
   * older than one that has connected. The newest is what is waited for. An older one comes late, of a try that seemed to
   * have failed: until a newer one is there it is sound worth having, and afterwards an orphan, which must not supersede.
   */
  mayConnect(generation: number): boolean {
    return generation <= this.#row.generation && generation >= this.#row.connected;
  }

  /** Takes a socket; whatever it had before is superseded. */
  connect(generation: number, socket: WebSocket, now: number): void {
    const old = this.socket;
    this.#row = { ...this.#row, connected: generation };
    this.#link = { kind: "connected", socket, quietFrom: now };
    old?.close(1000, "superseded by a newer connection");
  }

  /** A message came. */
  hear(now: number): void {
    this.#heardAt = now;
    if (this.#link.kind === "connected") this.#link.quietFrom = now;
    if (this.#state.state !== "heard") this.#state = { state: "heard", since: now };
  }

  /** Its socket, if it is dead at `now`. */
  deadSocket(now: number): WebSocket | null {
    const link = this.#link;
    return link.kind === "connected" && now - link.quietFrom >= DEAD_SOCKET_MS ? link.socket : null;
  }

  /** Its socket is gone, and the host is not. */
  lose(askAt: number, now: number): void {
    this.#link = { kind: "awaited", askAt: this.#isAsking ? null : askAt };
    if (this.#state.state === "heard") this.#state = { state: "reattaching", since: now };
  }

  /** Its session is over; `why` goes into the socket's close frame. */
  end(why: string): void {
    const { socket } = this;
    this.#link = { kind: "over" };
    socket?.close(1000, why);
  }
}
