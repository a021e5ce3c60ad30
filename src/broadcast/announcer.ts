import type { Samples } from "../media.ts";
import { AnnouncementPlan } from "./announcement-plan.ts";
import { GO, turn } from "./hold-plan.ts";
import type { HoldSource } from "./hold-source.ts";

/** An announcement as it can be spoken. */
export interface Speech {
  readonly source: HoldSource;
  /** How many access units it has. */
  readonly units: number;
  /** From one beginning of it to the next. */
  readonly every: Samples;
}

/** What hold audio is turned down to under an announcement: -12 dB. */
const UNDER = 10 ** (-12 / 20);
/** Access units that must be there before one begins: 1 s. None has fewer (audio/wav.ts). */
const AHEAD = 46;

/** Speaks announcements over hold audio, which it turns down for them. One that stops coming fades out within an access unit. */
export class Announcer {
  readonly #plan = new AnnouncementPlan();
  /** What is to be spoken; null: nothing. */
  #wanted: Speech | null = null;
  /** What is spoken, or was last. */
  #spoken: Speech | null = null;
  #heldFrom: Samples | null = null;

  /** From now on it is this; null: nothing. What is spoken now, and is another, goes. */
  announce(speech: Speech | null): void {
    if (speech === this.#wanted) return;
    this.#wanted = speech;
    this.#plan.restart();
  }

  /**
   * Makes of `pcm`, the access unit of hold audio at `at`, what is heard of it, and adds what is spoken, in place.
   *
   * @param held where it has begun, whether it was not heard before, and whether it has come in and is not going
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
    turn(pcm, hold, UNDER);
    if (unit === null || this.#spoken === null) return;
    const spoken = this.#unitOf(this.#spoken, unit);
    for (let i = 0; i < pcm.length && spoken !== null; i++)
      pcm[i] = (pcm[i] as number) + (spoken[i] as number);
  }

  #beginIfDue(at: Samples, isIn: boolean): void {
    const wanted = this.#wanted;
    if (wanted === null || this.#plan.isSpeaking) return;
    wanted.source.prepare(0);
    if (!this.#plan.begins(at, wanted.every, isIn) || !wanted.source.has(0, AHEAD)) return;
    this.#spoken = wanted;
    this.#plan.begin(at);
  }

  /** Unit `n` of what is spoken; null where it does not even begin. Without the one after it, it could not fade out. */
  #unitOf(spoken: Speech, n: number): Float32Array | null {
    const { source, units } = spoken;
    source.prepare(n);
    const goesOn = spoken === this.#wanted && (n + 1 === units || source.has(n + 1, 1));
    if (!goesOn) this.#plan.stop();
    if (!goesOn && n === 0) return null;
    const pcm = source.unit(n);
    if (!goesOn) turn(pcm, GO);
    return pcm;
  }
}
