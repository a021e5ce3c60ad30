import { AU_SAMPLES, fromMillis, type Samples } from "../media.ts";
import type { Held, RunningRow } from "./lifecycle.ts";

/** Hold audio comes within so long, and goes within so long at the most. */
const COMING = fromMillis(400);
const GOING = fromMillis(200);
/** From one beginning of it to the next it takes at least so long: who is in and out every few seconds is no reason for music. */
const BETWEEN = fromMillis(60_000);

/**
 * Whether hold audio is wanted. `at-once`: however lately it last began. `as-is`: it goes on where it sounds and does not begin where it does not; a host who has
 * connected is about to be heard, and one who has just left is about to come back. `over-silence`: for as long as what the hosts
 * send who are there is as good as silence.
 */
export type HoldWish = "at-once" | "on" | "over-silence" | "as-is" | "off";

/** Who is there. */
export interface Attended {
  /** Whether a host has a session. */
  readonly hosts: boolean;
  /** Whether a listener follows. */
  readonly listeners: boolean;
  /** For how many seconds nothing has been heard of hosts who are connected (Guard.deadAirSeconds). */
  readonly deadAirSeconds: number;
}

type Details = Pick<
  RunningRow,
  "hold" | "holdAfterSeconds" | "holdOnDeadAirSeconds" | "hostsLeftAt" | "farewellUntil"
>;

/** Whether a show wants hold audio at `wall`, milliseconds since 1970: the one place that decides it. */
export function holdWish(
  { hold, holdAfterSeconds, holdOnDeadAirSeconds, hostsLeftAt, farewellUntil }: Details,
  there: Attended,
  wall: number,
): HoldWish {
  // What nobody hears is not made: silence costs nothing.
  if (hold === "none" || !there.listeners) return "off";
  if (farewellUntil !== null) return "at-once";
  const mayPass = holdOnDeadAirSeconds ?? Number.POSITIVE_INFINITY;
  if (there.hosts) return there.deadAirSeconds >= mayPass ? "over-silence" : "as-is";
  return hostsLeftAt !== null && wall - hostsLeftAt < holdAfterSeconds * 1000 ? "as-is" : "on";
}

/** How loud hold audio is over one access unit: what it is turned to at the beginning, 0 to 1, and how that changes a sample. */
export interface Ramp {
  readonly turned: number;
  readonly slope: number;
}

/**
 * When hold audio begins and ends, access unit by access unit. It is on from its beginning until a host is heard. While it is on
 * and nobody listens it is turned off, and turned on again where it would be: that is no new beginning.
 */
export class HoldPlan {
  #state: Held | null;
  #turned = 0;
  #slope = 0;

  /** @param state what it was when the object before this one was gone */
  constructor(state: Held | null) {
    this.#state = state;
  }

  get state(): Held | null {
    return this.#state;
  }

  /** Whether any of it is in the mix. */
  get sounds(): boolean {
    return this.#turned > 0;
  }

  /** Whether it is to come in with the access unit at `at`. */
  comes(at: Samples, wish: HoldWish): boolean {
    if (this.sounds || wish === "as-is" || wish === "off") return false;
    if (wish === "at-once") return true;
    return this.#state === null || this.#state.isOn || at - this.#state.from >= BETWEEN;
  }

  /**
   * The next access unit, at `at`. Null: nothing of it is heard.
   *
   * @param silentFor for how many samples no host will be heard; Infinity where there is none. It is gone when that is over, or
   *   with this access unit, and within 200 ms.
   */
  next(at: Samples, wish: HoldWish, silentFor: number): Ramp | null {
    const isHeard = silentFor < GOING;
    if (isHeard) {
      if (this.#state?.isOn === true) this.#state = { ...this.#state, isOn: false };
    } else if (this.comes(at, wish)) {
      if (this.#state?.isOn !== true) this.#state = { from: at, isOn: true };
      this.#slope = 1 / COMING;
    }
    if (!this.sounds && this.#slope <= 0) return null;
    const isGoing = isHeard || wish === "off";
    if (isGoing)
      this.#slope = Math.min(this.#slope, -1 / GOING, -this.#turned / Math.max(AU_SAMPLES, silentFor));
    else if (this.#state?.isOn === true) this.#slope = 1 / COMING;
    const ramp = { turned: this.#turned, slope: this.#slope };
    this.#turned = Math.min(1, Math.max(0, this.#turned + this.#slope * AU_SAMPLES));
    if (this.#turned === 0) this.#slope = 0;
    return ramp;
  }
}

/** From one source to another within an access unit. */
export const COME: Ramp = { turned: 0, slope: 1 / AU_SAMPLES };
export const GO: Ramp = { turned: 1, slope: -1 / AU_SAMPLES };

/** Turns `pcm`, interleaved stereo, in place along a ramp: the gain is `least` at 0 and 1 at 1, and half a cosine between them. */
export function turn(pcm: Float32Array, { turned, slope }: Ramp, least = 0): void {
  if (turned === 1 && slope >= 0) return;
  for (let i = 0; i < pcm.length; i += 2) {
    const to = Math.min(1, Math.max(0, turned + (slope * i) / 2));
    const gain = least + (1 - least) * (0.5 - 0.5 * Math.cos(Math.PI * to));
    pcm[i] = (pcm[i] as number) * gain;
    pcm[i + 1] = (pcm[i + 1] as number) * gain;
  }
}
