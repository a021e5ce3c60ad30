import { ENCODER_LAG, type Encoder } from "../audio/encoder.ts";
import { LoudnessMeter } from "../audio/loudness.ts";
import { Meter } from "../audio/meter.ts";
import { Mixer, sumOf } from "../audio/mixer.ts";
import { MIN_WAIT } from "../audio/playout-delay.ts";
import { isQuiet } from "../audio/sound-watch.ts";
import type { Cut, Segmenter } from "../hls/segmenter.ts";
import { AU_SAMPLES, fromMillis, type Loudness, type Samples, samples } from "../media.ts";
import { Guard } from "./guard.ts";
import type { HoldLine } from "./hold-line.ts";
import type { HoldWish } from "./hold-plan.ts";
import { HostLine, type HostSound, UNTOUCHED } from "./host-line.ts";
import { type NextUnit, Schedule } from "./schedule.ts";

/** This far behind, in samples, the line does not wait for what active hosts may still have sent: gaps are filled. */
const FAR_BEHIND = fromMillis(2_000);
/** This far behind, in samples, hold audio is not made either: the time up to the list that is due becomes silence. */
const GIVEN_UP = fromMillis(30_000);
/** Silence made in one go, access units: 12.8 s. That takes some milliseconds, during which the sockets wait. */
const FILL_UNITS = 600;
/** Length of the last segment, access units: 64 ms of silence. {@link closingWindow}, hls/window.ts, says what it is for. */
const LAST_UNITS = 3;

/** Returns the timeline position at which all silence up to `end`, the end of a part, has been made and can be listed. */
export function listedAfter(end: Samples): Samples {
  return samples(end + ENCODER_LAG + MIN_WAIT);
}

/**
 * The way of the sound from a socket's message to a listed part:
 * packet -> align (each host onto the sample line) -> level -> mix and limit -> meter -> encode -> segment.
 *
 * The caller passes in the time; the pipeline has no clock. An access unit is due when its time is past and the sound of all
 * hosts for it is there. The pipeline waits for missing sound as long as the host's aligner says. Where no host delivers, the
 * pipeline goes on with silence, which costs next to nothing.
 */
export class Pipeline {
  /** By WHIP session. */
  readonly #hosts = new Map<string, HostLine>();
  /** Sound settings by WHIP session. */
  readonly #sounds = new Map<string, HostSound>();
  readonly guard = new Guard();
  /** Null while only silence has been made, and after silence that skipped the mixer. */
  #mixer: Mixer | null = null;
  readonly #meter = new Meter();
  readonly #loudness = new LoudnessMeter();
  readonly #encoder: Encoder;
  readonly #segmenter: Segmenter;
  /** Everything before this position has been mixed and encoded. */
  #position: Samples;
  readonly #schedule = new Schedule();
  readonly #hold: HoldLine;
  #holdWish: HoldWish = "off";

  constructor(encoder: Encoder, segmenter: Segmenter, start: Samples, hold: HoldLine) {
    this.#hold = hold;
    this.#encoder = encoder;
    this.#segmenter = segmenter;
    this.#position = start;
  }

  /** Takes one message from a host's socket; `arrival` is a timeline position. Garbage is counted and otherwise ignored. */
  hear(session: string, message: Uint8Array, arrival: Samples): void {
    this.#host(session).hear(message, arrival, this.#schedule.lateFrom(this.#next));
  }

  /**
   * Sets how a host's sound is changed, from the next access unit on. It may be set before the host is heard. A host for whom
   * nothing is set is left as it is.
   */
  setHost(session: string, sound: HostSound): void {
    this.#sounds.set(session, sound);
    this.#hosts.get(session)?.set(sound);
  }

