import { SILENT_DB } from "./audibility.ts";

/** What the page says beside the microphone's level. */
export interface LevelWords {
  readonly sentence: string;
  /** Whether nothing comes from the microphone, or it is muted. */
  readonly isSilent: boolean;
}

/** How long the microphone must be silent before the page says so, ms. */
const SILENT_AFTER_MS = 2_000;
/** A peak level above this is too loud, dBFS. */
const TOO_LOUD_DB = -1;
/** How long the page goes on saying that the microphone was too loud, ms: a sentence that comes and goes with each peak is not read. */
const TOO_LOUD_FOR_MS = 3_000;

/** Follows the microphone's level, and says what is wrong with it. A screen reader reads each change aloud, during the show too. */
export class LevelWatch {
  /** When there was sound last, and when it was too loud last, ms. */
  #soundAt = 0;
  #tooLoudAt = Number.NEGATIVE_INFINITY;

  /** Begins anew: the microphone is another, or has been muted or unmuted. @param now ms */
  restart(now: number): void {
    this.#soundAt = now;
    this.#tooLoudAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes a reading. Call it about ten times a second.
   *
   * @param now ms
   * @param peakDb dBFS; null where the level can not be measured
   * @param microphone `lost`: it has been unplugged
   */
  read(
    now: number,
    peakDb: number | null,
    microphone: "none" | "open" | "lost",
    isMuted: boolean,
  ): LevelWords {
    if (peakDb === null || peakDb > SILENT_DB) this.#soundAt = now;
    if (peakDb !== null && peakDb > TOO_LOUD_DB) this.#tooLoudAt = now;
    if (microphone !== "open")
      return { sentence: microphone === "none" ? "No microphone yet." : "No microphone.", isSilent: false };
    if (isMuted) return { sentence: "Muted: nobody can hear you.", isSilent: true };
    if (peakDb === null)
      return {
        sentence: "The level can not be shown: this browser does not run the page's sound.",
        isSilent: false,
      };
    if (now - this.#soundAt > SILENT_AFTER_MS)
      return { sentence: "Silent: this microphone picks nothing up.", isSilent: true };
    if (now - this.#tooLoudAt < TOO_LOUD_FOR_MS)
      return { sentence: "Too loud: move back or turn down.", isSilent: false };
    return { sentence: "Your microphone is working.", isSilent: false };
  }
}
