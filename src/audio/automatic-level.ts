import { SAMPLE_RATE } from "../media.ts";

/** Loudness that a voice is brought to, LUFS (AES TD1008, speech). */
const TARGET = -18;
/** Largest gain, up or down, dB. */
const MAX_GAIN_DB = 12;
/** Sound softer than this, LUFS, is not a voice. */
const GATE = -50;
/** Sound that is this many LU softer than the voice is a pause, and changes nothing. */
const PAUSE = 20;
/**
 * Sound that is this many LU softer than the voice counts for little (SOFT_WEIGHT): the ends of words, or soft passages of
 * music. Sound that is this much louder restarts the mean: what came before was the room, in which somebody begins to speak.
 */
const APART = 10;
const SOFT_WEIGHT = 0.25;
/** The loudness is a mean over all of the voice so far; once there is more than this, s, over about this much of it. */
const MEMORY = 15;
/** How fast the gain rises and falls, dB per second. It falls faster, because too loud is worse. */
const RISE = 2;
const FALL = 2.8;
/** Seconds of voice after which the mean is used. */
const FIRST = 0.4;

/**
 * The automatic level of one host: a slow gain that brings the host's voice to -18 LUFS. Its input is the host's loudness. Pauses
 * do not move it, so the room's noise does not come up in them. It levels the mean of some 15 s, so loud and soft passages of a
 * piece of music keep most of their difference.
 */
export class AutomaticLevel {
  #gainDb = 0;
  /** The mean power of the voice, as a ratio to full scale, and how many seconds it covers. */
  #power = 0;
  #seconds = 0;

  /** The present gain, dB. */
  get gainDb(): number {
    return this.#gainDb;
  }

  /** Takes the host's momentary loudness over its last `frames` sample frames, LUFS or -Infinity. */
  push(momentary: number, frames: number): void {
    const seconds = frames / SAMPLE_RATE;
    const mean = 10 * Math.log10(this.#power);
    if (!(momentary > GATE) || momentary < mean - PAUSE) return;
    if (momentary > mean + APART) this.#seconds = 0;
    const weighted = seconds * (momentary < mean - APART ? SOFT_WEIGHT : 1);
    this.#seconds = Math.min(MEMORY, this.#seconds + weighted);
    this.#power += (10 ** (momentary / 10) - this.#power) * (weighted / this.#seconds);
    if (this.#seconds < FIRST) return;
    const wanted = Math.max(-MAX_GAIN_DB, Math.min(MAX_GAIN_DB, TARGET - 10 * Math.log10(this.#power)));
    this.#gainDb += Math.max(-FALL * seconds, Math.min(RISE * seconds, wanted - this.#gainDb));
  }
}
