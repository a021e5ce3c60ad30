import type { List, Media } from "./list.ts";

/** The result of a listener's playback. Times are milliseconds. */
export interface Played {
  readonly stalls: number;
  /** How long the listener heard nothing because of stalls. */
  readonly stalledFor: number;
}

/**
 * A model of a player's decisions and its buffer. It has no clock: the caller says what arrives and when. It starts with the
 * first media and plays in real time. When the buffer is empty it waits until more arrives, which is a stall. It
 * never skips forward, so a stall increases its latency for good.
 */
export class Player {
  /** The last media that was requested; null before the first playlist. */
  #last: Media | null = null;
  /** When the buffer will be empty (wall clock), and the date of the sample that would be next then. */
  #dryAt: number | null = null;
  #bufferedUntil = Number.NaN;
  #stalls = 0;
  #stalledFor = 0;

  /** Returns the media to fetch now, in order. In the first playlist it starts at the hold-back from the end. */
  take(list: List): readonly Media[] {
    const { media, holdBack } = list;
    const last = media.at(-1);
    if (last === undefined) return [];
    const before = this.#last;
    const first =
      before === null
        ? startOf(media, last.at + last.duration - holdBack)
        : media.findIndex((one) => follows(one, before));
    if (first < 0) return [];
    this.#last = last;
    return media.slice(first);
  }

  /** Notes that media has arrived completely at `now`. */
  receive(media: Media, now: number): void {
    const isDry = this.#dryAt === null || now > this.#dryAt;
    if (this.#dryAt !== null && now > this.#dryAt) this.#stall(now - this.#dryAt);
    this.#dryAt = (isDry || this.#dryAt === null ? now : this.#dryAt) + media.duration;
    this.#bufferedUntil = media.at + media.duration;
  }

  /** Notes that media cannot be fetched. Its duration counts as a stall, even if later media arrives. */
  lose(media: Media): void {
    this.#stall(media.duration);
    this.#bufferedUntil = media.at + media.duration;
    if (this.#dryAt !== null) this.#dryAt += media.duration;
  }

  get hasStarted(): boolean {
    return this.#dryAt !== null;
  }

  /** How far playback is behind the live sound by PROGRAM-DATE-TIME, ms; NaN before the start. */
  get latency(): number {
    return (this.#dryAt ?? Number.NaN) - this.#bufferedUntil;
  }

  /** Returns the result if the listener leaves at `now`. A buffer that is empty by then counts as a stall. */
  leave(now: number): Played {
    const dryFor = this.#dryAt === null ? 0 : Math.max(0, now - this.#dryAt);
    return { stalls: this.#stalls + (dryFor > 0 ? 1 : 0), stalledFor: this.#stalledFor + dryFor };
  }

  #stall(millis: number): void {
    this.#stalls++;
    this.#stalledFor += millis;
  }
}

/** Compares sequence numbers, not dates: some servers take dates from a clock, and they overlap by some milliseconds. */
function follows(media: Media, before: Media): boolean {
  if (media.msn !== before.msn) return media.msn > before.msn;
  return media.part !== null && before.part !== null && media.part > before.part;
}

/** Returns the index of the last media that starts at `date` or before; 0 if the playlist does not reach back so far. */
function startOf(media: readonly Media[], date: number): number {
  // A tolerance of half a millisecond: dates are whole milliseconds, durations need not be.
  return Math.max(
    0,
    media.findLastIndex((m) => m.at <= date + 0.5),
  );
}
