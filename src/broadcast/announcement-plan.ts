import { AU_SAMPLES, fromMillis, type Samples, samples } from "../media.ts";
import type { Ramp } from "./hold-plan.ts";

/** Hold audio is alone for so long before an announcement. */
const ALONE = fromMillis(2_000);
/** It is turned down within so long, and up again after the announcement. */
const DOWN = fromMillis(300);
const UP = fromMillis(600);

/** What is said of one access unit. */
export interface Spoken {
  /** How far hold audio is turned up: 1 where it is alone, 0 under an announcement. */
  readonly hold: Ramp;
  /** Which access unit of the announcement is heard; null: none. */
  readonly unit: number | null;
}

/**
 * When an announcement is spoken over hold audio, access unit by access unit: first when hold audio has been in for 2 s, then
 * again and again. One that was stopped is not gone on with in its middle.
 */
export class AnnouncementPlan {
  /** Since where hold audio is in and alone; null: it is not. */
  #aloneSince: Samples | null = null;
  /** Where an announcement last began; null: there was none since {@link restart}. */
  #begunAt: Samples | null = null;
  /** The next access unit of the one that is made; null: none is. */
  #unit: number | null = null;
  #turned = 1;

  /** Whether one has begun and is not over. */
  get isSpeaking(): boolean {
    return this.#unit !== null;
  }

  /** Whether one is to begin with the access unit at `at`, where one begins `every` samples after the other. */
  begins(at: Samples, every: Samples, isIn: boolean): boolean {
    if (!isIn || this.#aloneSince === null) return false;
    return at - this.#aloneSince >= ALONE && (this.#begunAt === null || at - this.#begunAt >= every);
  }

  /** Begins one with the access unit at `at`. */
  begin(at: Samples): void {
    this.#begunAt = at;
    this.#unit = 0;
  }

  /**
   * The next access unit, at `at`.
   *
   * @param units how many the announcement has
   * @param isIn whether hold audio has come in, and is not going
   */
  next(at: Samples, units: number, isIn: boolean): Spoken {
    const slope = this.#unit !== null ? -1 / DOWN : 1 / UP;
    const hold = { turned: this.#turned, slope };
    const unit = this.#turned === 0 ? this.#unit : null;
    this.#turned = Math.min(1, Math.max(0, this.#turned + slope * AU_SAMPLES));
    if (unit !== null) this.#unit = unit + 1 < units ? unit + 1 : null;
    const isAlone = isIn && this.#unit === null && this.#turned === 1;
    this.#aloneSince = isAlone ? (this.#aloneSince ?? samples(at + AU_SAMPLES)) : null;
    return { hold, unit };
  }

  /** The one that is made is over, with the access unit that came last. */
  stop(): void {
    this.#unit = null;
  }

  /** Hold audio is not heard: what is made is over, and it comes in alone. */
  leave(): void {
    this.#unit = null;
    this.#turned = 1;
    this.#aloneSince = null;
  }

  /** None has been made: hold audio has begun anew, or the announcement is another. */
  restart(): void {
    this.#begunAt = null;
  }
}
