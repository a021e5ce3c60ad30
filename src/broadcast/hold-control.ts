import type { HoldDescription } from "../hold-api.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { keys } from "../r2-keys.ts";
import { AnnouncementControl } from "./announcement-control.ts";
import type { HoldLine } from "./hold-line.ts";
import { type HoldWish, holdWish } from "./hold-plan.ts";
import { deleteSound, describeSound, KeptAudio } from "./kept-audio.ts";
import { pipelineOf, withRow } from "./life.ts";
import { withHold, withOwnHold } from "./lifecycle.ts";
import type { Presence, Session } from "./presence.ts";
import type { ShowAccess } from "./show-access.ts";
import { isRunning, type OwnHold, type RunningRow } from "./show-row.ts";
import type { Timeline } from "./timeline.ts";

/** The hosts of a show, and the sessions of those who are connected. */
interface Hosts {
  readonly cast: { of(hostId: string): { readonly muted: boolean } | null };
  readonly publishers: { readonly all: readonly (Session & { readonly hostId: string })[] };
}

/** A show's hold audio: which source it is played from, and whether it is wanted. */
export class HoldControl {
  /** The announcements over it. */
  readonly announcementControl: AnnouncementControl;
  readonly #show: ShowAccess;
  /** The producer's own, with its version; null while the built-in or nothing is set, and before a timeline needs it. */
  #own: { readonly version: string; readonly audio: KeptAudio } | null = null;

  constructor(show: ShowAccess) {
    this.#show = show;
    this.announcementControl = new AnnouncementControl(show);
  }

  /** Has a timeline play the show's hold audio and announcements from now on. */
  applyTo(timeline: Timeline): void {
    timeline.hold.play(this.#audio());
    const { row } = this.#show.life();
    if (isRunning(row)) timeline.hold.announce(this.announcementControl.of(row));
  }

  /** Returns whether hold audio is wanted at `wall`, milliseconds since 1970. Muted hosts count as absent. */
  wish(presence: Presence, { cast, publishers }: Hosts, wall: number): HoldWish {
    const life = this.#show.life();
    const inMix = publishers.all.filter(({ hostId }) => cast.of(hostId)?.muted !== true);
    const there = presence.attendance(inMix, life.row.held?.isOn === true, wall);
    const deadAirSeconds = pipelineOf(life)?.guard.deadAirSeconds ?? 0;
    return holdWish(life.row, { ...there, deadAirSeconds }, wall);
  }

  /** Returns `row` with the state of hold audio on `line`, and has `line` speak the announcement that belongs to `row`. */
  stateOf(row: RunningRow, line: HoldLine): RunningRow {
    line.announce(this.announcementControl.of(row));
    return withHold(row, line.state);
  }

  /** Applies the show's details, which may have changed, to its running timeline. */
  changed(): void {
    const life = this.#show.life();
    if (life.kind === "running") this.applyTo(life.timeline);
  }

  /** Sets the producer's own, or the built-in (null). The one it replaces is deleted from R2. An ended show refuses. */
  use(own: OwnHold | null): HoldDescription | Problem {
    if (this.#show.life().kind === "ended") return PROBLEMS.ended;
    const { id, ownHold: before } = this.#show.life().row;
    this.#show.turnInto(withRow(this.#show.life(), (row) => withOwnHold(row, own)));
    this.changed();
    if (before !== null) this.#show.waitUntil(deleteSound(this.#show.bucket, keys.hold(id, before.version)));
    return this.describe();
  }

  describe(): HoldDescription {
    const { hold, ownHold } = this.#show.life().row;
    if (ownHold === null) return { kind: "hold-description", hold, own: null };
    return { kind: "hold-description", hold, own: describeSound(ownHold) };
  }

  #audio(): KeptAudio | null {
    const { id, hold, ownHold } = this.#show.life().row;
    if (hold !== "own" || ownHold === null) this.#own = null;
    else if (this.#own?.version !== ownHold.version) {
      const { version, loopFrom } = ownHold;
      const audio = new KeptAudio(this.#show, keys.hold(id, version), ownHold, loopFrom);
      audio.prepare(0);
      this.#own = { version, audio };
    }
    return this.#own?.audio ?? null;
  }
}
