import type { AnnouncedState, AnnouncementAct, AnnouncementDescription } from "../announcement-api.ts";
import { fromMillis } from "../media.ts";
import { keys } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type { Speech } from "./announcer.ts";
import { describeSound, forget, KeptAudio, type Stage } from "./kept-audio.ts";
import { withRow } from "./life.ts";
import { type Announcement, announcedState, type RunningRow, withAnnouncement } from "./lifecycle.ts";

/** What a show's announcements are asked for. `use`: what Origin has put into R2 is spoken from now on. */
export type Act =
  | AnnouncementAct
  | { readonly kind: "use"; readonly state: AnnouncedState; readonly announcement: Announcement };

/** What a show announces over its hold audio. */
export class Announcing {
  readonly #stage: Stage;
  /** What is spoken in the state that the show was last in, and where it lies. */
  #made: { readonly key: string; readonly speech: Speech } | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Does what is asked, and tells what is set then. What there was before is deleted. */
  attend(act: Act): AnnouncementDescription | Problem {
    if (act.kind === "show") return this.#describe(act.state);
    if (this.#stage.life().kind === "ended") return PROBLEMS.ended;
    const { state } = act;
    const { id, announcements } = this.#stage.life().row;
    const before = announcements[state];
    const announcement = act.kind === "use" ? act.announcement : null;
    this.#stage.turnInto(withRow(this.#stage.life(), (row) => withAnnouncement(row, state, announcement)));
    const { bucket, waitUntil } = this.#stage;
    if (before !== null) waitUntil(forget(bucket, keys.announcement(id, state, before.version)));
    return this.#describe(state);
  }

  /** What is to be spoken while the show is as in `row`; the same for as long as it is the same. */
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
    const source = new KeptAudio(this.#stage, key, announcement, null);
    return { source, units: source.units, every: fromMillis(1_000 * announcement.everySeconds) };
  }

  #describe(state: AnnouncedState): AnnouncementDescription {
    const set = this.#stage.life().row.announcements[state];
    if (set === null) return { kind: "announcement-description", state, announcement: null };
    const every = state === "after" ? null : set.everySeconds;
    const announcement = { every, ...describeSound(set) };
    return { kind: "announcement-description", state, announcement };
  }
}
