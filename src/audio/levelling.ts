import { SAMPLE_RATE } from "../media.ts";

/** What a voice is brought to, LUFS (AES TD1008, speech). */
const TARGET = -18;
/** The most that is added or taken away, dB. */
const MOST = 12;
/** What is softer than this, LUFS, is no voice. */
const GATE = -50;
/** What is so many LU softer than the voice is a pause: it changes nothing. */
const PAUSE = 20;
/**
 * What is so many LU softer than the voice counts for as little: the ends of words, and a soft passage of music. Where there is
 * something so much louder, what was before was no voice: the room, in which somebody now begins to speak.
 */
const APART = 10;
const SOFT_WEIGHT = 0.25;
/** The loudness is a mean over all of the voice so far, and of so many seconds of it later on. */
const MEMORY = 15;
/** How fast the gain moves, dB per second: down faster, because too loud is worse. */
const RISE = 2;
const FALL = 2.8;
/** After so many seconds of voice there is a mean to go by. */
const FIRST = 0.4;

/**
 * The automatic level of one host: a slow gain that brings its voice to -18 LUFS. It is told how loud the host is, and not moved
 * by pauses, so the room's noise does not come up in them. Loud and soft passages of a piece of music keep most of their
 * difference: the mean of some 15 s is what is levelled.
 */
export class Levelling {
  #gainDb = 0;
  /** The mean power of the voice, as a ratio to full scale, and how many seconds it is of. */
  #power = 0;
  #seconds = 0;

  /** What is added now, dB. */
  get gainDb(): number {
    return this.#gainDb;
  }

  /** For the last `frames` sample frames the host's momentary loudness was `momentary`, LUFS or -Infinity. */
  push(momentary: number, frames: number): void {
    const seconds = frames / SAMPLE_RATE;
    const mean = 10 * Math.log10(this.#power);
    if (!(momentary > GATE) || momentary < mean - PAUSE) return;
    if (momentary > mean + APART) this.#seconds = 0;
    const weighted = seconds * (momentary < mean - APART ? SOFT_WEIGHT : 1);
    this.#seconds = Math.min(MEMORY, this.#seconds + weighted);
    this.#power += (10 ** (momentary / 10) - this.#power) * (weighted / this.#seconds);
    if (this.#seconds < FIRST) return;
    const wanted = Math.max(-MOST, Math.min(MOST, TARGET - 10 * Math.log10(this.#power)));
    this.#gainDb += Math.max(-FALL * seconds, Math.min(RISE * seconds, wanted - this.#gainDb));
  }
}
