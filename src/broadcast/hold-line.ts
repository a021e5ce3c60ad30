import { holdUnit } from "../audio/hold.ts";
import { AU_SAMPLES, type Samples } from "../media.ts";
import { Announcer, type Speech } from "./announcer.ts";
import { COME, GO, HoldPlan, type HoldWish, turn } from "./hold-plan.ts";
import type { HoldSource } from "./hold-source.ts";
import type { Held } from "./lifecycle.ts";

/** Access units that a source must have ahead before it takes over from another: 1 s. */
const AHEAD = 47;

/** Computed, so it is always there. */
const BUILT_IN: HoldSource = { has: () => true, unit: holdUnit, prepare: () => false };

/**
 * The hold audio's way before the mix: what it sounds like, and how loud. The producer's own sounds where it is there, else the
 * built-in; from one to the other it fades within an access unit. Announcements are spoken over it, and go with it.
 */
export class HoldLine {
  readonly #plan: HoldPlan;
  /** From how far behind now on it is made for who comes: where players begin, so that these need not wait. More than a part. */
  readonly reach: Samples;
  #own: HoldSource | null = null;
  #playing = BUILT_IN;
  readonly #announcer = new Announcer();

  constructor(state: Held | null, reach: Samples) {
    this.#plan = new HoldPlan(state);
    this.reach = reach;
  }

  /** From now on it is this that sounds; null: the built-in. */
  play(own: HoldSource | null): void {
    this.#own = own;
  }

  /** From now on it is this that is spoken over it; null: nothing. */
  announce(speech: Speech | null): void {
    this.#announcer.announce(speech);
  }

  get state(): Held | null {
    return this.#plan.state;
  }

  /** Whether any of it is in the mix. */
  get sounds(): boolean {
    return this.#plan.sounds;
  }

  /** Whether it is to come in with the access unit at `at`. */
  comes(at: Samples, wish: HoldWish): boolean {
    return this.#plan.comes(at, wish) && !this.#isAwaited(at);
  }

  /** The access unit at `at` as it goes into the mix, a new array; null where nothing of it is heard. As {@link HoldPlan.next}. */
  pull(at: Samples, wish: HoldWish, silentFor: number): Float32Array | null {
    const isNew = !this.sounds;
    const waits = isNew && this.#plan.comes(at, wish) && this.#isAwaited(at);
    const ramp = this.#plan.next(at, waits ? "as-is" : wish, silentFor);
    const { state } = this;
    if (ramp === null || state === null) return null;
    const n = (at - state.from) / AU_SAMPLES;
    const pcm = this.#read(n, isNew);
    const isIn = ramp.turned === 1 && ramp.slope >= 0;
    this.#announcer.speak(pcm, at, { from: state.from, isNew, isIn });
    turn(pcm, ramp);
    return pcm;
  }

  #read(n: number, isNew: boolean): Float32Array {
    const before = this.#playing;
    this.#playing = this.#choose(n);
    const pcm = this.#playing.unit(n);
    if (isNew || before === this.#playing || !before.has(n, 1)) return pcm;
    const old = before.unit(n);
    turn(pcm, COME);
    turn(old, GO);
    for (let i = 0; i < pcm.length; i++) pcm[i] = (pcm[i] as number) + (old[i] as number);
    return pcm;
  }

  /** What unit `n` is read from. The one that is to go on must have the next unit too, or it could not fade out. */
  #choose(n: number): HoldSource {
    const own = this.#own;
    own?.prepare(n);
    return own?.has(n, own === this.#playing ? 2 : AHEAD) === true ? own : BUILT_IN;
  }

  /** Whether what is to come in at `at` is not there yet and worth waiting for. */
  #isAwaited(at: Samples): boolean {
    const { state } = this;
    const n = state?.isOn === true ? (at - state.from) / AU_SAMPLES : 0;
    const own = this.#own;
    return own !== null && !own.has(n, AHEAD) && own.prepare(n);
  }
}
