import type { Other } from "../talk.ts";
import { backoff } from "./backoff.ts";
import { TalkLink, type Told } from "./talk-link.ts";
import { TalkSession } from "./talk-session.ts";
import type { TalkbackState } from "./talkback-state.ts";
import type { Voice } from "./voice.ts";

const RETRY_BASE_MS = 500;
const RETRY_CEILING_MS = 8_000;

/** Lets this host hear the others while on the air. When the connection is lost, it makes another. */
export class Talkback {
  readonly #endpoint: string;
  readonly #key: string;
  readonly #tell: (state: TalkbackState<Voice>) => void;
  /** The id of the WHIP session that this host sends on; null while off the air. */
  #session: string | null = null;
  #link: TalkLink | null = null;
  #voices: readonly Voice[] = [];
  /** The volume that this host has chosen for each other host, by publication. It is kept for the next connection. */
  readonly #volumes = new Map<string, number>();
  #waiting: readonly Other[] = [];
  #isBlocked = false;
  #isDucked = false;
  #attempt = 0;
  #timer = 0;
  /** Counts connections. An attempt that began at another number is out of date, and ends itself. */
  #generation = 0;

  /** @param endpoint the broadcast's URL for talk sessions */
  constructor(endpoint: string, key: string, tell: (state: TalkbackState<Voice>) => void) {
    this.#endpoint = endpoint;
    this.#key = key;
    this.#tell = tell;
  }

  /** Connects beside this WHIP session. @param session its id */
  start(session: string): void {
    if (session === this.#session) return;
    this.#session = session;
    this.#attempt = 0;
    void this.#connect();
  }

  /** Disconnects. Safe to call from `pagehide`. */
  stop(): void {
    if (this.#session === null) return;
    this.#session = null;
    this.#drop();
    this.#tell({ kind: "off" });
  }

  /**
   * Turns all the others down, or back to their volume. A microphone squeals when it picks up a loudspeaker that plays the
   * microphone's own sound.
   */
  #duck(isDucked: boolean): void {
    if (isDucked === this.#isDucked) return;
    this.#isDucked = isDucked;
    this.#link?.duck(isDucked);
    this.#tellWhatIsHeard();
  }

  /** Call it on a press: plays the voices that the browser has blocked. */
  unblock(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#tellWhatIsHeard();
    for (const voice of this.#voices) voice.play();
  }

  async #connect(): Promise<void> {
    this.#drop();
    const generation = this.#generation;
    const isCurrent = () => generation === this.#generation;
    const session = this.#session;
    if (session === null) return;
    if (this.#attempt === 0) this.#tell({ kind: "connecting" });
    const relay = await TalkSession.begin(this.#endpoint, this.#key, session);
    if (!isCurrent()) return void relay?.end();
    if (relay === null) return this.#again();
    const link = this.#linkTo(relay, isCurrent);
    if (link === null) {
      void relay.end();
      return this.#again();
    }
    this.#link = link;
    await link.follow();
  }

  /** Makes the connection of a talk session; null where the browser makes none. */
  #linkTo(relay: TalkSession, isCurrent: () => boolean): TalkLink | null {
    const told: Told = {
      changed: (voices, waiting) => {
        if (!isCurrent()) return;
        this.#attempt = 0;
        this.#voices = voices;
        this.#waiting = waiting;
        this.#forgetGone();
        this.#tellWhatIsHeard();
      },
      squeals: (isRaised) => isCurrent() && this.#duck(isRaised),
      lost: () => isCurrent() && this.#again(),
      blocked: () => isCurrent() && this.#block(),
    };
    try {
      return new TalkLink(relay, this.#isDucked, this.#volumes, told);
    } catch {
      return null;
    }
  }

  #again(): void {
    this.#drop();
    this.#tell({ kind: "lost" });
    const wait = backoff(this.#attempt, RETRY_BASE_MS, RETRY_CEILING_MS);
    this.#attempt += 1;
    this.#timer = window.setTimeout(() => void this.#connect(), wait);
  }

  #block(): void {
    this.#isBlocked = true;
    this.#tellWhatIsHeard();
  }

  #tellWhatIsHeard(): void {
    if (this.#link === null) return;
    this.#tell({
      kind: "hearing",
      voices: this.#voices,
      waiting: this.#waiting,
      isBlocked: this.#isBlocked,
      isDucked: this.#isDucked,
    });
  }

  #forgetGone(): void {
    const others = [...this.#voices, ...this.#waiting].map(({ publication }) => publication);
    for (const publication of this.#volumes.keys())
      if (!others.includes(publication)) this.#volumes.delete(publication);
  }

  #drop(): void {
    this.#generation += 1;
    clearTimeout(this.#timer);
    this.#link?.close();
    this.#link = null;
    for (const { publication, volume } of this.#voices) this.#volumes.set(publication, volume);
    this.#voices = [];
    this.#waiting = [];
    this.#isBlocked = false;
  }
}
