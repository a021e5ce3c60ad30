import { Listener, type Notes, now } from "./listener.ts";
import type { Played } from "./player.ts";

/** The present listeners, the departed ones, and their results. */
export class Crowd {
  readonly #notes: Notes;
  readonly #here: Listener[] = [];
  readonly #gone: { readonly listener: Listener; readonly played: Played; readonly seconds: number }[] = [];
  #lastRequests = 0;
  #lastAt = 0;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  join(playbackUrl: string): void {
    const listener = new Listener(playbackUrl, this.#notes);
    this.#here.push(listener);
    // It rejects only for bugs, and a bug ends the run.
    void listener.play();
  }

  /** Makes the first `count` listeners leave, all at once. */
  async leave(count: number): Promise<number> {
    const leaving = this.#here.splice(0, count);
    const at = now();
    const played = await Promise.all(leaving.map((listener) => listener.leave()));
    for (const [i, listener] of leaving.entries()) {
      const outcome = played[i];
      if (outcome === undefined) continue;
      this.#gone.push({ listener, played: outcome, seconds: (at - listener.joinedAt) / 1000 });
    }
    return leaving.length;
  }

  get listenerSeconds(): number {
    return this.#gone.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** Totals of all departed listeners. */
  get outcome() {
    const started = this.#gone.filter(({ listener }) => listener.hasStarted);
    return {
      joined: started.length,
      failedJoins: this.#gone.length - started.length,
      givenUp: started.filter(({ listener }) => listener.hasFailed).length,
      stalls: started.reduce((sum, { played }) => sum + played.stalls, 0),
      stalledFor: started.reduce((sum, { played }) => sum + played.stalledFor, 0),
    };
  }

  /** Returns the present state in one line. */
  line(millis: number): string {
    const { traffic, latency, delivery } = this.#notes;
    const rate = (traffic.requests - this.#lastRequests) / ((millis - this.#lastAt) / 1000);
    this.#lastRequests = traffic.requests;
    this.#lastAt = millis;
    const playing = this.#here.filter((listener) => listener.hasStarted && !listener.hasFailed).length;
    const stalls = [...this.#here.map(({ played }) => played), ...this.#gone.map(({ played }) => played)];
    return [
      `${(millis / 1000).toFixed(0).padStart(4)} s`,
      `${this.#here.length} here, ${playing} playing`,
      `${stalls.reduce((sum, played) => sum + played.stalls, 0)} stalls`,
      `${rate.toFixed(0)} requests/s`,
      `behind live p50 ${latency.read()?.p50 ?? "-"} ms`,
      `part due to here p99 ${delivery.read()?.p99 ?? "-"} ms`,
    ].join("  ");
  }
}
