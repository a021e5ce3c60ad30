import type { AnnouncedState, AnnouncementAct, AnnouncementDescription } from "../announcement-api.ts";
import { fromMillis } from "../media.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { keys } from "../r2-keys.ts";
import type { Speech } from "./announcer.ts";
import { deleteSound, describeSound, KeptAudio } from "./kept-audio.ts";
import { withRow } from "./life.ts";
import { announcedState, withAnnouncement } from "./lifecycle.ts";
import type { ShowAccess } from "./show-access.ts";
import type { Announcement, RunningRow } from "./show-row.ts";

/** A request about a show's announcements. `use`: speak the one that Origin has put into R2. */
export type AnnouncementRequest =
  | AnnouncementAct
  | { readonly kind: "use"; readonly state: AnnouncedState; readonly announcement: Announcement };

/** A show's announcements: which are set, and which is spoken. */
export class AnnouncementControl {
  readonly #show: ShowAccess;
  /** The announcement of the state that the show was last in, with its R2 key; null: none is set. */
  #made: { readonly key: string; readonly speech: Speech } | null = null;

  constructor(show: ShowAccess) {
    this.#show = show;
  }

  /**
   * Shows, sets or drops the announcement of a state, and returns what is then set. The one it replaces is deleted from R2. An
   * ended show refuses changes.
   */
  handle(act: AnnouncementRequest): AnnouncementDescription | Problem {
    if (act.kind === "show") return this.#describe(act.state);
    if (this.#show.life().kind === "ended") return PROBLEMS.ended;
    const { state } = act;
    const { id, announcements } = this.#show.life().row;
    const before = announcements[state];
    const announcement = act.kind === "use" ? act.announcement : null;
    this.#show.turnInto(withRow(this.#show.life(), (row) => withAnnouncement(row, state, announcement)));
    const { bucket, waitUntil } = this.#show;
    if (before !== null) waitUntil(deleteSound(bucket, keys.announcement(id, state, before.version)));
    return this.#describe(state);
  }

  /**
   * Returns the announcement for a show whose row is `row`; null: none. It is the same object until another is set or the
   * show's state changes.
   */
  of(row: RunningRow): Speech | null {
    const state = announcedState(row);
    const announcement = row.announcements[state];
    if (announcement === null) this.#made = null;
    else {
      const key = keys.announcement(row.id, state, announcement.version);
      if (this.#made?.key !== key) this.#made = { key, speech: this.#speechOf(key, announcement) };
    }
    return this.#made?.speech ?? null;
  }

  #speechOf(key: string, announcement: Announcement): Speech {
    const source = new KeptAudio(this.#show, key, announcement, null);
    return { source, units: source.units, every: fromMillis(1_000 * announcement.everySeconds) };
  }

  #describe(state: AnnouncedState): AnnouncementDescription {
    const set = this.#show.life().row.announcements[state];
    if (set === null) return { kind: "announcement-description", state, announcement: null };
    const every = state === "after" ? null : set.everySeconds;
    const announcement = { every, ...describeSound(set) };
    return { kind: "announcement-description", state, announcement };
  }
}
