import type { Raised } from "../broadcast-api.ts";
import type { Note } from "../events.ts";

/** That something is wrong, or is not any more. */
export type WarningNote = Extract<Note, { readonly raised: boolean }>;

/** What a show is warned of at this moment. Nothing is raised twice, or cleared that is not raised. */
export class Warnings {
  readonly #raised = new Map<string, Raised>();

  /** @param past what the log has of warnings, oldest first */
  constructor(past: readonly WarningNote[]) {
    for (const note of past) this.take(note);
  }

  /** Takes a warning; whether that is anything new. */
  take({ kind, raised, host }: WarningNote): boolean {
    const name = `${kind} ${host?.hostId ?? ""}`;
    if (this.#raised.has(name) === raised) return false;
    if (raised) this.#raised.set(name, { kind, host });
    else this.#raised.delete(name);
    return true;
  }

  /** In the order in which they were raised. */
  get all(): readonly Raised[] {
    return [...this.#raised.values()];
  }

  /** What there is to say where nothing of it is known to be wrong any more. */
  get cleared(): readonly WarningNote[] {
    return this.all.map((one) => ({ ...one, raised: false }));
  }
}
