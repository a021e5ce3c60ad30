import { withLimit } from "../limit.ts";
import { ANSWER_MS, type Other } from "../talk.ts";
import { backoff } from "./backoff.ts";
import type { TalkSession } from "./talk-session.ts";
import { Voice } from "./voice.ts";

/** Two questions for who else is on are at least so far apart, milliseconds, whatever the relay answers. */
const ASK_MS = 1_000;
const RETRY_BASE_MS = 1_000;
const RETRY_CEILING_MS = 8_000;
/** "disconnected" often passes by itself. */
const DISCONNECTED_MS = 5_000;

/** Whom a link tells. */
export interface Told {
  /** Who is heard is another; `waiting` are on, and their sound does not come yet. */
  readonly changed: (voices: readonly Voice[], waiting: readonly Other[]) => void;
  /** The relay says that this host's microphone squeals, or does not any more. */
  readonly squeals: (isRaised: boolean) => void;
  /** It is of no use any more; it has not been closed. */
  readonly lost: () => void;
  /** The browser wants one more press. */
  readonly blocked: () => void;
}

/**
 * One connection on which the others are heard, with its talk session at the relay: they come and go on it, and it is never
 * mended. One change at a time, from the question for tracks until the relay has taken their answer, 15 s at most. Where an
 * answer is lost, or late, nobody knows what the SFU has of it: it is lost, and its owner makes another. Once it is closed it
 * tells nobody anything.
 */
export class TalkLink {
  readonly #relay: TalkSession;
  readonly #told: Told;
  readonly #pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  /** Who else is on, as the relay said last. */
  #others: readonly Other[] = [];
  /** Those that come on this connection, by publication. */
  readonly #voices = new Map<string, Voice>();
  /** What a section of the description brings: mid -> publication. */
  readonly #mids = new Map<string, string>();
  /** Those that could not be had: how often, and when they are asked for again (performance.now). */
  readonly #later = new Map<string, { readonly tries: number; readonly at: number }>();
  #isSettling = false;
  /** Whether there may be more to do than was seen last. */
  #isUnsettled = false;
  #isClosed = false;
  #isDucked: boolean;
  readonly #volumes: ReadonlyMap<string, number>;
  #patience = 0;

  /** @param volumes how loud they are to be, 0 to 1, by publication; 1 where it does not say */
  constructor(relay: TalkSession, isDucked: boolean, volumes: ReadonlyMap<string, number>, told: Told) {
    this.#relay = relay;
    this.#isDucked = isDucked;
    this.#volumes = volumes;
    this.#told = told;
    this.#pc.addEventListener("track", ({ receiver, transceiver }) => this.#take(receiver, transceiver));
    this.#pc.addEventListener("connectionstatechange", () => this.#watch());
  }

  /** Follows who else is on, until it is closed or lost. */
  async follow(): Promise<void> {
    let since: number | null = null;
    for (let misses = 0; !this.#isClosed; ) {
      const asked = performance.now();
      const answer = await this.#relay.others(since);
      if (this.#isClosed) return;
      if (answer.kind === "over") return this.#told.lost();
      if (answer.kind === "others") {
        misses = 0;
        since = answer.revision;
        this.#others = answer.others;
        this.#told.squeals(answer.squeals);
        void this.#settle();
        await sleep(asked + ASK_MS - performance.now());
        // What is heard does not depend on the relay's answering.
      } else await sleep(backoff(misses++, RETRY_BASE_MS, RETRY_CEILING_MS));
    }
  }

  duck(isDucked: boolean): void {
    this.#isDucked = isDucked;
    for (const voice of this.#voices.values()) voice.duck(isDucked);
  }

  /** Lets go of everything, at the relay too. Safe to call from `pagehide`. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#patience);
    for (const voice of this.#voices.values()) voice.end();
    this.#pc.close();
    void this.#relay.end();
  }

  /** Has those come who are on, and those go who are not: the one place where the session is changed. */
  async #settle(): Promise<void> {
    this.#isUnsettled = true;
    if (this.#isSettling) return;
    this.#isSettling = true;
    try {
      while (this.#isUnsettled && !this.#isClosed) {
        this.#isUnsettled = false;
        if ((await this.#dropGone()) || (await this.#pullMissing())) this.#isUnsettled = true;
      }
    } catch {
      if (!this.#isClosed) this.#told.lost();
    } finally {
      this.#isSettling = false;
    }
    if (!this.#isClosed) this.#tell();
  }

  /** False where nobody has gone. */
  async #dropGone(): Promise<boolean> {
    const gone = [...this.#voices.keys()].filter(
      (name) => !this.#others.some((one) => one.publication === name),
    );
    for (const name of gone) {
      this.#voices.get(name)?.end();
      this.#voices.delete(name);
    }
    if (gone.length === 0) return false;
    this.#tell();
    await this.#relay.close(gone);
    return true;
  }

  /** False where nobody is missing who may be asked for now. */
  async #pullMissing(): Promise<boolean> {
    const now = performance.now();
    const missing = this.#others
      .map(({ publication }) => publication)
      .filter((name) => !this.#voices.has(name) && (this.#later.get(name)?.at ?? 0) <= now);
    if (missing.length === 0) return false;
    await withLimit(this.#exchange(missing), ANSWER_MS);
    return true;
  }

  /** Asks for publications, and answers what is offered. */
  async #exchange(publications: readonly string[]): Promise<void> {
    const { mutation, offer, tracks } = await this.#relay.tracks(publications);
    for (const track of tracks) {
      if ("mid" in track) this.#mids.set(track.mid, track.publication);
      else this.#putOff(track.publication);
    }
    if (this.#isClosed) return;
    if (offer !== null) {
      await this.#pc.setRemoteDescription({ type: "offer", sdp: offer });
      await this.#pc.setLocalDescription();
      await this.#relay.answer(mutation, this.#pc.localDescription?.sdp ?? "");
    }
    const isHeard = tracks.every((track) => !("mid" in track) || this.#voices.has(track.publication));
    if (!isHeard) throw new Error("The relay offers something else than it says.");
  }

  #putOff(publication: string): void {
    const tries = (this.#later.get(publication)?.tries ?? 0) + 1;
    const wait = backoff(tries - 1, RETRY_BASE_MS, RETRY_CEILING_MS);
    this.#later.set(publication, { tries, at: performance.now() + wait });
    setTimeout(() => void this.#settle(), wait + 1);
  }

  #take(receiver: RTCRtpReceiver, { mid }: RTCRtpTransceiver): void {
    const publication = this.#mids.get(mid ?? "");
    if (publication === undefined) return;
    // Who has gone while they were asked for has no name any more; `settle` ends what is heard of them.
    const name = this.#others.find((one) => one.publication === publication)?.name ?? "";
    const voice = new Voice(publication, name, receiver, this.#told.blocked);
    voice.volume = this.#volumes.get(publication) ?? 1;
    voice.duck(this.#isDucked);
    this.#voices.set(publication, voice);
    this.#later.delete(publication);
  }

  #tell(): void {
    for (const { publication, name } of this.#others) {
      const voice = this.#voices.get(publication);
      if (voice !== undefined) voice.name = name;
    }
    const waiting = this.#others.filter(({ publication }) => !this.#voices.has(publication));
    this.#told.changed([...this.#voices.values()], waiting);
  }

  #watch(): void {
    clearTimeout(this.#patience);
    if (this.#isClosed) return;
    const { connectionState } = this.#pc;
    if (connectionState === "failed") this.#told.lost();
    if (connectionState === "disconnected")
      this.#patience = window.setTimeout(() => this.#told.lost(), DISCONNECTED_MS);
  }
}

function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
