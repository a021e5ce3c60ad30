import { mintWebhookSecret, signedHeaders } from "../access/webhook.ts";
import type { Event } from "../events.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type { WebhookAct, WebhookState } from "../webhook-api.ts";
import type { Log } from "./log.ts";
import type { WebhookRow, WebhookRows } from "./webhook-row.ts";

/** Timeout for a request to the receiver, ms. */
const TIMEOUT_MS = 10_000;
/** Wait after the first failed attempt, ms. It doubles with each failure, up to the longest; a random half to all is waited. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 6 * 3_600_000;
/** An event older than this, ms, that the receiver has not taken becomes a dead letter. */
const DAY_MS = 24 * 3_600_000;
/** Dead letters that operators can see, the newest. */
const MOST_DEAD = 100;
/** If the object goes during an attempt, the alarm brings it back after this long, ms. */
const MEANWHILE_MS = 30_000;

/** Sends one message. Never rejects. */
export type Send = (url: string, headers: Record<string, string>, body: string) => Promise<Sent>;

/** Whether the receiver took a message; `why`: why not, as the end of a sentence. */
export type Sent = { readonly kind: "taken" } | { readonly kind: "not-taken"; readonly why: string };

/**
 * Delivers all events of a show to one receiver: in order, at least once, and without ever delaying the show. An event is tried
 * until the receiver takes it or a day has passed since it happened; later events wait for it. The progress is stored, so that
 * deliveries go on after a restart.
 */
export class Webhook {
  readonly #log: Log;
  readonly #rows: WebhookRows;
  readonly #show: { readonly id: string; readonly createdAt: number };
  readonly #arrange: () => void;
  readonly #send: Send;
  #row: WebhookRow | null;
  #isSending = false;

  /** @param arrange called when {@link dueAt} may have changed */
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

  /** When something is due, milliseconds since 1970; null while nothing waits. */
  get dueAt(): number | null {
    const row = this.#row;
    if (row === null || this.#log.newest <= row.doneUntil) return null;
    return this.#isSending ? Date.now() + MEANWHILE_MS : row.nextAt;
  }

  /** Does what an operator asks. A receiver that is set gets the events from then on, and those that still wait. */
  handle(act: WebhookAct): WebhookState | Problem | null {
    if (act.kind === "set") return this.#set(act.url, act.secret ?? mintWebhookSecret());
    if (this.#row === null) return PROBLEMS.noWebhook;
    if (act.kind === "describe") return this.#describe(this.#row);
    this.#put(null);
    this.#arrange();
    return null;
  }

  /** Sends the events that are due, one after the other. Never rejects. */
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
    // If the show was deleted meanwhile, the alarm may belong to another show.
    if (this.#row !== null) this.#arrange();
  }

  /** Forgets the receiver without changing the store; the outcome of an attempt in flight is ignored. */
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

  /** Returns the event to send now; null if there is none. Counts the events that the log had dropped before their turn. */
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
    // A deleted broadcast may be created again under the same id, and its events count from 1 again.
    const name = `${id}.${createdAt.toString(36)}.${event.id}`;
    const sent = await this.#send(row.url, await signedHeaders(row.secret, name, Date.now(), body), body);
    const now = this.#row;
    // The webhook may have been set again or dropped meanwhile.
    if (now === null || now.setAt !== row.setAt) return;
    if (sent.kind === "not-taken") this.#failed(now, event, sent.why);
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

async function post(url: string, headers: Record<string, string>, body: string): Promise<Sent> {
  const late = new AbortController();
  // The timer of AbortSignal.timeout() keeps running after the answer, and would keep the object awake.
  const timer = setTimeout(() => late.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "user-agent": "Earshot" },
      body,
      // A receiver's redirect must not lead the request anywhere else.
      redirect: "manual",
      signal: late.signal,
    });
    await response.body?.cancel();
    return response.ok ? { kind: "taken" } : notTaken(`the receiver answered ${response.status}`);
  } catch {
    return notTaken(
      late.signal.aborted
        ? `there was no answer within ${TIMEOUT_MS / 1000} s`
        : "the receiver could not be reached",
    );
  } finally {
    clearTimeout(timer);
  }
}

function notTaken(why: string): Sent {
  return { kind: "not-taken", why };
}
