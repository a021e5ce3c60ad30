import { ENCODER_LAG, type Encoder } from "../audio/encoder.ts";
import { LoudnessMeter } from "../audio/loudness.ts";
import { Meter } from "../audio/meter.ts";
import { Mixer, sumOf } from "../audio/mixer.ts";
import { PLAYOUT_DELAY } from "../audio/playout-delay.ts";
import { isQuiet } from "../audio/sound-watch.ts";
import type { Cut, Segmenter } from "../hls/segmenter.ts";
import { AU_SAMPLES, fromMillis, type Loudness, type Samples, samples } from "../media.ts";
import { Guard } from "./guard.ts";
import type { HoldLine } from "./hold-line.ts";
import type { HoldWish } from "./hold-plan.ts";
import { HostLine, type HostSound, UNTOUCHED } from "./host-line.ts";
import { type NextUnit, Schedule } from "./schedule.ts";

/** As far behind, the line does not wait any more for what active hosts may still have sent: what they lack is filled. */
const FAR_BEHIND = fromMillis(2_000);
/** As far behind, hold audio is not made either: the time up to the list that is due is silence. */
const GIVEN_UP = fromMillis(30_000);
/** Silence made in one go, access units: 12.8 s, some milliseconds of work, for which the sockets wait. */
const FILL_UNITS = 600;
/** The last segment, access units: 64 ms of silence. See {@link closingWindow}, hls/window.ts, for what it is there. */
const LAST_UNITS = 3;

/** At which position on the timeline the silence before `end`, where a part ends, has been made and can be listed. */
export function listedAfter(end: Samples): Samples {
  return samples(end + ENCODER_LAG + PLAYOUT_DELAY);
}

/**
 * The way of the sound, from a socket's message to a listed part:
 * packet -> align (each host onto the sample line) -> level -> mix and limit -> meter -> encode -> segment.
 *
 * It is told the time and has no clock. An access unit is due when its time is past and all hosts' sound of it is there;
 * for what does not come it waits as long as the host's aligner says. Where no host delivers, it goes on with silence,
 * which costs next to nothing.
 */
export class Pipeline {
  /** By their WHIP sessions. */
  readonly #hosts = new Map<string, HostLine>();
  /** What is set of the sessions' sound. */
  readonly #sounds = new Map<string, HostSound>();
  readonly guard = new Guard();
  /** Null where only silence has gone through it. */
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

  /** Takes one message of a host's socket that arrived at `arrival` on the timeline. Garbage is counted and harmless. */
  hear(session: string, message: Uint8Array, arrival: Samples): void {
    this.#host(session).hear(message, arrival, this.#schedule.lateFrom(this.#next));
  }

  /** Sets a host's sound, from what is made next on; also that of one who has not been heard yet. Without it, it is untouched. */
  setHost(session: string, sound: HostSound): void {
    this.#sounds.set(session, sound);
    this.#hosts.get(session)?.set(sound);
  }

