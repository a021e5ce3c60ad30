import { z } from "zod";
import { type Event, KINDS, type Note, ON_LINE, PUBLIC, WARNINGS } from "../events.ts";
import { type Samples, samples } from "../media.ts";

/** How many events a show keeps; the oldest go first. */
const MOST = 2_000;

/** Where on a timeline an event came: when so much of it had been listed. Lists that have more name the event. */
export interface PlaceOnLine {
  readonly epoch: string;
  readonly listed: Samples;
}

/** The events of a show, in the SQLite of its object. An id is never given twice, and a restart goes on with the next. */
export class Log {
  readonly #sql: SqlStorage;
  /** The ids of the newest event, and of the newest of a kind that is known; 0 before the first. */
  #last: number;
  #newest: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS event (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, json TEXT NOT NULL, epoch TEXT, listed INTEGER
      );
      CREATE INDEX IF NOT EXISTS event_by_epoch ON event (epoch, id) WHERE epoch IS NOT NULL;
    `);
    this.#last = this.#highest("");
    // A deploy that was rolled back may have known more.
    this.#newest = this.#highest(`WHERE kind IN (${marks(KINDS)})`, ...KINDS);
  }

  /** Puts an event behind all others. @param place null where it does not belong to a timeline */
  add(note: Note, at: number, place: PlaceOnLine | null): Event {
    const event = { ...note, id: this.#last + 1, at };
    this.#sql.exec(
      "INSERT INTO event (id, kind, json, epoch, listed) VALUES (?, ?, ?, ?, ?)",
      event.id,
      event.kind,
      JSON.stringify(event),
      place?.epoch ?? null,
      place?.listed ?? null,
    );
    this.#last = this.#newest = event.id;
    this.#sql.exec("DELETE FROM event WHERE id <= ?", event.id - MOST);
    return event;
  }

  /** The id of the newest event that can be told; 0 before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** At most `limit` of the events behind `id`, oldest first. */
  after(id: number, limit: number): Event[] {
    return this.#read(`WHERE id > ? AND kind IN (${marks(KINDS)}) ORDER BY id LIMIT ?`, id, ...KINDS, limit);
  }

  /** The newest `limit` that anybody may know of, oldest first. */
  newestPublic(limit: number): Event[] {
    const where = `WHERE kind IN (${marks(PUBLIC)}) ORDER BY id DESC LIMIT ?`;
    return this.#read(where, ...PUBLIC, limit).reverse();
  }

  /** Which hosts came and went, oldest first. */
  ofHosts(): Event[] {
    return this.#read("WHERE kind IN ('host-on', 'host-off') ORDER BY id");
  }

  /** What was raised and cleared, oldest first. */
  ofWarnings(): Event[] {
    return this.#read(`WHERE kind IN (${marks(WARNINGS)}) ORDER BY id`, ...WARNINGS);
  }

  /** The newest `limit` of a timeline's events that have a place on it, oldest first. */
  onLine(epoch: string, limit: number): { readonly event: Event; readonly listed: Samples }[] {
    const rows = this.#sql
      .exec<EventRow>(
        `SELECT json, listed FROM event WHERE epoch = ? AND kind IN (${marks(ON_LINE)}) ORDER BY id DESC LIMIT ?`,
        epoch,
        ...ON_LINE,
        limit,
      )
      .toArray()
      .reverse();
    return rows.flatMap(({ json, listed }) => {
      const event = eventOf(json);
      return event === null || listed === null ? [] : [{ event, listed: samples(listed) }];
    });
  }

  #highest(where: string, ...values: string[]): number {
    const [row] = this.#sql
      .exec<{ id: number | null }>(`SELECT MAX(id) AS id FROM event ${where}`, ...values)
      .toArray();
    return row?.id ?? 0;
  }

  #read(where: string, ...values: (string | number)[]): Event[] {
    return this.#sql
      .exec<EventRow>(`SELECT json, listed FROM event ${where}`, ...values)
      .toArray()
      .flatMap(({ json }) => eventOf(json) ?? []);
  }
}

/** Places for so many values, in SQL. */
function marks(values: readonly string[]): string {
  return values.map(() => "?").join(", ");
}

type EventRow = { json: string; listed: number | null };

const facts = { id: z.int().positive(), at: z.number() };
const Host = z.object({ hostId: z.string(), name: z.string() });
const Row = z.discriminatedUnion("kind", [
  z.object({
    ...facts,
    kind: z.enum(["opened", "closed", "live", "ended", "late", "hold-on", "hold-off"]),
  }),
  z.object({ ...facts, kind: z.enum(["title", "marker"]), title: z.string() }),
  z.object({
    ...facts,
    kind: z.enum(["host-on", "host-off"]),
    host: Host,
    hosts: z.int().default(1),
    onAir: z.array(z.string()).default([]),
  }),
  z.object({ ...facts, kind: z.enum(WARNINGS), raised: z.boolean(), host: Host.nullable().default(null) }),
]);

/** Reads an event as this code or that of another deploy stored it; null where it is of a kind that this one does not know. */
function eventOf(json: string): Event | null {
  try {
    return Row.parse(JSON.parse(json));
  } catch {
    return null;
  }
}
