import { type Answer, firstMs, type Pace, retryMs } from "../../src/audience/pace.ts";
import { random } from "../kit/random.ts";

/** The shard that the fleet reports to. After a restart it is another one, with another `boot`. */
export interface Shard {
  readonly pace: Pace;
  /** Handles a report of isolate `i`, and answers it. */
  take(i: number, ms: number, previous: Answer | null): Answer;
}

/**
 * Isolates that report to one shard, on a fake clock. Each waits as pace.ts says and keeps the shard's last answer. Time goes
 * in ticks of a tenth of a second; within a tick isolates report in the order in which they were planned.
 */
export class Fleet {
  readonly #due = new Map<number, number[]>();
  readonly #answers: (Answer | undefined)[];
  readonly #next: () => number;
  /** Requests sent to the shard in each second, whether or not it was there to answer. */
  readonly load: number[] = [];

  constructor(seed: number, size: number, startMs: (i: number) => number) {
    this.#next = random(seed);
    this.#answers = Array.from({ length: size });
    for (let i = 0; i < size; i += 1) this.#plan(i, startMs(i) + firstMs(this.#next() / 2 ** 32));
  }

  /** Isolate `i` ends and another takes its place at `ms`, with no memory of earlier answers. */
  restart(i: number, ms: number): void {
    this.#answers[i] = undefined;
    this.#plan(i, ms + firstMs(this.#next() / 2 ** 32));
  }

  /**
   * Runs until `toMs`. The fraction `lost` of the reports gets no answer: half of these are lost on the way, half on the way
   * back.
   */
  run(fromMs: number, toMs: number, shard: (ms: number) => Shard | undefined, lost = 0): void {
    for (let tick = Math.ceil(fromMs / TICK); tick < Math.ceil(toMs / TICK); tick += 1) {
      const due = this.#due.get(tick) ?? [];
      this.#due.delete(tick);
      for (const i of due) {
        if (this.#planned.get(i) !== tick) continue;
        const ms = tick * TICK;
        const luck = this.#next() / 2 ** 32;
        const arrives = luck >= lost / 2;
        const second = Math.floor(ms / 1000);
        if (arrives) this.load[second] = (this.load[second] ?? 0) + 1;
        const previous = this.#answers[i] ?? null;
        const answer = arrives ? shard(ms)?.take(i, ms, previous) : undefined;
        if (!answer || luck < lost) {
          this.#plan(i, ms + retryMs(previous));
          continue;
        }
        this.#answers[i] = answer;
        this.#plan(i, ms + answer.afterMs);
      }
    }
  }

  /** The largest number of requests in one second, between `fromS` and `toS`. */
  most(fromS = 0, toS = this.load.length): number {
    return this.load.slice(fromS, toS).reduce((most, count) => Math.max(most, count ?? 0), 0);
  }

  readonly #planned = new Map<number, number>();

  #plan(i: number, ms: number): void {
    const tick = Math.ceil(ms / TICK);
    this.#planned.set(i, tick);
    const due = this.#due.get(tick);
    if (due) due.push(i);
    else this.#due.set(tick, [i]);
  }
}

const TICK = 100;
