import { Condition, type Hysteresis, type Verdict } from "./condition.ts";

/** A condition was raised or cleared. */
export interface Change<Kind extends string> {
  readonly kind: Kind;
  readonly raised: boolean;
}

/** Several conditions of one line of sound. */
export class Conditions<Kind extends string> {
  readonly #all: ReadonlyMap<Kind, Condition>;

  constructor(patience: Readonly<Record<Kind, Hysteresis>>) {
    const entries = Object.entries(patience) as [Kind, Hysteresis][];
    this.#all = new Map(entries.map(([kind, own]) => [kind, new Condition(own)]));
  }

  /** Takes the verdicts on the next `count` samples; conditions without one stay as they are. Returns what has changed. */
  push(verdicts: Readonly<Partial<Record<Kind, Verdict>>>, count: number): Change<Kind>[] {
    const changes: Change<Kind>[] = [];
    for (const [kind, condition] of this.#all) {
      const verdict = verdicts[kind];
      const raised = verdict === undefined ? null : condition.push(verdict, count);
      if (raised !== null) changes.push({ kind, raised });
    }
    return changes;
  }

  /** Returns for how many samples a condition has lasted, raised or not. */
  lasts(kind: Kind): number {
    return this.#all.get(kind)?.lasts ?? 0;
  }

  /** Resets all conditions because the line they watch has ended. Returns those that this clears. */
  end(): Change<Kind>[] {
    return [...this.#all].flatMap(([kind, condition]) => (condition.end() ? [{ kind, raised: false }] : []));
  }
}
