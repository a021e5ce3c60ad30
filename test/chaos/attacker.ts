import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import {
  Dice,
  type Draw,
  directives,
  farMedia,
  forgedIds,
  junkQueries,
  outOfReach,
  type TargetShow,
} from "./requests.ts";
import { type Answered, type Unanswered, Wire } from "./wire.ts";

/**
 * A worker thread that sends one kind of request over and over. Being a thread of its own, it takes no time from the
 * thread of the listeners.
 */

export interface AttackOptions {
  readonly kind: keyof typeof KINDS;
  readonly target: TargetShow;
  readonly port: number;
  readonly seed: number;
  readonly requests: number;
  readonly connections: number;
  /** Requests in flight at a time on each connection. */
  readonly pipelining: number;
  /** Requests per second, at most. */
  readonly pace: number;
}

export interface Outcome {
  readonly sent: number;
  readonly seconds: number;
  /** The number of answers by status, and of requests that ended as `closed` or `hung`. */
  readonly answers: Readonly<Record<string, number>>;
  /** One example request for each kind of answer. */
  readonly examples: Readonly<Record<string, string>>;
  /** The longest time an answer took, ms. */
  readonly slowest: number;
}

const KINDS = { forgedIds, junkQueries, farMedia, directives, outOfReach } satisfies Record<string, Draw>;
/**
 * A request without an answer after this long, ms, counts as hung: more than the 12 s that a blocking reload may take,
 * plus the requests queued behind it on its connection.
 */
const HUNG_MS = 30_000;

const { kind, target, port, seed, requests, connections, pipelining, pace } = workerData as AttackOptions;
const dice = new Dice(seed);
const answers: Record<string, number> = {};
const examples: Record<string, string> = {};
const from = performance.now();
let sent = 0;
let slowest = 0;

function note(bytes: string, answer: Answered | Unanswered): void {
  const name = typeof answer === "string" ? answer : String(answer.status);
  answers[name] = (answers[name] ?? 0) + 1;
  examples[name] ??= bytes;
  if (typeof answer !== "string") slowest = Math.max(slowest, answer.millis);
}

/** One slot of a connection's pipeline: sends a request, waits for its answer, sends the next. */
async function slot(wire: { current: Wire }): Promise<void> {
  while (sent < requests) {
    const due = from + (1000 * sent) / pace;
    sent += 1;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    if (!wire.current.isOpen) wire.current = new Wire(port);
    const bytes = KINDS[kind](target, dice);
    note(bytes, await wire.current.ask(bytes, HUNG_MS));
  }
}

const wires = Array.from({ length: connections }, () => ({ current: new Wire(port) }));
await Promise.all(wires.flatMap((wire) => Array.from({ length: pipelining }, () => slot(wire))));
for (const { current } of wires) current.close();
parentPort?.postMessage({
  sent,
  seconds: (performance.now() - from) / 1000,
  answers,
  examples,
  slowest: Math.round(slowest),
} satisfies Outcome);
