import { Aligner } from "../audio/aligner.ts";
import { Fader } from "../audio/fader.ts";
import { Levelling } from "../audio/levelling.ts";
import { LoudnessMeter } from "../audio/loudness.ts";
import { decodeS16, isSilent } from "../audio/pcm.ts";
import { type Garbage, readPacket } from "../ingest/packet.ts";
import { CHANNELS, type Loudness, type Samples } from "../media.ts";
import { HostGuard } from "./host-guard.ts";
import type { PacketCounts } from "./packet-watch.ts";

/** What is set of a host's sound. */
export interface HostSound {
  /** -24 to 24. */
  readonly gainDb: number;
  readonly muted: boolean;
  /** Whether its loudness is levelled (audio/levelling.ts), before the gain. */
  readonly level: boolean;
}

export const UNTOUCHED: HostSound = { gainDb: 0, muted: false, level: false };

/**
 * One session's way before the mix: packet -> align -> loudness -> automatic level, gain, mute.
 *
 * The loudness is that of what comes in: a host who is muted, or turned down, is measured all the same.
 */
export class HostLine {
  readonly #aligner = new Aligner();
  /** What its socket brought that is no packet, by why. */
  readonly #garbage: Record<Garbage["why"], number> = {
    malformed: 0,
    empty: 0,
    "odd-length": 0,
    oversized: 0,
  };
  readonly #loudness = new LoudnessMeter();
  readonly #guard: HostGuard;
  readonly #fader: Fader;
  #levelling = new Levelling();
  #sound: HostSound;

  /** @param guard what watches over what comes in */
  constructor(sound: HostSound, guard = new HostGuard()) {
    this.#sound = sound;
    this.#guard = guard;
    this.#fader = new Fader(this.#gain);
  }

  /** From the next {@link pull} on, within 10 ms. */
  set(sound: HostSound): void {
    if (!sound.level) this.#levelling = new Levelling();
    this.#sound = sound;
  }

  /** Takes one message of its socket, as {@link Aligner.push} does a packet. Garbage is counted and harmless. */
  hear(message: Uint8Array, arrival: Samples, due: Samples): void {
    const packet = readPacket(message);
    if (packet.kind === "garbage") {
      this.#garbage[packet.why]++;
      return;
    }
    const { sequenceNumber, timestamp, payload } = packet;
    this.#aligner.push({ sequenceNumber, timestamp, pcm: decodeS16(payload) }, arrival, due);
  }

  /** Its next `count` sample frames, from `at` on ({@link Aligner.pull}), as they go into the mix. */
  pull(at: Samples, count: number): Float32Array {
    const pcm = this.#aligner.pull(at, count);
    if (isSilent(pcm)) {
      this.#pass(pcm.length / CHANNELS);
      return pcm;
    }
    this.#loudness.push(pcm);
    this.#guard.push(pcm, this.#packets, this.#loudness.shortTerm);
    if (this.#sound.level) this.#levelling.push(this.#loudness.momentary, count);
    this.#fader.apply(pcm, this.#gain);
    return pcm;
  }

  /** Takes the next `count` sample frames from `at` on for pulled: they are silent. */
  leaveOut(at: Samples, count: number): void {
    this.#aligner.leaveOut(at, count);
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

  /** {@link Aligner.active}. */
  active(at: Samples): boolean {
    return this.#aligner.active(at);
  }

  /** What has been counted of its packets. */
  get counts(): Readonly<Record<string, number>> {
    const { stats } = this.#aligner;
    return { ...stats, ...this.#garbage, malformed: stats.malformed + this.#garbage.malformed };
  }

  /** How loud it comes in. */
  loudness(): Loudness {
    return this.#loudness.read();
  }

  /** What the automatic level adds, dB; 0 while it is off. */
  get levelDb(): number {
    return this.#levelling.gainDb;
  }

  get #gain(): number {
    const { gainDb, muted } = this.#sound;
    return muted ? 0 : this.#guard.gain * 10 ** ((gainDb + this.levelDb) / 20);
  }

  get #packets(): PacketCounts {
    const { received, ppm } = this.#aligner.stats;
    return { received, missing: this.#aligner.missing, ppm };
  }

  /** `frames` of silence went by. */
  #pass(frames: number): void {
    this.#loudness.pushSilence(frames);
    this.#guard.pushSilence(frames, this.#packets, this.#loudness.shortTerm);
    this.#fader.set(this.#gain);
  }
}
