/**
 * What a player is doing. `blocked`: the browser requires another press before it plays sound. `no-output`: the browser has no
 * audio output; the player tries again. `replaying`: it plays a show that had ended before it joined.
 */
export type PlayerState =
  | "stopped"
  | "joining"
  | "playing"
  | "replaying"
  | "reconnecting"
  | "no-output"
  | "blocked"
  | "ended";

/**
 * The attributes of each date range in a playlist (draft-pantos-hls-rfc8216bis section 4.4.5.1). Where the browser reads the
 * playlists itself, the page does not get them.
 */
export type DateRanges = readonly Readonly<Record<string, string>>[];

/** Less than this left of a list counts as nothing, s: hls.js and browsers differ by some hundredths, and a list ends in silence. */
const LEAST_SECONDS = 0.3;

/** What a listener has heard since play was pressed, and so where a join begins: live, or at a place in a replay. */
export class Heard {
  /** Whether this is a show that had ended before, and the listener's last place in it, s. */
  #replays = false;
  #place = 0;
  /** Whether live sound has been heard since play was pressed, and up to which date, ms since 1970; null: it is not known. */
  #wasLive = false;
  #date: number | null = null;

  /** Whether the player's first list had ended. */
  get replays(): boolean {
    return this.#replays;
  }

  /** Where the next join begins, s; -1: live, or where {@link begin} says. */
  get start(): number {
    return this.#replays ? this.#place : -1;
  }

  /** Notes that play was pressed. The place in a replay is kept. */
  press(): void {
    this.#wasLive = false;
    this.#date = null;
  }

  /**
   * Notes a join's first list. Where that has ended since the listener heard the show live, returns the place of the sound that
   * was missed, s, or `ended` if the list does not have it; otherwise null: the join goes on where it began.
   */
  begin(isLive: boolean, list: readonly Stretch[]): number | "ended" | null {
    this.#replays = !isLive;
    if (isLive || !this.#wasLive) return null;
    this.#wasLive = false;
    const place = placeOf(this.#date, list);
    this.#place = place ?? 0;
    return place ?? "ended";
  }

  /** Notes that sound is heard. */
  sounds(): void {
    this.#wasLive ||= !this.#replays;
  }

  /** Notes how far the listener has heard: the element's position, s, and its date, ms since 1970; null: it is not known. */
  note(position: number, date: number | null): void {
    if (this.#replays) this.#place = position;
    else this.#date = date ?? this.#date;
  }

  /** Notes that the show has been heard to its end. */
  end(): void {
    this.#replays = false;
    this.#place = 0;
  }
}

/** A stretch of a list's media without a gap: its place and its length, s, and the date of its beginning, ms since 1970. */
export interface Stretch {
  readonly start: number;
  readonly duration: number;
  /** Null where the list does not tell it. */
  readonly programDateTime: number | null;
}

/**
 * Returns the place, s, at which a list goes on after `date` (ms since 1970): where the sound of that date is or, if the date is
 * between two timelines, where the later one begins. Null where the list begins after the date, ends with it or before it, or
 * tells no dates, and where `date` is null.
 */
export function placeOf(date: number | null, list: readonly Stretch[]): number | null {
  const begins = list[0]?.programDateTime ?? null;
  const last = list.at(-1);
  if (date === null || begins === null || last === undefined || date < begins) return null;
  for (const { start, duration, programDateTime } of list) {
    const into = programDateTime === null ? Number.NaN : (date - programDateTime) / 1000;
    if (!(into < duration)) continue;
    const place = start + Math.max(0, into);
    return last.start + last.duration - place < LEAST_SECONDS ? null : place;
  }
  return null;
}
