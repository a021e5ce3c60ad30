import { Condition, type Patience, type Verdict } from "./condition.ts";

/** A condition has been raised, or is over. */
export interface Change<Kind extends string> {
  readonly kind: Kind;
  readonly raised: boolean;
}

/** Several conditions of one line of sound. */
export class Conditions<Kind extends string> {
  readonly #all: ReadonlyMap<Kind, Condition>;

  constructor(patience: Readonly<Record<Kind, Patience>>) {
    const entries = Object.entries(patience) as [Kind, Patience][];
    this.#all = new Map(entries.map(([kind, one]) => [kind, new Condition(one)]));
  }

  /** Takes what the next `count` samples say of some of them; what has changed by that. */
  push(verdicts: Readonly<Partial<Record<Kind, Verdict>>>, count: number): Change<Kind>[] {
    const changes: Change<Kind>[] = [];
    for (const [kind, condition] of this.#all) {
      const verdict = verdicts[kind];
      const raised = verdict === undefined ? null : condition.push(verdict, count);
      if (raised !== null) changes.push({ kind, raised });
    }
    return changes;
  }

  /** For how many samples a condition has lasted, raised or not. */
  lasts(kind: Kind): number {
    return this.#all.get(kind)?.lasts ?? 0;
  }

  /** What they are about is over; what is cleared by that. */
  end(): Change<Kind>[] {
    return [...this.#all].flatMap(([kind, condition]) => (condition.end() ? [{ kind, raised: false }] : []));
  }
}