  /** Lets go of every host but those of the sessions `present`, once what it delivered has been played out. */
  retain(present: readonly string[]): void {
    for (const [session, line] of this.#hosts) {
      if (!present.includes(session) && !line.active(this.#position)) this.#hosts.delete(session);
    }
    for (const session of this.#sounds.keys()) {
      if (!present.includes(session) && !this.#hosts.has(session)) this.#sounds.delete(session);
    }
  }

  /**
   * Mixes and encodes all that is due at `now`, at most `limit` access units of it; the parts that came of it, in order.
   * What has not come by the aligners' deadlines is concealed.
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
   * The position on the timeline at which {@link advance} next has something to do or to look for. Without hosts that is a
   * whole part: nothing is lost by making its silence in one go.
   */
  get due(): Samples {
    const due = this.#schedule.due(this.#next);
    return this.hasHosts ? due : samples(Math.max(due, listedAfter(this.#segmenter.partEnd)));
  }

  /** Whether there is a host whose sound is not over yet. */
  get hasHosts(): boolean {
    return this.#hosts.size > 0;
  }

  /** Whether hold audio is heard. */
  get holds(): boolean {
    return this.#hold.sounds;
  }

  /** Whether a host has delivered sound lately. */
  isHeard(session: string): boolean {
    return this.#hosts.get(session)?.active(this.#position) ?? false;
  }

  /** What goes out, in dBFS. */
  level(): { readonly peakDb: number; readonly rmsDb: number } {
    return this.#meter.read();
  }

  /** What has been counted of a host's packets; null before the first. */
  countsOf(session: string): Readonly<Record<string, number>> | null {
    return this.#hosts.get(session)?.counts ?? null;
  }

  /** How loud a host comes in, and what its automatic level adds, dB; null before its first packet. */
  loudnessOf(session: string): { readonly loudness: Loudness; readonly levelDb: number } | null {
    const line = this.#hosts.get(session);
    return line === undefined ? null : { loudness: line.loudness(), levelDb: line.levelDb };
  }

  /** How loud what goes out is, hold audio included; integrated since this pipeline was made. */
  loudness(): Loudness {
    return this.#loudness.read();
  }

  /** Ends the timeline where it is: the segment that is being made is closed, and one of a little silence is the last. */
  finish(): Cut[] {
    const frames = [...this.#encoder.pushSilence(LAST_UNITS), ...this.#encoder.flush()];
    const last = frames.splice(-LAST_UNITS);
    return [frames, last].flatMap((some) => [
      ...some.flatMap((frame) => this.#segmenter.push(frame)),
      ...this.#segmenter.flush(),
    ]);
  }

  /** Lets go of the encoder: nothing is made any more. */
  abandon(): void {
    this.#encoder.close();
  }

  /**
   * The access unit that is made next: as soon as it is whole, or, without hosts, when the packets of one that begins would
   * not be waited for any more.
   */
  get #next(): NextUnit {
    const end = samples(this.#position + AU_SAMPLES);
    let deadline = samples(end + PLAYOUT_DELAY);
    let isWhole = true;
    for (const line of this.#hosts.values()) {
      if (line.has(this.#position, AU_SAMPLES)) continue;
      isWhole = false;
      deadline = samples(Math.max(deadline, line.deadline(end)));
    }
    return { ready: this.hasHosts ? end : deadline, isWhole, deadline };
  }

  /** How far the line is behind at `now`, in samples. */
  #behind(now: Samples): number {
    return now - (this.#next.deadline - AU_SAMPLES);
  }

  /** Whether hold audio is wanted in the next unit. It never begins beside a host, and not for a time that nobody was there. */
  #wish(now: Samples): HoldWish {
    if (this.#hold.sounds) return this.#behind(now) > GIVEN_UP ? "off" : this.#holdWish;
    return this.hasHosts && this.#holdWish === "on" ? "as-is" : this.#holdWish;
  }

  /** How many of the access units that are due at `now` are certain to be digital silence, from the first of them on. */
  #silentUnits(now: Samples): number {
    // The limiter's last milliseconds come out first.
    if (this.#mixer?.isEmpty === false || this.#hold.sounds) return 0;
    const behind = this.#behind(now);
    const held = this.#hold.comes(this.#position, this.#wish(now)) ? this.#hold.reach : 0;
    let silent: number = Math.min(behind - held, FILL_UNITS * AU_SAMPLES);
    for (const line of this.#hosts.values()) {
      if (behind < FAR_BEHIND && line.active(this.#position)) return 0;
      silent = Math.min(silent, line.silentFor(this.#position));
    }
    return Math.max(0, Math.floor(silent / AU_SAMPLES));
  }

  /** The next `units` as silence, which needs neither mixing nor encoding. */
  #fill(units: number): Cut[] {
    this.#mixer = null;
    for (const line of this.#hosts.values()) line.leaveOut(this.#position, units * AU_SAMPLES);
    this.#meter.pushSilence(units * AU_SAMPLES);
    this.#loudness.pushSilence(units * AU_SAMPLES);
    this.guard.pushSilence(units * AU_SAMPLES, this.#loudness.shortTerm);
    this.#position = samples(this.#position + units * AU_SAMPLES);
    return this.#encoder.pushSilence(units).flatMap((frame) => this.#segmenter.push(frame));
  }

  /** The next unit, of what the hosts' lines have, and the hold audio. */
  #make(now: Samples): Cut[] {
    const hosts = [...this.#hosts.values()];
    const silentFor = Math.min(...hosts.map((line) => line.silentFor(this.#position)));
    const lines = hosts.map((line) => line.pull(this.#position, AU_SAMPLES));
    const wish = this.#wish(now);
    const passes = wish === "over-silence" && lines.every(isQuiet) ? Number.POSITIVE_INFINITY : silentFor;
    const held = this.#hold.pull(this.#position, wish, passes);
    const sum = sumOf(lines, AU_SAMPLES);
    this.#mixer ??= new Mixer();
    const data = this.#mixer.mix(held === null ? [sum] : [sum, held], AU_SAMPLES);
    this.#meter.push(data);
    this.#loudness.push(data);
    // Hold audio would hide what the guard is for.
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
