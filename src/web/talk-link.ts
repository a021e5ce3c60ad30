import { withTimeout } from "../limit.ts";
import { ANSWER_MS, type Other } from "../talk.ts";
import { backoff } from "./backoff.ts";
import type { TalkSession } from "./talk-session.ts";
import { Voice } from "./voice.ts";

/** The minimum time between two requests for the list of other hosts, ms, however fast the relay answers. */
const ASK_MS = 1_000;
const RETRY_BASE_MS = 1_000;
const RETRY_CEILING_MS = 8_000;
/** How long to wait for a "disconnected" connection, ms: it often recovers by itself. */
const DISCONNECTED_MS = 5_000;

/** The callbacks of a link. */
export interface Told {
  /** The hosts who are heard have changed. `waiting`: the hosts who are on, and whose sound does not arrive yet. */
  readonly changed: (voices: readonly Voice[], waiting: readonly Other[]) => void;
  /** The relay says whether this host's microphone squeals. Called with every list of other hosts. */
  readonly squeals: (isRaised: boolean) => void;
  /** The link can not be used any more. Its owner has to close it. */
  readonly lost: () => void;
  /** The browser requires one more press before it plays sound. */
  readonly blocked: () => void;
}

/** What one look at a link has led to. `failed`: a request or an exchange did; nobody knows which state the SFU has. */
type Change = "none" | "made" | "failed";

/**
 * One connection on which this host hears the others, with its talk session at the relay. Other hosts' tracks come and go on it.
 * It makes one change at a time, from the request for tracks until the relay has taken the answer, 15 s at most. If an answer is
 * lost or late, nobody knows which state the SFU has: then the link is not repaired but reported as lost, and its owner makes
 * another. A closed link calls no callback.
 */
export class TalkLink {
  readonly #relay: TalkSession;
  readonly #told: Told;
  readonly #pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  /** The other hosts who are on, as the relay listed them last. */
  #others: readonly Other[] = [];
  /** The hosts whose tracks come on this connection, by publication. */
  readonly #voices = new Map<string, Voice>();
  /** Which publication each section of the session description carries: mid -> publication. */
  readonly #mids = new Map<string, string>();
  /** Publications that were not available: after how many tries, and when to ask again (performance.now), by publication. */
  readonly #later = new Map<string, { readonly tries: number; readonly at: number }>();
  /** Whether {@link #settle} is running. */
  #isSettling = false;
  /** Whether it must look once more, because the list may have changed since. */
  #isUnsettled = false;
  #isClosed = false;
  #isDucked: boolean;
  readonly #volumes: ReadonlyMap<string, number>;
  #disconnectedTimer = 0;

  /** @param volumes each host's volume, 0 to 1, by publication; 1 where there is none */
  constructor(relay: TalkSession, isDucked: boolean, volumes: ReadonlyMap<string, number>, told: Told) {
    this.#relay = relay;
    this.#isDucked = isDucked;
    this.#volumes = volumes;
    this.#told = told;
    this.#pc.addEventListener("track", ({ receiver, transceiver }) => this.#take(receiver, transceiver));
    this.#pc.addEventListener("connectionstatechange", () => this.#watch());
  }

  /** Follows the list of other hosts until the link is closed or lost. */
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
        // The relay does not answer. The hosts who are heard do not depend on that, so keep the connection.
      } else await sleep(backoff(misses++, RETRY_BASE_MS, RETRY_CEILING_MS));
    }
  }

  /** Turns all voices down, or up again. */
  duck(isDucked: boolean): void {
    this.#isDucked = isDucked;
    for (const voice of this.#voices.values()) voice.duck(isDucked);
  }

  /** Closes the connection, and the talk session at the relay. Safe to call from `pagehide`. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#disconnectedTimer);
    for (const voice of this.#voices.values()) voice.end();
    this.#pc.close();
    void this.#relay.end();
  }

  /** Adds the hosts who are on, and removes those who are not. The session is changed only here. */
  async #settle(): Promise<void> {
    this.#isUnsettled = true;
    if (this.#isSettling) return;
    this.#isSettling = true;
    let change: Change = "none";
    while (this.#isUnsettled && !this.#isClosed && change !== "failed") {
      this.#isUnsettled = false;
      change = await this.#dropGone();
      if (change === "none") change = await this.#pullMissing();
      if (change === "made") this.#isUnsettled = true;
    }
    this.#isSettling = false;
    if (change === "failed" && !this.#isClosed) this.#told.lost();
    if (!this.#isClosed) this.#tell();
  }

  /** Removes the hosts who have gone. */
  async #dropGone(): Promise<Change> {
    const gone = [...this.#voices.keys()].filter(
      (name) => !this.#others.some((one) => one.publication === name),
    );
    for (const name of gone) {
      this.#voices.get(name)?.end();
      this.#voices.delete(name);
    }
    if (gone.length === 0) return "none";
    this.#tell();
    return (await this.#relay.close(gone)) ? "made" : "failed";
  }

  /** Asks for the tracks of hosts who are missing and due. */
  async #pullMissing(): Promise<Change> {
    const now = performance.now();
    const missing = this.#others
      .map(({ publication }) => publication)
      .filter((name) => !this.#voices.has(name) && (this.#later.get(name)?.at ?? 0) <= now);
    if (missing.length === 0) return "none";
    // The browser's WebRTC may refuse a step, or take longer than this.
    const isDone = await withTimeout(this.#exchange(missing), ANSWER_MS).catch(() => false);
    return isDone ? "made" : "failed";
  }

  /** Asks for publications, and answers the SFU's offer. Resolves with whether all that the relay has said has come. */
  async #exchange(publications: readonly string[]): Promise<boolean> {
    const offered = await this.#relay.tracks(publications);
    if (offered === null) return false;
    const { mutation, offer, tracks } = offered;
    for (const track of tracks) {
      if ("mid" in track) this.#mids.set(track.mid, track.publication);
      else this.#putOff(track.publication);
    }
    if (this.#isClosed) return true;
    if (offer !== null) {
      await this.#pc.setRemoteDescription({ type: "offer", sdp: offer });
      await this.#pc.setLocalDescription();
      if (!(await this.#relay.answer(mutation, this.#pc.localDescription?.sdp ?? ""))) return false;
    }
    return tracks.every((track) => !("mid" in track) || this.#voices.has(track.publication));
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
    // A host who has left meanwhile has no name here. `#settle` then removes the voice.
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
    clearTimeout(this.#disconnectedTimer);
    if (this.#isClosed) return;
    const { connectionState } = this.#pc;
    if (connectionState === "failed") this.#told.lost();
    if (connectionState === "disconnected")
      this.#disconnectedTimer = window.setTimeout(() => this.#told.lost(), DISCONNECTED_MS);
  }
}

function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
