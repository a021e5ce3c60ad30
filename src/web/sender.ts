import { backoff } from "./backoff.ts";
import { afterUnopened, type Unopened } from "./refusal.ts";
import type { Sending } from "./sending.ts";
import { WhipSession } from "./whip.ts";

const RETRY_BASE_MS = 500;
const RETRY_CEILING_MS = 8000;
/** How long to wait for a "disconnected" connection, ms. It often recovers, but until it is "failed" 15 s and more can pass. */
const DISCONNECTED_MS = 3000;
/** How often to ask the relay about the session, ms: the SFU may go on taking sound for a session that the relay has dropped. */
const CHECK_MS = 5000;
/** The same until its sound has come, ms. */
const NEW_CHECK_MS = 1000;

/** Keeps one track on the air: connects, and connects again by itself until it is stopped or finally refused. */
export class Sender {
  readonly #endpoint: string;
  readonly #key: string;
  readonly #tell: (sending: Sending) => void;
  #track: MediaStreamTrack | null = null;
  #stereo = false;
  #session: WhipSession | null = null;
  #timer = 0;
  #attempt = 0;
  /** Whether the track has been on the air since `start`. */
  #wasOn = false;
  /** Whether the sender has waited for a place since `start`. */
  #hasWaited = false;
  /** Whether the next attempt takes another host's place. Only one does: what then fails must not cost more hosts their places. */
  #takesPlace = false;
  /** Counts connections and stops. An attempt that began at another number is out of date, and ends itself. */
  #turn = 0;

  constructor(endpoint: string, key: string, tell: (sending: Sending) => void) {
    this.#endpoint = endpoint;
    this.#key = key;
    this.#tell = tell;
    window.addEventListener("online", () => {
      if (this.#timer !== 0) void this.#connect();
    });
  }

  /** Puts this track on the air, `stereo` or mono. With `takesPlace` another host goes off the air where the show is full. */
  start(track: MediaStreamTrack, stereo: boolean, takesPlace: boolean): void {
    this.#takesPlace = takesPlace;
    this.#hasWaited = false;
    this.#track = track;
    this.#stereo = stereo;
    this.#attempt = 0;
    this.#wasOn = false;
    this.#tell({ kind: "connecting" });
    void this.#connect();
  }

  /**
   * Switches to the track of another microphone without a break; off the air there is nothing to switch. Throws where the browser does
   * not send it: the track before then stays.
   */
  async replace(track: MediaStreamTrack): Promise<void> {
    const [before, session] = [this.#track, this.#session];
    if (before === null) return;
    this.#track = track;
    try {
      await session?.pc.getSenders()[0]?.replaceTrack(track);
    } catch (error) {
      // Where the connection was given up meanwhile, the next one takes the new track.
      if (session !== this.#session || this.#track !== track) return;
      this.#track = before;
      throw error;
    }
  }

  /** Goes off the air. Safe to call from `pagehide`. */
  stop(): void {
    this.#track = null;
    this.#drop();
    this.#tell({ kind: "idle" });
  }

  async #connect(): Promise<void> {
    this.#drop();
    const track = this.#track;
    if (track === null) return;
    const turn = this.#turn;
    const endpoint = `${this.#endpoint}${this.#takesPlace ? "?takeover=1" : ""}`;
    this.#takesPlace = false;
    const opened = await WhipSession.open(endpoint, this.#key, track, this.#stereo);
    if (turn !== this.#turn) {
      if (opened.kind === "open") await opened.session.close();
      return;
    }
    if (opened.kind === "unopened") {
      this.#onUnopened(opened);
      return;
    }
    const { session } = opened;
    this.#session = session;
    if (!(await this.#sendsChosen(session, track))) {
      if (session === this.#session) this.#again("The browser could not change to that microphone.");
      return;
    }
    this.#attempt = 0;
    this.#wasOn = true;
    this.#guard(session);
    this.#tell({ kind: "sending", session: session.id, name: session.name, warnings: [], audible: null });
  }

  /** Changes to the track of a microphone that was chosen while the session was being opened. Resolves with false if that fails. */
  async #sendsChosen(session: WhipSession, opened: MediaStreamTrack): Promise<boolean> {
    const chosen = this.#track;
    if (chosen === null || chosen === opened) return true;
    const [sender] = session.pc.getSenders();
    const isDone =
      (await sender?.replaceTrack(chosen).then(
        () => true,
        () => false,
      )) === true;
    return isDone && session === this.#session;
  }

  #onUnopened(unopened: Unopened): void {
    const { why, reason } = unopened;
    const isFull = why === "full";
    const step = afterUnopened(unopened, this.#wasOn, this.#hasWaited);
    if (step.kind === "again") {
      this.#again(reason, isFull);
      return;
    }
    if (step.kind === "wait") {
      this.#hasWaited = true;
      this.#timer = window.setTimeout(() => void this.#connect(), step.millis);
      return;
    }
    this.#track = null;
    this.#tell({ kind: "failed", reason, isFull });
  }

  #guard(session: WhipSession): void {
    let disconnectedTimer = 0;
    void this.#check(session);
    session.pc.addEventListener("connectionstatechange", () => {
      clearTimeout(disconnectedTimer);
      if (session !== this.#session) return;
      const state = session.pc.connectionState;
      if (state === "failed" || state === "closed") this.#again("The connection was lost.");
      if (state === "disconnected") {
        disconnectedTimer = window.setTimeout(() => {
          if (session === this.#session) this.#again("The connection was lost.");
        }, DISCONNECTED_MS);
      }
    });
  }

  /** Asks the relay about the session, for as long as it is this one. */
  async #check(session: WhipSession): Promise<void> {
    while (session === this.#session) {
      const look = await session.look();
      if (session !== this.#session) return;
      if (look.kind === "gone") this.#again("The relay let go of this connection.");
      else if (look.kind === "there" && session.pc.connectionState === "connected")
        this.#tell({ ...look, kind: "sending", session: session.id });
      const isNew = look.kind === "there" && look.audible === "not-yet";
      await new Promise((resolve) => setTimeout(resolve, isNew ? NEW_CHECK_MS : CHECK_MS));
    }
  }

  #again(reason: string, isFull = false): void {
    this.#drop();
    this.#tell({ kind: "lost", reason, isFull });
    const wait = backoff(this.#attempt, RETRY_BASE_MS, RETRY_CEILING_MS);
    this.#attempt += 1;
    this.#timer = window.setTimeout(() => void this.#connect(), wait);
  }

  #drop(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#timer = 0;
    const session = this.#session;
    this.#session = null;
    void session?.close();
  }
}
