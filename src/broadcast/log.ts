import { z } from "zod";
import { type Event, IN_PLAYLIST, KINDS, type Note, PUBLIC, WARNINGS } from "../events.ts";
import { type Samples, samples } from "../media.ts";

/** Events that a show keeps; the oldest are deleted first. */
const MOST_EVENTS = 2_000;

/** The position of an event on a timeline: how much of it had been listed by then. Lists that have more name the event. */
export interface TimelinePosition {
  readonly epoch: string;
  readonly listed: Samples;
}

/** The events of a show, in its object's SQLite. An id is never given twice; after a restart the next id follows. */
export class Log {
  readonly #sql: SqlStorage;
  /** Id of the newest event; 0 before the first. */
  #last: number;
  /** Id of the newest event of a kind that this code knows; 0 before the first. */
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
    // A later deploy that was rolled back may have stored kinds that this code does not know.
    this.#newest = this.#highest(`WHERE kind IN (${marks(KINDS)})`, ...KINDS);
  }

  /** Appends an event, and deletes the oldest above the limit. @param position null if the event belongs to no timeline */
  add(note: Note, at: number, position: TimelinePosition | null): Event {
    const event = { ...note, id: this.#last + 1, at };
    this.#sql.exec(
      "INSERT INTO event (id, kind, json, epoch, listed) VALUES (?, ?, ?, ?, ?)",
      event.id,
      event.kind,
      JSON.stringify(event),
      position?.epoch ?? null,
      position?.listed ?? null,
    );
    this.#last = this.#newest = event.id;
    this.#sql.exec("DELETE FROM event WHERE id <= ?", event.id - MOST_EVENTS);
    return event;
  }

  /** Id of the newest event of a kind that this code knows; 0 before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** Returns at most `limit` of the events after `id`, oldest first. */
  after(id: number, limit: number): Event[] {
    return this.#read(`WHERE id > ? AND kind IN (${marks(KINDS)}) ORDER BY id LIMIT ?`, id, ...KINDS, limit);
  }

  /** Returns the newest `limit` public events, oldest first. */
  newestPublic(limit: number): Event[] {
    const where = `WHERE kind IN (${marks(PUBLIC)}) ORDER BY id DESC LIMIT ?`;
    return this.#read(where, ...PUBLIC, limit).reverse();
  }

  /** Returns the events by which hosts came on the air or went off it, oldest first. */
  ofHosts(): Event[] {
    return this.#read("WHERE kind IN ('host-on', 'host-off', 'on-air') ORDER BY id");
  }

  /** Returns the warnings that were raised or cleared, oldest first. */
  ofWarnings(): Event[] {
    return this.#read(`WHERE kind IN (${marks(WARNINGS)}) ORDER BY id`, ...WARNINGS);
  }

  /** Returns the newest `limit` events of a timeline that belong in its playlists (`IN_PLAYLIST`), oldest first. */
  inPlaylists(epoch: string, limit: number): { readonly event: Event; readonly listed: Samples }[] {
    const rows = this.#sql
      .exec<EventRow>(
        `SELECT json, listed FROM event WHERE epoch = ? AND kind IN (${marks(IN_PLAYLIST)}) ORDER BY id DESC LIMIT ?`,
        epoch,
        ...IN_PLAYLIST,
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

/** Returns SQL placeholders for these values. */
function marks(values: readonly string[]): string {
  return values.map(() => "?").join(", ");
}

type EventRow = { json: string; listed: number | null };

const facts = { id: z.int().positive(), at: z.number() };
const Host = z.object({ hostId: z.string(), name: z.string() });
const names = z.array(z.string()).default([]);
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
    onAir: names,
  }),
  z.object({ ...facts, kind: z.literal("on-air"), hosts: z.int(), onAir: names }),
  z.object({ ...facts, kind: z.enum(WARNINGS), raised: z.boolean(), host: Host.nullable().default(null) }),
]);

/** Reads an event that this or another deploy stored; null if its kind is unknown here, or it cannot be read. */
function eventOf(json: string): Event | null {
  try {
    return Row.parse(JSON.parse(json));
  } catch {
    return null;
  }
}
