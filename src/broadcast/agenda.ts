import { Alarm } from "./alarm.ts";
import type { Life } from "./life.ts";
import { nextStep, removalAt, type Step } from "./lifecycle.ts";
import type { Presence } from "./presence.ts";
import type { Recording } from "./recording.ts";

/** What a show has to do by itself, and when its object has to be there for it. Times are milliseconds since 1970. */
export class Agenda {
  readonly #presence: Presence;
  readonly #recording: Pick<Recording, "owes">;
  readonly #webhook: () => number | null;
  readonly #alarm: Alarm;
  /** Until when the show rests; 0 while it does not. */
  #restsUntil = 0;

  /**
   * @param webhook when something is to be sent; null: nothing waits
   * @param setAlarm stores when the object is to be brought back; null: not at all
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

  /** The next step of its life that it takes by itself. */
  next(life: Life): Step | null {
    return life.kind === "ended" ? null : nextStep(life.row, this.#presence.lastAt);
  }

  /** Has the object brought back when there is something to do for it. */
  arrange(life: Life): void {
    const runs = life.kind === "running" || life.kind === "standing";
    const step = earlier(this.next(life)?.at ?? null, this.#webhook());
    const next = earlier(step, removalAt(life.row));
    // A show that rests needs its object no earlier for that.
    const rests = Math.min(this.#restsUntil, next ?? Number.POSITIVE_INFINITY);
    if (this.#recording.owes) this.#alarm.arrange(Date.now());
    else if (runs) this.#alarm.arrange(Math.max(Date.now(), rests));
    else if (next !== null) this.#alarm.at(next);
    else this.#alarm.cancel();
  }

  /** Has it brought back should it be gone at `time`, when it has something to do. */
  arrangeFor(time: number): void {
    this.#restsUntil = time;
    this.#alarm.arrange(time);
  }

  /** The same for the show that runs at `now`, where that has not been done lately. */
  renew(now: number): void {
    this.#restsUntil = 0;
    this.#alarm.renew(now);
  }

  /** Until when a show without hosts has nothing to do; null where it has. */
  restsUntil(life: Life, wall: number): number | null {
    return this.#presence.isQuiet(wall) ? earlier(this.next(life)?.at ?? null, this.#webhook()) : null;
  }
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
