import type { Kind } from "./events.ts";

/** What an operator does with a broadcast's webhook, and what crosses that seam: edge/happenings.ts asks, broadcast/webhook.ts does it. */
export type WebhookAct =
  | { readonly kind: "describe" }
  /** `secret`: null, and one is made. */
  | { readonly kind: "set"; readonly url: string; readonly secret: string | null }
  | { readonly kind: "drop" };

/** The one receiver of a broadcast's events, and how it does. Times are milliseconds since 1970. */
export interface WebhookState {
  readonly kind: "webhook";
  readonly url: string;
  /** It is told once, when it is set. */
  readonly secret?: string;
  readonly setAt: number;
  /** The id of the newest event that it has taken or that was put away; what comes after it waits. */
  readonly doneUntil: number;
  /** How many wait. */
  readonly waiting: number;
  /** How often the one that waits first has been tried in vain. */
  readonly attempts: number;
  /** When that is tried again; null where nothing waits. */
  readonly nextAttemptAt: number | null;
  readonly takenAt: number | null;
  readonly lastFailure: Failure | null;
  /** Events that nobody took within a day, newest last; no more than a hundred are told. */
  readonly deadLetters: readonly DeadLetter[];
  /** Events that the log had let go of before their turn came. */
  readonly lost: number;
}

export interface Failure {
  readonly at: number;
  /** The id of the event. */
  readonly event: number;
  /** What happened, as the end of a sentence. */
  readonly why: string;
}

export interface DeadLetter {
  readonly event: number;
  readonly kind: Kind;
  readonly why: string;
}
