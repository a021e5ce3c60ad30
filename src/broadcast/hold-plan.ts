import { AU_SAMPLES, fromMillis, type Samples } from "../media.ts";
import type { HoldState, RunningRow } from "./show-row.ts";

/** How long hold audio takes to fade in, in samples. */
const FADE_IN = fromMillis(400);
/** How long it takes to fade out at most, in samples. */
const FADE_OUT = fromMillis(200);
/**
 * Shortest time from one beginning of hold audio to the next, in samples: no music for a host who drops out every few seconds.
 */
const MIN_INTERVAL = fromMillis(60_000);

/**
 * Whether hold audio is wanted. `at-once`: yes, however recently it last began. `on`: yes, but it begins once a minute at
 * most. `over-silence`: as `on`, for as long as the connected hosts send as good as silence. `as-is`: it goes on if it sounds,
 * and does not begin if not: a host who has connected is about to be heard, or one who has just left is about to come back.
 * `off`: no.
 */
export type HoldWish = "at-once" | "on" | "over-silence" | "as-is" | "off";

/** Who is at the show. */
export interface Attendance {
  /** Whether a host who is not muted is heard, or about to be. */
  readonly hosts: boolean;
  /** When the last message of such a host came, milliseconds since 1970; null: the object knows of none. */
  readonly heardAt: number | null;
  /** Whether somebody listens. */
  readonly listeners: boolean;
  /** For how many seconds the connected hosts have been silent (Guard.deadAirSeconds). */
  readonly deadAirSeconds: number;
}

type Details = Pick<
  RunningRow,
  "hold" | "holdAfterSeconds" | "holdOnDeadAirSeconds" | "hostsLeftAt" | "farewellUntil" | "held"
>;

/** Returns whether a show wants hold audio at `wall`, milliseconds since 1970. Nothing else decides that. */
export function holdWish(
  { hold, holdAfterSeconds, holdOnDeadAirSeconds, hostsLeftAt, farewellUntil, held }: Details,
  there: Attendance,
  wall: number,
): HoldWish {
  // Hold audio that nobody hears is not made: silence costs nothing.
  if (hold === "none" || !there.listeners) return "off";
  if (farewellUntil !== null) return "at-once";
  const mayPass = holdOnDeadAirSeconds ?? Number.POSITIVE_INFINITY;
  if (there.hosts) return there.deadAirSeconds >= mayPass ? "over-silence" : "as-is";
  // It goes on, after a restart too, until a host is heard.
  if (held?.isOn === true) return "on";
  // `hostsLeftAt` may be later than the last message: while the SFU is away, hosts may be there, but listeners hear none.
  const leftAt = there.heardAt ?? hostsLeftAt;
  return leftAt !== null && wall - leftAt < holdAfterSeconds * 1000 ? "as-is" : "on";
}

/** How loud hold audio is over one access unit: `turned` at its beginning, 0 to 1, changing by `slope` a sample. */
export interface Ramp {
  readonly level: number;
  readonly slope: number;
}

/**
 * Decides, access unit by access unit, when hold audio begins and ends. It is on from its beginning until a host is heard.
 * While it is on and nobody listens it is silent; for the next listener it goes on where it would be then, which is no new
 * beginning.
 */
export class HoldPlan {
  #state: HoldState | null;
  /** How far hold audio is turned up, 0 to 1, and how that changes a sample. */
  #level = 0;
  #slope = 0;

  /** @param state as stored by the object before this one; null: hold audio has not begun on this timeline */
  constructor(state: HoldState | null) {
    this.#state = state;
  }

  get state(): HoldState | null {
    return this.#state;
  }

  /** Whether hold audio is in the mix, however soft. */
  get sounds(): boolean {
    return this.#level > 0;
  }

  /** Returns whether hold audio is to come in with the access unit at `at`. */
  isToBegin(at: Samples, wish: HoldWish): boolean {
    if (this.sounds || wish === "as-is" || wish === "off") return false;
    if (wish === "at-once") return true;
    return this.#state === null || this.#state.isOn || at - this.#state.from >= MIN_INTERVAL;
  }

  /**
   * Returns how loud hold audio is in the next access unit, at `at`; null: it is not heard.
   *
   * @param silentFor for how many samples no host will be heard; Infinity: there is none. If that is less than 200 ms, hold
   *   audio fades out by then, or within this access unit if that is longer.
   */
  next(at: Samples, wish: HoldWish, silentFor: number): Ramp | null {
    const isHeard = silentFor < FADE_OUT;
    if (isHeard) {
      if (this.#state?.isOn === true) this.#state = { ...this.#state, isOn: false };
    } else if (this.isToBegin(at, wish)) {
      if (this.#state?.isOn !== true) this.#state = { from: at, isOn: true };
      this.#slope = 1 / FADE_IN;
    }
    if (!this.sounds && this.#slope <= 0) return null;
    const isGoing = isHeard || wish === "off";
    if (isGoing)
      this.#slope = Math.min(this.#slope, -1 / FADE_OUT, -this.#level / Math.max(AU_SAMPLES, silentFor));
    else if (this.#state?.isOn === true) this.#slope = 1 / FADE_IN;
    const ramp = { level: this.#level, slope: this.#slope };
    this.#level = Math.min(1, Math.max(0, this.#level + this.#slope * AU_SAMPLES));
    if (this.#level === 0) this.#slope = 0;
    return ramp;
  }
}

/** The two ramps of a crossfade from one source to another within an access unit. */
export const FADE_IN_RAMP: Ramp = { level: 0, slope: 1 / AU_SAMPLES };
export const FADE_OUT_RAMP: Ramp = { level: 1, slope: -1 / AU_SAMPLES };

/**
 * Applies a ramp to `pcm`, interleaved stereo, in place. The gain is `least` at 0 and 1 at 1, with half a cosine between them.
 */
export function applyRamp(pcm: Float32Array, { level, slope }: Ramp, least = 0): void {
  if (level === 1 && slope >= 0) return;
  for (let i = 0; i < pcm.length; i += 2) {
    const to = Math.min(1, Math.max(0, level + (slope * i) / 2));
    const gain = least + (1 - least) * (0.5 - 0.5 * Math.cos(Math.PI * to));
    pcm[i] = (pcm[i] as number) * gain;
    pcm[i + 1] = (pcm[i + 1] as number) * gain;
  }
}
