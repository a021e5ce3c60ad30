import { Alarm } from "./alarm.ts";
import { nextStep, removalAt, type Step } from "./lifecycle.ts";
import type { Presence } from "./presence.ts";
import type { Recording } from "./recording.ts";
import { isRunning, type ShowRow } from "./show-row.ts";

/**
 * Knows what a show does by itself next, and sets the alarm so that its object is awake for it. Times are milliseconds since
 * 1970.
 */
export class Agenda {
  readonly #presence: Presence;
  readonly #recording: Pick<Recording, "owes">;
  readonly #webhook: () => number | null;
  readonly #alarm: Alarm;
  /** Until when the show rests; 0: it does not rest. */
  #restsUntil = 0;

  /**
   * @param webhook returns when the next event is to be sent to the webhook; null: none waits
   * @param setAlarm sets the object's alarm; null deletes it
   */
  constructor(
    presence: Presence,
    recording: Pick<Recording, "owes">,
    webhook: () => number | null,
    setAlarm: (time: number | null) => void,
  ) {
    this.#presence = presence;
    this.#recording = recording;
    this.#webhook = webhook;
    this.#alarm = new Alarm(setAlarm);
  }

  /** Returns the next step that the show takes by itself; null: none. */
  next(row: ShowRow): Step | null {
    return row.state === "ended" ? null : nextStep(row, this.#presence.lastAt);
  }

  /**
   * Sets the alarm for the next thing that the show has to do. What R2 lacks is tried again 30 s later. While a timeline runs,
   * its clock does the work, and the alarm is only the fallback for an object that is gone.
   */
  arrange(row: ShowRow): void {
    const step = earlier(this.next(row)?.at ?? null, this.#webhook());
    const next = earlier(step, removalAt(row));
    // A resting show needs its object only when the rest is over, or at the next step if that comes first.
    const rests = Math.min(this.#restsUntil, next ?? Number.POSITIVE_INFINITY);
    if (this.#recording.owes) this.#alarm.setFallback(Date.now());
    else if (isRunning(row)) this.#alarm.setFallback(Math.max(Date.now(), rests));
    else if (next !== null) this.#alarm.setExact(next);
    else this.#alarm.cancel();
  }

  /** Sets the alarm for a show that rests until `time`: should its object be gone by then, the alarm brings it back. */
  arrangeFor(time: number): void {
    this.#restsUntil = time;
    this.#alarm.setFallback(time);
  }

  /** Moves the alarm on for a show that runs and does not rest, at most once in 10 s. */
  renew(now: number): void {
    this.#restsUntil = 0;
    this.#alarm.renew(now);
  }

  /**
   * Returns until when a running show may rest: its next step, or the webhook's next attempt. Null while a host is connected, is
   * kept away or still counts as on the air, and while listeners ask for its lists or media.
   */
  restsUntil({ life, publishers, chronicle }: Attended, wall: number): number | null {
    const hasHosts = publishers.sessions.length > 0 || chronicle.hasHosts;
    // That a host who is kept away has given up would else be noted only after the rest.
    if (hasHosts || this.#presence.isKeptAway(wall) || !this.#presence.isQuiet(wall)) return null;
    return earlier(this.next(life.row)?.at ?? null, this.#webhook());
  }
}

/** A show, as far as a rest depends on it. */
interface Attended {
  readonly life: { readonly row: ShowRow };
  readonly publishers: { readonly sessions: readonly string[] };
  /** `hasHosts`: whether a host counts as on the air, which lasts 5 s longer than the host's sound (on-air.ts). */
  readonly chronicle: { readonly hasHosts: boolean };
}

/** Returns the earlier of two times; null: never. */
function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
