import type { Event } from "../events.ts";

/** Marks of each sort that a show keeps, the newest: the last eight hours if a host comes and goes every minute. */
const MAX_CHAPTER_MARKS = 1_000;

/** A position in the show of which a chapter can be made. No host's name is stored, so that none can leak. */
export type ChapterMark = { readonly epoch: string; readonly at: number } & (
  | { readonly kind: "title" | "marker"; readonly title: string }
  /** From this mark on, `hosts` unmuted hosts are on the air. */
  | { readonly kind: "hosts"; readonly hosts: number }
);

/**
 * Where in a show its title, markers and hosts changed. The log has these events too, but forgets them sooner, since warnings
 * push them out. `at` is in show time, milliseconds since 1970.
 */
export class ChapterMarks {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS place (
        id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, title TEXT, hosts INTEGER
      );
    `);
  }

  /** Stores an event of a timeline, if chapters are made of its kind; `title` is the show's. */
  note(event: Event, { epoch, title }: { readonly epoch: string; readonly title: string }): void {
    switch (event.kind) {
      case "host-on":
      case "host-off":
        this.#add(event.at, epoch, "hosts", null, event.onAir.length);
        break;
      case "title":
      case "marker":
        this.#add(event.at, epoch, event.kind, event.title, null);
        break;
      case "live":
        this.#add(event.at, epoch, "title", title, null);
    }
  }

  /** Returns all marks, oldest first: timeline by timeline, since a timeline's time is earlier if the clock was set back. */
  all(): ChapterMark[] {
    const sql = "SELECT epoch, at, kind, title, hosts FROM place ORDER BY epoch, at, id";
    return this.#sql
      .exec<Columns>(sql)
      .toArray()
      .flatMap(({ epoch, at, kind, title, hosts }): ChapterMark[] => {
        if (kind === "hosts") return [{ epoch, at, kind, hosts: hosts ?? 0 }];
        return kind === "title" || kind === "marker" ? [{ epoch, at, kind, title: title ?? "" }] : [];
      });
  }

  #add(
    at: number,
    epoch: string,
    kind: ChapterMark["kind"],
    title: string | null,
    hosts: number | null,
  ): void {
    const insert = "INSERT INTO place (epoch, at, kind, title, hosts) VALUES (?, ?, ?, ?, ?)";
    this.#sql.exec(insert, epoch, at, kind, title, hosts);
    // Marks of hosts are counted separately: a host whose connection comes and goes must not push a marker out.
    const sort = kind === "hosts" ? "kind = 'hosts'" : "kind <> 'hosts'";
    const oldest = `SELECT id FROM place WHERE ${sort} ORDER BY id DESC LIMIT -1 OFFSET ${MAX_CHAPTER_MARKS}`;
    this.#sql.exec(`DELETE FROM place WHERE id IN (${oldest})`);
  }
}

type Columns = {
  epoch: string;
  at: number;
  kind: string;
  title: string | null;
  hosts: number | null;
};
