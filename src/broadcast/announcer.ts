import type { Samples } from "../media.ts";
import { AnnouncementPlan } from "./announcement-plan.ts";
import { applyRamp, FADE_OUT_RAMP } from "./hold-plan.ts";
import type { HoldSource } from "./hold-source.ts";

/** An announcement, ready to be spoken. */
export interface Speech {
  readonly source: HoldSource;
  /** Its length, access units. */
  readonly units: number;
  /** Samples from one beginning of it to the next. */
  readonly every: Samples;
}

/** The gain of hold audio under an announcement: -12 dB. */
const GAIN_UNDER = 10 ** (-12 / 20);
/** Access units of an announcement that must be loaded before it begins: 1 s, the shortest that is accepted (audio/wav.ts). */
const MIN_LOADED = 46;

/**
 * Speaks announcements over hold audio, and turns hold audio down for them. An announcement whose next access unit cannot be
 * read in time, or that is replaced, fades out within one access unit.
 */
export class Announcer {
  readonly #plan = new AnnouncementPlan();
  /** The announcement to speak from the next beginning on; null: none. */
  #wanted: Speech | null = null;
  /** The announcement being spoken, or spoken last. */
  #spoken: Speech | null = null;
  /** Where on the timeline the present hold audio began; null: there was none yet. */
  #heldFrom: Samples | null = null;

  /** Sets the announcement; null: none. A different one that is being spoken fades out. */
  announce(speech: Speech | null): void {
    if (speech === this.#wanted) return;
    this.#wanted = speech;
    this.#plan.restart();
  }

  /**
   * Turns down `pcm`, the access unit of hold audio at `at`, as an announcement requires, and adds the announcement; in place.
   *
   * @param held the state of hold audio. `from`: where it began; `isNew`: it was not heard in the access unit before;
   *   `isIn`: it has come in fully, and is not fading out
   */
  speak(
    pcm: Float32Array,
    at: Samples,
    held: { readonly from: Samples; readonly isNew: boolean; readonly isIn: boolean },
  ): void {
    if (held.isNew) this.#plan.leave();
    if (held.from !== this.#heldFrom) this.#plan.restart();
    this.#heldFrom = held.from;
    this.#beginIfDue(at, held.isIn);
    const { hold, unit } = this.#plan.next(at, this.#spoken?.units ?? 0, held.isIn);
    applyRamp(pcm, hold, GAIN_UNDER);
    if (unit === null || this.#spoken === null) return;
    const spoken = this.#unitOf(this.#spoken, unit);
    for (let i = 0; i < pcm.length && spoken !== null; i++)
      pcm[i] = (pcm[i] as number) + (spoken[i] as number);
  }

  #beginIfDue(at: Samples, isIn: boolean): void {
    const wanted = this.#wanted;
    if (wanted === null || this.#plan.isSpeaking) return;
    wanted.source.prepare(0);
    if (!this.#plan.begins(at, wanted.every, isIn) || !wanted.source.has(0, MIN_LOADED)) return;
    this.#spoken = wanted;
    this.#plan.begin(at);
  }

  /**
   * Returns access unit `n` of the announcement; null: it cannot begin. The unit after `n` must be loaded too: where it is
   * not, `n` is faded out and is the last, since after it there would be nothing left to fade.
   */
  #unitOf(spoken: Speech, n: number): Float32Array | null {
    const { source, units } = spoken;
    source.prepare(n);
    const goesOn = spoken === this.#wanted && (n + 1 === units || source.has(n + 1, 1));
    if (!goesOn) this.#plan.stop();
    if (!goesOn && n === 0) return null;
    const pcm = source.unit(n);
    if (!goesOn) applyRamp(pcm, FADE_OUT_RAMP);
    return pcm;
  }
}
