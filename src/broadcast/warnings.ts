import type { RaisedWarning } from "../broadcast-api.ts";
import type { Note } from "../events.ts";

/** A note that something is wrong, or is right again. */
export type WarningNote = Extract<Note, { readonly raised: boolean }>;

/** The warnings of a show that are raised at this moment. No warning is raised twice, or cleared unless it is raised. */
export class Warnings {
  readonly #raised = new Map<string, RaisedWarning>();

  /** @param past the log's warnings, oldest first */
  constructor(past: readonly WarningNote[]) {
    for (const note of past) this.take(note);
  }

  /** Takes a warning; returns whether it changes anything. */
  take({ kind, raised, host }: WarningNote): boolean {
    const name = `${kind} ${host?.hostId ?? ""}`;
    if (this.#raised.has(name) === raised) return false;
    if (raised) this.#raised.set(name, { kind, host });
    else this.#raised.delete(name);
    return true;
  }

  /** The raised warnings, in the order in which they were raised. */
  get all(): readonly RaisedWarning[] {
    return [...this.#raised.values()];
  }

  /** One clearing note for each raised warning, for when nothing is known to be wrong. */
  get cleared(): readonly WarningNote[] {
    return this.all.map((warning) => ({ ...warning, raised: false }));
  }
}
