import { Aligner } from "../audio/aligner.ts";
import { AutomaticLevel } from "../audio/automatic-level.ts";
import { Fader } from "../audio/fader.ts";
import { LoudnessMeter } from "../audio/loudness.ts";
import { decodeS16, isSilent } from "../audio/pcm.ts";
import { type Garbage, readPacket } from "../ingest/packet.ts";
import { CHANNELS, type Loudness, type Samples } from "../media.ts";
import { HostGuard } from "./host-guard.ts";
import type { PacketCounts } from "./packet-watch.ts";

/** An operator's settings of a host's sound. */
export interface HostSound {
  /** dB, -24 to 24. */
  readonly gainDb: number;
  readonly muted: boolean;
  /** Whether the automatic level is on (audio/automatic-level.ts); it acts before the gain. */
  readonly level: boolean;
}

export const UNTOUCHED: HostSound = { gainDb: 0, muted: false, level: false };

/**
 * One session's way before the mix: packet -> align -> loudness -> automatic level, gain, mute.
 *
 * Loudness is measured on what comes in, so a host who is muted or turned down is measured as well.
 */
export class HostLine {
  readonly #aligner = new Aligner();
  /** Socket messages that are no packets, counted by reason. */
  readonly #garbage: Record<Garbage["why"], number> = {
    malformed: 0,
    empty: 0,
    "odd-length": 0,
    oversized: 0,
  };
  readonly #loudness = new LoudnessMeter();
  readonly #guard: HostGuard;
  readonly #fader: Fader;
  #automaticLevel = new AutomaticLevel();
  #sound: HostSound;
  /** Whether the host was muted in the last {@link pull}. The next one keeps it out too, so that hold audio ends before it. */
  #wasMuted: boolean;

  /** @param guard watches over what comes in */
  constructor(sound: HostSound, guard = new HostGuard()) {
    this.#sound = sound;
    this.#wasMuted = sound.muted;
    this.#guard = guard;
    this.#fader = new Fader(this.#gain);
  }

  /**
   * Changes the sound's settings. They take effect with the next {@link pull}, faded over 10 ms; but a host that is muted no
   * more is heard from the pull after that on.
   */
  set(sound: HostSound): void {
    if (!sound.level) this.#automaticLevel = new AutomaticLevel();
    this.#sound = sound;
  }

  /** Takes one message of the session's socket, with the times of {@link Aligner.push}. Garbage is counted and does no harm. */
  hear(message: Uint8Array, arrival: Samples, due: Samples): void {
    const packet = readPacket(message);
    if (packet.kind === "garbage") {
      this.#garbage[packet.why]++;
      return;
    }
    const { sequenceNumber, timestamp, payload } = packet;
    this.#aligner.push({ sequenceNumber, timestamp, pcm: decodeS16(payload) }, arrival, due);
  }

  /** Returns the next `count` sample frames, from `at` on ({@link Aligner.pull}), as they go into the mix. */
  pull(at: Samples, count: number): Float32Array {
    const pcm = this.#aligner.pull(at, count);
    if (isSilent(pcm)) {
      this.#pass(pcm.length / CHANNELS);
      return pcm;
    }
    this.#loudness.push(pcm);
    this.#guard.push(pcm, this.#packets, this.#loudness.shortTerm);
    if (this.#sound.level) this.#automaticLevel.push(this.#loudness.momentary, count);
    this.#fader.apply(pcm, this.#gain);
    this.#wasMuted = this.#sound.muted;
    return pcm;
  }

  /** Counts the `count` sample frames from `at` on as pulled, because they are known to be silent. */
  skipSilence(at: Samples, count: number): void {
    this.#aligner.skipSilence(at, count);
    this.#pass(count);
  }

  /** {@link Aligner.has}. */
  has(at: Samples, count: number): boolean {
    return this.#aligner.has(at, count);
  }

  /** {@link Aligner.deadline}. */
  deadline(end: Samples): Samples {
    return this.#aligner.deadline(end);
  }

  /** {@link Aligner.silentFor}. */
  silentFor(at: Samples): number {
    return this.#aligner.silentFor(at);
  }

  /** Returns in how many samples from `at` on the host will be heard, by {@link silentFor}; Infinity while it is muted. */
  unheardFor(at: Samples): number {
    return this.#isOut ? Number.POSITIVE_INFINITY : this.silentFor(at);
  }

  /** Whether the host is in the mix: it is not muted, and had real sound in the second before `at`. */
  isInMix(at: Samples): boolean {
    return !this.#isOut && this.active(at);
  }

  /** {@link Aligner.active}. */
  active(at: Samples): boolean {
    return this.#aligner.active(at);
  }

  /** Packet counts (AlignerStats), with those missing by sequence number, and the socket's garbage by reason. */
  get counts(): Readonly<Record<string, number>> {
    const { stats, missing } = this.#aligner;
    return { ...stats, missing, ...this.#garbage, malformed: stats.malformed + this.#garbage.malformed };
  }

  /** Returns how loud the host comes in. */
  loudness(): Loudness {
    return this.#loudness.read();
  }

  /** The gain of the automatic level, dB; 0 while it is off. */
  get levelDb(): number {
    return this.#automaticLevel.gainDb;
  }

  /** Whether the host is muted, and its sound has been faded out. */
  get #isOut(): boolean {
    return this.#sound.muted && this.#wasMuted;
  }

  get #gain(): number {
    const { gainDb, muted } = this.#sound;
    return muted || this.#wasMuted ? 0 : this.#guard.gain * 10 ** ((gainDb + this.levelDb) / 20);
  }

  get #packets(): PacketCounts {
    const { received, ppm } = this.#aligner.stats;
    return { received, missing: this.#aligner.missing, ppm };
  }

  /** Takes `frames` sample frames of silence. */
  #pass(frames: number): void {
    this.#loudness.pushSilence(frames);
    this.#guard.pushSilence(frames, this.#packets, this.#loudness.shortTerm);
    this.#fader.set(this.#gain);
    this.#wasMuted = this.#sound.muted;
  }
}
