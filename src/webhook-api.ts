import type { Kind } from "./events.ts";

/** An operator's request about a broadcast's webhook: edge/events.ts sends it, broadcast/webhook.ts carries it out. */
export type WebhookAct =
  | { readonly kind: "describe" }
  /** `secret`: null to have one generated. */
  | { readonly kind: "set"; readonly url: string; readonly secret: string | null }
  | { readonly kind: "drop" };

/** The one receiver of a broadcast's events, and the state of its deliveries. Times are milliseconds since 1970. */
export interface WebhookState {
  readonly kind: "webhook";
  readonly url: string;
  /** Present only in the answer to the request that sets the webhook. */
  readonly secret?: string;
  readonly setAt: number;
  /** The id of the newest event that the receiver accepted or that became a dead letter. All later events are waiting. */
  readonly doneUntil: number;
  /** How many events are waiting. */
  readonly waiting: number;
  /** How many attempts to deliver the first waiting event have failed. */
  readonly attempts: number;
  /** When it is tried next; null where nothing waits. */
  readonly nextAttemptAt: number | null;
  /** When the receiver last accepted an event. */
  readonly takenAt: number | null;
  readonly lastFailure: Failure | null;
  /** Events that the receiver did not accept within a day, newest last; at most 100 are returned. */
  readonly deadLetters: readonly DeadLetter[];
  /** How many events the log dropped before they could be sent. */
  readonly lost: number;
}

export interface Failure {
  readonly at: number;
  /** The id of the event. */
  readonly event: number;
  /** The reason, as the end of a sentence. */
  readonly why: string;
}

export interface DeadLetter {
  readonly event: number;
  readonly kind: Kind;
  readonly why: string;
}
