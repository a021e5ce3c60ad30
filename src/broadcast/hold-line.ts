import { holdUnit } from "../audio/hold.ts";
import { AU_SAMPLES, type Samples } from "../media.ts";
import { Announcer, type Speech } from "./announcer.ts";
import { applyRamp, FADE_IN_RAMP, FADE_OUT_RAMP, HoldPlan, type HoldWish } from "./hold-plan.ts";
import type { HoldSource } from "./hold-source.ts";
import type { HoldState } from "./show-row.ts";

/** Access units that the producer's own must have loaded before it takes over from the built-in: 1 s. */
const MIN_LOADED = 47;

/** The built-in hold audio: computed, so it is always ready. */
const BUILT_IN: HoldSource = { has: () => true, unit: holdUnit, prepare: () => false };

/**
 * The hold audio's way before the mix: which source is heard, and how loud. That is the producer's own where it is loaded, and
 * otherwise the built-in; it crossfades from one to the other within an access unit. Announcements are spoken over it and fade
 * with it.
 */
export class HoldLine {
  readonly #plan: HoldPlan;
  /**
   * How far behind the present hold audio begins for a listener who has just come, samples: where players begin, so that they
   * hear it at once. More than a part.
   */
  readonly reach: Samples;
  /** The producer's own; null: the built-in is wanted. */
  #own: HoldSource | null = null;
  #playing = BUILT_IN;
  readonly #announcer = new Announcer();

  /** @param state as stored by the object before this one; null: hold audio has not begun on this timeline */
  constructor(state: HoldState | null, reach: Samples) {
    this.#plan = new HoldPlan(state);
    this.reach = reach;
  }

  /** Sets the source to play from now on; null: the built-in. */
  play(own: HoldSource | null): void {
    this.#own = own;
  }

  /** Sets the announcement to speak over it from now on; null: none. */
  announce(speech: Speech | null): void {
    this.#announcer.announce(speech);
  }

  get state(): HoldState | null {
    return this.#plan.state;
  }

  /** Whether hold audio is in the mix, however soft. */
  get sounds(): boolean {
    return this.#plan.sounds;
  }

  /**
   * Returns whether hold audio is to come in with the access unit at `at`; not while it waits for the producer's own to load.
   */
  isToBegin(at: Samples, wish: HoldWish): boolean {
    return this.#plan.isToBegin(at, wish) && !this.#isAwaited(at);
  }

  /**
   * Returns the access unit at `at` as it goes into the mix, a new array; null: hold audio is not heard. The arguments are
   * those of {@link HoldPlan.next}.
   */
  pull(at: Samples, wish: HoldWish, silentFor: number): Float32Array | null {
    const isNew = !this.sounds;
    const waits = isNew && this.#plan.isToBegin(at, wish) && this.#isAwaited(at);
    const ramp = this.#plan.next(at, waits ? "as-is" : wish, silentFor);
    const { state } = this;
    if (ramp === null || state === null) return null;
    const n = (at - state.from) / AU_SAMPLES;
    const pcm = this.#read(n, isNew);
    const isIn = ramp.level === 1 && ramp.slope >= 0;
    this.#announcer.speak(pcm, at, { from: state.from, isNew, isIn });
    applyRamp(pcm, ramp);
    return pcm;
  }

  #read(n: number, isNew: boolean): Float32Array {
    const before = this.#playing;
    this.#playing = this.#choose(n);
    const pcm = this.#playing.unit(n);
    if (isNew || before === this.#playing || !before.has(n, 1)) return pcm;
    const old = before.unit(n);
    applyRamp(pcm, FADE_IN_RAMP);
    applyRamp(old, FADE_OUT_RAMP);
    for (let i = 0; i < pcm.length; i++) pcm[i] = (pcm[i] as number) + (old[i] as number);
    return pcm;
  }

  /** Chooses the source of unit `n`. A source that is playing must have the next unit too: it needs one to fade out with. */
  #choose(n: number): HoldSource {
    const own = this.#own;
    own?.prepare(n);
    return own?.has(n, own === this.#playing ? 2 : MIN_LOADED) === true ? own : BUILT_IN;
  }

  /** Returns whether the producer's own is not loaded for `at` yet, and is worth waiting for. */
  #isAwaited(at: Samples): boolean {
    const { state } = this;
    const n = state?.isOn === true ? (at - state.from) / AU_SAMPLES : 0;
    const own = this.#own;
    return own !== null && !own.has(n, MIN_LOADED) && own.prepare(n);
  }
}