  /** Drops every host whose session is not in `present`, once its delivered sound has been played out. */
  retain(present: readonly string[]): void {
    for (const [session, line] of this.#hosts) {
      if (!present.includes(session) && !line.active(this.#position)) this.#hosts.delete(session);
    }
    for (const session of this.#sounds.keys()) {
      if (!present.includes(session) && !this.#hosts.has(session)) this.#sounds.delete(session);
    }
  }

  /**
   * Mixes and encodes all that is due at `now`; returns the finished parts, in order. At most `limit` access units are made;
   * a run of up to {@link FILL_UNITS} silent ones counts as one. Sound missing at the aligners' deadlines is concealed.
   */
  advance(now: Samples, limit: number, holdWish: HoldWish): Cut[] {
    const cuts: Cut[] = [];
    this.#holdWish = holdWish;
    for (let n = 0; n < limit && this.#schedule.isDue(this.#next, now); n++) {
      const silent = this.#silentUnits(now);
      cuts.push(...(silent > 0 ? this.#fill(silent) : this.#make(now)));
      if (silent === FILL_UNITS) break;
    }
    return cuts;
  }

  /**
   * The timeline position at which {@link advance} next has something to do or to check. Without hosts, that is when a whole
   * part can be made: nothing is lost by making its silence in one go.
   */
  get due(): Samples {
    const due = this.#schedule.due(this.#next);
    return this.hasHosts ? due : samples(Math.max(due, listedAfter(this.#segmenter.partEnd)));
  }

  /** Whether there is a host that is connected, or whose sound has not been played out. */
  get hasHosts(): boolean {
    return this.#hosts.size > 0;
  }

  /** Whether hold audio is in the mix. */
  get holds(): boolean {
    return this.#hold.sounds;
  }

  /** Whether a host has delivered sound lately, muted or not. */
  isHeard(session: string): boolean {
    return this.#hosts.get(session)?.active(this.#position) ?? false;
  }

  /** Whether a host has delivered sound lately, and listeners hear it. */
  isInMix(session: string): boolean {
    return this.#hosts.get(session)?.isInMix(this.#position) ?? false;
  }

  /** Returns the output level, dBFS. */
  level(): { readonly peakDb: number; readonly rmsDb: number } {
    return this.#meter.read();
  }

  /** Returns the counts of a host's packets; null before the first packet. */
  countsOf(session: string): Readonly<Record<string, number>> | null {
    return this.#hosts.get(session)?.counts ?? null;
  }

  /** Returns a host's incoming loudness, and the gain of its automatic level, dB; null before its first packet. */
  loudnessOf(session: string): { readonly loudness: Loudness; readonly levelDb: number } | null {
    const line = this.#hosts.get(session);
    return line === undefined ? null : { loudness: line.loudness(), levelDb: line.levelDb };
  }

  /** Returns the output loudness, hold audio included. Integrated loudness is measured since this pipeline was made. */
  loudness(): Loudness {
    return this.#loudness.read();
  }

  /** Ends the timeline where it is: closes the open segment, and adds a last one of {@link LAST_UNITS} of silence. */
  finish(): Cut[] {
    const frames = [...this.#encoder.pushSilence(LAST_UNITS), ...this.#encoder.flush()];
    const last = frames.splice(-LAST_UNITS);
    return [frames, last].flatMap((segment) => [
      ...segment.flatMap((frame) => this.#segmenter.push(frame)),
      ...this.#segmenter.flush(),
    ]);
  }

  /** Releases the encoder: after that, nothing can be made. */
  abandon(): void {
    this.#encoder.close();
  }

  /**
   * The access unit that is made next. With hosts, it is made as soon as it is whole. Without hosts, it is made at the deadline
   * for the packets of a host that might begin in it.
   */
  get #next(): NextUnit {
    const end = samples(this.#position + AU_SAMPLES);
    let deadline = samples(end + MIN_WAIT);
    let isWhole = true;
    for (const line of this.#hosts.values()) {
      if (line.has(this.#position, AU_SAMPLES)) continue;
      isWhole = false;
      deadline = samples(Math.max(deadline, line.deadline(end)));
    }
    return { ready: this.hasHosts ? end : deadline, isWhole, deadline };
  }

  /** Returns how far the line is behind at `now`, in samples. */
  #behind(now: Samples): number {
    return now - (this.#next.deadline - AU_SAMPLES);
  }

  /**
   * Returns whether hold audio is wanted in the next unit. It never begins beside a host who is in the mix or about to be, and
   * it is not made for a time when nobody was there ({@link GIVEN_UP}).
   */
  #wish(now: Samples): HoldWish {
    if (this.#hold.sounds) return this.#behind(now) > GIVEN_UP ? "off" : this.#holdWish;
    return this.#holdWish === "on" && this.#delivers ? "as-is" : this.#holdWish;
  }

  /** Whether a host who is not muted is in the mix, or has sound that waits. */
  get #delivers(): boolean {
    const at = this.#position;
    return [...this.#hosts.values()].some(
      (line) => line.isInMix(at) || line.unheardFor(at) !== Number.POSITIVE_INFINITY,
    );
  }

  /** Returns how many of the access units due at `now` are certain to be digital silence, counted from the next one. */
  #silentUnits(now: Samples): number {
    // The limiter has to put out its last milliseconds of sound first.
    if (this.#mixer?.isEmpty === false || this.#hold.sounds) return 0;
    const behind = this.#behind(now);
    const held = this.#hold.isToBegin(this.#position, this.#wish(now)) ? this.#hold.reach : 0;
    let silent: number = Math.min(behind - held, FILL_UNITS * AU_SAMPLES);
    for (const line of this.#hosts.values()) {
      if (behind < FAR_BEHIND && line.active(this.#position)) return 0;
      silent = Math.min(silent, line.silentFor(this.#position));
    }
    return Math.max(0, Math.floor(silent / AU_SAMPLES));
  }

  /** Makes the next `units` as silence, which needs neither mixing nor encoding. */
  #fill(units: number): Cut[] {
    this.#mixer = null;
    for (const line of this.#hosts.values()) line.skipSilence(this.#position, units * AU_SAMPLES);
    this.#meter.pushSilence(units * AU_SAMPLES);
    this.#loudness.pushSilence(units * AU_SAMPLES);
    this.guard.pushSilence(units * AU_SAMPLES, this.#loudness.shortTerm);
    this.#position = samples(this.#position + units * AU_SAMPLES);
    return this.#encoder.pushSilence(units).flatMap((frame) => this.#segmenter.push(frame));
  }

  /** Makes the next unit from the hosts' lines and the hold audio. */
  #make(now: Samples): Cut[] {
    const hosts = [...this.#hosts.values()];
    const unheardFor = Math.min(...hosts.map((line) => line.unheardFor(this.#position)));
    const lines = hosts.map((line) => line.pull(this.#position, AU_SAMPLES));
    const wish = this.#wish(now);
    const passes = wish === "over-silence" && lines.every(isQuiet) ? Number.POSITIVE_INFINITY : unheardFor;
    const held = this.#hold.pull(this.#position, wish, passes);
    const sum = sumOf(lines, AU_SAMPLES);
    this.#mixer ??= new Mixer();
    const data = this.#mixer.mix(held === null ? [sum] : [sum, held], AU_SAMPLES);
    this.#meter.push(data);
    this.#loudness.push(data);
    // The guard must not get hold audio, which would hide the faults that it watches for.
    this.guard.push(held === null ? data : sum, this.#loudness.shortTerm);
    const frames = this.#encoder.push({ at: this.#position, data });
    this.#position = samples(this.#position + AU_SAMPLES);
    return frames.flatMap((frame) => this.#segmenter.push(frame));
  }

  #host(session: string): HostLine {
    let line = this.#hosts.get(session);
    if (line === undefined) {
      line = new HostLine(this.#sounds.get(session) ?? UNTOUCHED, this.guard.host(session));
      this.#hosts.set(session, line);
    }
    return line;
  }
}
