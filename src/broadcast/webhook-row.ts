import { z } from "zod";
import type { Kind } from "../events.ts";
import type { DeadLetter, Failure } from "../webhook-api.ts";

/** A broadcast's webhook, as the store has it. Times are milliseconds since 1970. */
export interface WebhookRow {
  readonly url: string;
  readonly secret: string;
  readonly setAt: number;
  /** Id of the newest event that the receiver has taken, or that has been given up. */
  readonly doneUntil: number;
  /** Failed attempts at the next event. */
  readonly attempts: number;
  /** When the next attempt may be made, at the earliest. */
  readonly nextAt: number;
  readonly takenAt: number | null;
  readonly lastFailure: Failure | null;
  readonly deadLetters: readonly DeadLetter[];
  readonly lost: number;
}

/** The webhook's row, in the object's SQLite. */
export class WebhookRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS webhook (only INTEGER PRIMARY KEY CHECK (only = 1), json TEXT NOT NULL)",
    );
  }

  /** Returns the row; null if there is none, or if it cannot be read. */
  get(): WebhookRow | null {
    const row = this.#sql.exec<{ json: string }>("SELECT json FROM webhook").toArray()[0];
    if (row === undefined) return null;
    try {
      return Row.parse(JSON.parse(row.json));
    } catch (error) {
      console.warn(`The stored webhook can not be read, and is left alone: ${String(error)}`);
      return null;
    }
  }

  put(row: WebhookRow | null): void {
    if (row === null) this.#sql.exec("DELETE FROM webhook");
    else this.#sql.exec("INSERT OR REPLACE INTO webhook (only, json) VALUES (1, ?)", JSON.stringify(row));
  }
}

const Row = z.object({
  url: z.string(),
  secret: z.string(),
  setAt: z.number(),
  doneUntil: z.int(),
  attempts: z.int(),
  nextAt: z.number(),
  takenAt: z.number().nullable(),
  lastFailure: z.object({ at: z.number(), event: z.int(), why: z.string() }).nullable(),
  deadLetters: z.array(
    // A kind that this code does not know is reported all the same.
    z.object({ event: z.int(), kind: z.string().transform((kind) => kind as Kind), why: z.string() }),
  ),
  lost: z.int(),
});
