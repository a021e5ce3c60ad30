import { Alarm } from "./alarm.ts";
import type { Life } from "./life.ts";
import { nextStep, type Step } from "./lifecycle.ts";
import type { Outbox } from "./outbox.ts";
import type { Presence } from "./presence.ts";

/** What a show has to do by itself, and when its object has to be there for it. Times are milliseconds since 1970. */
export class Agenda {
  readonly #presence: Presence;
  readonly #outbox: Outbox;
  readonly #alarm: Alarm;

  constructor(presence: Presence, outbox: Outbox, setAlarm: (time: number | null) => void) {
    this.#presence = presence;
    this.#outbox = outbox;
    this.#alarm = new Alarm(setAlarm);
  }

  /** The next step of its life that it takes by itself. */
  next(life: Life): Step | null {
    return life.kind === "ended" ? null : nextStep(life.row, this.#presence.lastAt);
  }

  /** Has the object brought back when there is something to do for it. */
  arrange(life: Life): void {
    const runs = life.kind === "running" || life.kind === "standing";
    const next = this.next(life);
    if (runs || this.#outbox.next() !== null) this.#alarm.arrange(Date.now());
    else if (next !== null) this.#alarm.at(next.at);
    else this.#alarm.cancel();
  }

  /** Has it brought back should it be gone at `time`, when it has something to do. */
  arrangeFor(time: number): void {
    this.#alarm.arrange(time);
  }

  /** The same for the show that runs at `now`, where that has not been done lately. */
  renew(now: number): void {
    this.#alarm.renew(now);
  }

  /** Until when a show without hosts has nothing to do; null where it has. */
  restsUntil(life: Life, wall: number): number | null {
    return this.#presence.isQuiet(wall) ? (this.next(life)?.at ?? null) : null;
  }
}
