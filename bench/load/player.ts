import type { List, Media } from "./list.ts";

/** How a listener's playing went. Times are milliseconds. */
export interface Played {
  readonly stalls: number;
  /** How long the listener heard nothing for it. */
  readonly stalledFor: number;
}

/**
 * A player's decisions and its buffer, without a clock: it is told what arrives and when. It starts with the first media
 * it gets and plays in real time; when the buffer is empty it stands still until more arrives, and that is a stall. It
 * never skips forward, so what it loses it stays behind.
 */
export class Player {
  /** The last media that has been asked for; null before the first list. */
  #last: Media | null = null;
  /** When the buffer runs dry (wall clock), and the date of the sample that would be next then. */
  #dryAt: number | null = null;
  #bufferedUntil = Number.NaN;
  #stalls = 0;
  #stalledFor = 0;

  /** The media of `list` to fetch now, in order. A first list decides where playing starts: its hold back from the end. */
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

  /** Media is here, whole, at `now`. */
  receive(media: Media, now: number): void {
    const isDry = this.#dryAt === null || now > this.#dryAt;
    if (this.#dryAt !== null && now > this.#dryAt) this.#stall(now - this.#dryAt);
    this.#dryAt = (isDry || this.#dryAt === null ? now : this.#dryAt) + media.duration;
    this.#bufferedUntil = media.at + media.duration;
  }

  /** Media that can not be had: its time is a stall, however much follows. */
  lose(media: Media): void {
    this.#stall(media.duration);
    this.#bufferedUntil = media.at + media.duration;
    if (this.#dryAt !== null) this.#dryAt += media.duration;
  }

  get hasStarted(): boolean {
    return this.#dryAt !== null;
  }

  /** How far what is heard is behind what is said, by PROGRAM-DATE-TIME; NaN before the start. */
  get latency(): number {
    return (this.#dryAt ?? Number.NaN) - this.#bufferedUntil;
  }

  /** The listener goes, or is looked at, at `now`; a buffer that is dry by then is a stall. */
  leave(now: number): Played {
    const dryFor = this.#dryAt === null ? 0 : Math.max(0, now - this.#dryAt);
    return { stalls: this.#stalls + (dryFor > 0 ? 1 : 0), stalledFor: this.#stalledFor + dryFor };
  }

  #stall(millis: number): void {
    this.#stalls++;
    this.#stalledFor += millis;
  }
}

/** By their numbers, not by their dates: those of some servers are what a clock said, and overlap by some milliseconds. */
function follows(media: Media, before: Media): boolean {
  if (media.msn !== before.msn) return media.msn > before.msn;
  return media.part !== null && before.part !== null && media.part > before.part;
}

/** The last media that starts at `date` or before; the first there is, where the list does not reach back so far. */
function startOf(media: readonly Media[], date: number): number {
  // Half a millisecond: dates are whole milliseconds, durations need not be.
  return Math.max(
    0,
    media.findLastIndex((m) => m.at <= date + 0.5),
  );
}
