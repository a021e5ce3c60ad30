import { mintWebhookSecret, signedHeaders } from "../access/webhook.ts";
import type { Event } from "../events.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type { WebhookAct, WebhookState } from "../webhook-api.ts";
import type { Log } from "./log.ts";
import type { WebhookRow, WebhookRows } from "./webhook-row.ts";

/** How long a receiver may take to answer, milliseconds. */
const LIMIT_MS = 10_000;
/** The wait after the first attempt that failed, milliseconds; each is twice the one before, up to the second of these. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 6 * 3_600_000;
/** An event that has waited for so long is put away, milliseconds. */
const DAY_MS = 24 * 3_600_000;
/** Events that were put away and are still told of. */
const MOST_DEAD = 100;
/** While an attempt is being made the object is brought back after so long, should it go meanwhile; milliseconds. */
const MEANWHILE_MS = 30_000;

/** Sends one message; null: the receiver took it, else why not, the end of a sentence. Never rejects. */
export type Send = (url: string, headers: Record<string, string>, body: string) => Promise<string | null>;

/**
 * Tells one receiver of all that happens at a show: in order, at least once, beside the show and never in its way. An event is
 * tried until the receiver takes it or a day has passed since it happened; those behind it wait. Where that stands is stored,
 * so that a restart goes on with it.
 */
export class Webhook {
  readonly #log: Log;
  readonly #rows: WebhookRows;
  readonly #show: { readonly id: string; readonly createdAt: number };
  readonly #arrange: () => void;
  readonly #send: Send;
  #row: WebhookRow | null;
  #isSending = false;

  /** @param arrange called when {@link dueAt} may be another */
  constructor(
    { log, webhook }: { readonly log: Log; readonly webhook: WebhookRows },
    show: { readonly id: string; readonly createdAt: number },
    arrange: () => void,
    send: Send = post,
  ) {
    this.#log = log;
    this.#rows = webhook;
    this.#show = show;
    this.#arrange = arrange;
    this.#send = send;
    this.#row = webhook.get();
  }

  /** When there is something to do, milliseconds since 1970; null while nothing waits. */
  get dueAt(): number | null {
    const row = this.#row;
    if (row === null || this.#log.newest <= row.doneUntil) return null;
    return this.#isSending ? Date.now() + MEANWHILE_MS : row.nextAt;
  }

  /** Does what an operator wants. A receiver that is set is told what happens from then on, and what still waits. */
  attend(act: WebhookAct): WebhookState | Problem | null {
    if (act.kind === "set") return this.#set(act.url, act.secret ?? mintWebhookSecret());
    if (this.#row === null) return PROBLEMS.noWebhook;
    if (act.kind === "describe") return this.#describe(this.#row);
    this.#put(null);
    this.#arrange();
    return null;
  }

  /** Sends what waits and is due, one after the other. Never rejects. */
  async run(): Promise<void> {
    if (this.#isSending || (this.dueAt ?? Number.POSITIVE_INFINITY) > Date.now()) return;
    this.#isSending = true;
    try {
      for (let event = this.#next(); event !== null; event = this.#next()) await this.#deliver(event);
    } catch (error) {
      console.error(`The webhook of ${this.#show.id} failed: ${String(error)}`);
      if (this.#row !== null) this.#failed(this.#row, null, "the relay failed");
    } finally {
      this.#isSending = false;
    }
    // Of a show that was deleted meanwhile the alarm may be another show's by now.
    if (this.#row !== null) this.#arrange();
  }

  /** Forgets the receiver without a word to the store; what is on its way has no consequence. */
  abandon(): void {
    this.#row = null;
  }

  #set(url: string, secret: string): WebhookState {
    const now = Date.now();
    const row: WebhookRow = {
      takenAt: null,
      lastFailure: null,
      deadLetters: [],
      lost: 0,
      doneUntil: this.#log.newest,
      ...this.#row,
      url,
      secret,
      setAt: now,
      attempts: 0,
      nextAt: now,
    };
    this.#put(row);
    void this.run();
    return { ...this.#describe(row), secret };
  }

  /** The event that is to be sent now; null where none is. */
  #next(): Event | null {
    const row = this.#row;
    if (row === null || row.nextAt > Date.now() || this.#log.newest <= row.doneUntil) return null;
    const [event] = this.#log.after(row.doneUntil, 1);
    const before = (event?.id ?? this.#log.newest + 1) - 1;
    if (before > row.doneUntil)
      this.#put({ ...row, doneUntil: before, lost: row.lost + before - row.doneUntil });
    return event ?? null;
  }

  async #deliver(event: Event): Promise<void> {
    const row = this.#row;
    if (row === null) return;
    const { id, createdAt } = this.#show;
    const { kind: type, at, ...data } = event;
    const timestamp = new Date(at).toISOString();
    const body = JSON.stringify({ type, timestamp, data: { broadcast: id, ...data, kind: type, at } });
    // A broadcast that is deleted may be created again under the same name, and counts from 1 again.
    const name = `${id}.${createdAt.toString(36)}.${event.id}`;
    const why = await this.#send(row.url, await signedHeaders(row.secret, name, Date.now(), body), body);
    const now = this.#row;
    // It may have been set anew or dropped meanwhile.
    if (now === null || now.setAt !== row.setAt) return;
    if (why !== null) this.#failed(now, event, why);
    else this.#put({ ...now, doneUntil: event.id, attempts: 0, nextAt: 0, takenAt: Date.now() });
  }

  #failed(row: WebhookRow, event: Event | null, why: string): void {
    const now = Date.now();
    const attempts = row.attempts + 1;
    if (attempts === 1) console.warn(`The webhook of ${this.#show.id} is tried again: ${why}`);
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1));
    const dead = this.#log
      .after(row.doneUntil, this.#log.newest - row.doneUntil)
      .filter(({ at }) => now - at > DAY_MS);
    this.#put({
      ...row,
      attempts,
      nextAt: Math.round(now + longest * (0.5 + Math.random() / 2)),
      doneUntil: dead.at(-1)?.id ?? row.doneUntil,
      lastFailure: event === null ? row.lastFailure : { at: now, event: event.id, why },
      deadLetters: [...row.deadLetters, ...dead.map(({ id, kind }) => ({ event: id, kind, why }))].slice(
        -MOST_DEAD,
      ),
    });
  }

  #describe(row: WebhookRow): WebhookState {
    const { secret: _, nextAt, ...told } = row;
    const waiting = Math.max(0, this.#log.newest - row.doneUntil);
    return { kind: "webhook", ...told, waiting, nextAttemptAt: waiting === 0 ? null : nextAt };
  }

  #put(row: WebhookRow | null): void {
    this.#rows.put(row);
    this.#row = row;
  }
}

async function post(url: string, headers: Record<string, string>, body: string): Promise<string | null> {
  const late = new AbortController();
  // The timer of AbortSignal.timeout() goes on when the answer is there, and would keep the object awake.
  const timer = setTimeout(() => late.abort(), LIMIT_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "user-agent": "Earshot" },
      body,
      // What a receiver answers must not lead anywhere else.
      redirect: "manual",
      signal: late.signal,
    });
    await response.body?.cancel();
    return response.ok ? null : `the receiver answered ${response.status}`;
  } catch {
    return late.signal.aborted
      ? `there was no answer within ${LIMIT_MS / 1000} s`
      : "the receiver could not be reached";
  } finally {
    clearTimeout(timer);
  }
}
