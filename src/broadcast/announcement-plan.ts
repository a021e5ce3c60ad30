import { AU_SAMPLES, fromMillis, type Samples, samples } from "../media.ts";
import type { Ramp } from "./hold-plan.ts";

/** How long hold audio is heard alone before an announcement at least, in samples. */
const MIN_ALONE = fromMillis(2_000);
/** How long hold audio takes to be turned down for an announcement, in samples. */
const FADE_DOWN = fromMillis(300);
/** How long it takes to come up again afterwards, in samples. */
const FADE_UP = fromMillis(600);

/** What is heard in one access unit: how loud hold audio is, and which part of the announcement. */
export interface Spoken {
  /** How loud hold audio is: 1 when it is alone, 0 (turned down, not silent) under an announcement. */
  readonly hold: Ramp;
  /** The index of the announcement's access unit that is heard; null: none. */
  readonly unit: number | null;
}

/**
 * Decides, access unit by access unit, when an announcement is spoken over hold audio: first once hold audio has been heard
 * alone for 2 s, then at a fixed interval. An announcement that was stopped does not resume in its middle: it starts from the
 * beginning.
 */
export class AnnouncementPlan {
  /** The position since which hold audio has been fully in, with no announcement over it; null: it is not. */
  #aloneSince: Samples | null = null;
  /** The position at which an announcement last began; null: none has begun since {@link restart}. */
  #begunAt: Samples | null = null;
  /** The index of the next access unit of the announcement being spoken; null: none is being spoken. */
  #unit: number | null = null;
  /** How far hold audio is turned up, 0 to 1. */
  #level = 1;

  /** Whether an announcement is being spoken. */
  get isSpeaking(): boolean {
    return this.#unit !== null;
  }

  /**
   * Returns whether an announcement is to begin with the access unit at `at`.
   *
   * @param every samples from one beginning to the next
   * @param isIn whether hold audio has come in fully, and is not fading out
   */
  begins(at: Samples, every: Samples, isIn: boolean): boolean {
    if (!isIn || this.#aloneSince === null) return false;
    return at - this.#aloneSince >= MIN_ALONE && (this.#begunAt === null || at - this.#begunAt >= every);
  }

  /** Begins an announcement with the access unit at `at`. */
  begin(at: Samples): void {
    this.#begunAt = at;
    this.#unit = 0;
  }

  /**
   * Returns what is heard in the next access unit, at `at`.
   *
   * @param units length of the announcement, access units
   * @param isIn whether hold audio has come in fully, and is not fading out
   */
  next(at: Samples, units: number, isIn: boolean): Spoken {
    const slope = this.#unit !== null ? -1 / FADE_DOWN : 1 / FADE_UP;
    const hold = { level: this.#level, slope };
    const unit = this.#level === 0 ? this.#unit : null;
    this.#level = Math.min(1, Math.max(0, this.#level + slope * AU_SAMPLES));
    if (unit !== null) this.#unit = unit + 1 < units ? unit + 1 : null;
    const isAlone = isIn && this.#unit === null && this.#level === 1;
    this.#aloneSince = isAlone ? (this.#aloneSince ?? samples(at + AU_SAMPLES)) : null;
    return { hold, unit };
  }

  /** Ends the announcement being spoken: the access unit returned last was its last. */
  stop(): void {
    this.#unit = null;
  }

  /** Hold audio was not heard: ends any announcement, so that hold audio comes in alone and at its full level. */
  leave(): void {
    this.#unit = null;
    this.#level = 1;
    this.#aloneSince = null;
  }

  /** Forgets the last beginning, so that the next announcement need not wait: hold audio or the announcement is a new one. */
  restart(): void {
    this.#begunAt = null;
  }
}
