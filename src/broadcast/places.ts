import type { Event } from "../events.ts";

/** How many places of each sort a show keeps, the newest: with hosts who come and go every minute the last eight hours. */
const MOST = 1_000;

/** Something at a place of the show of which a chapter can be made. No host's name is kept, so that none can get out. */
export type Place = { readonly epoch: string; readonly at: number } & (
  | { readonly kind: "title" | "marker"; readonly title: string }
  /** So many hosts who have not been muted are on the air from then on. */
  | { readonly kind: "hosts"; readonly hosts: number }
);

/**
 * Where in a show its titles, markers and hosts changed. They are in the log too, which forgets them sooner: there warnings take
 * their places. `at` is by the show's time, milliseconds since 1970.
 */
export class Places {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS place (
        id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, title TEXT, hosts INTEGER
      );
    `);
  }

  /** Notes what has happened on a timeline, where it is of a kind that chapters are made of; `title` is the show's. */
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

  /** Oldest first. */
  all(): Place[] {
    const sql = "SELECT epoch, at, kind, title, hosts FROM place ORDER BY at, id";
    return this.#sql
      .exec<Columns>(sql)
      .toArray()
      .flatMap(({ epoch, at, kind, title, hosts }): Place[] => {
        if (kind === "hosts") return [{ epoch, at, kind, hosts: hosts ?? 0 }];
        return kind === "title" || kind === "marker" ? [{ epoch, at, kind, title: title ?? "" }] : [];
      });
  }

  #add(at: number, epoch: string, kind: Place["kind"], title: string | null, hosts: number | null): void {
    const insert = "INSERT INTO place (epoch, at, kind, title, hosts) VALUES (?, ?, ?, ?, ?)";
    this.#sql.exec(insert, epoch, at, kind, title, hosts);
    // Hosts by themselves: one whose connection comes and goes must not push a marker out.
    const sort = kind === "hosts" ? "kind = 'hosts'" : "kind <> 'hosts'";
    const oldest = `SELECT id FROM place WHERE ${sort} ORDER BY id DESC LIMIT -1 OFFSET ${MOST}`;
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
