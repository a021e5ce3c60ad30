import type { Clock } from "./clock.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Published } from "./reads.ts";
import { replayOf } from "./replay.ts";
import { type AnnouncedRow, type EndedRow, isRunning, type RunningRow, type ShowRow } from "./show-row.ts";
import type { Store } from "./store.ts";
import { lastPublished, type Timeline } from "./timeline.ts";

/** The state of a show, with the objects that exist in that state. `row` is its row as the store has it. */
export type Life = Announced | Standing | Running | Ended;

export interface Announced {
  readonly kind: "announced";
  readonly row: AnnouncedRow;
}

/** The timeline should run but has not been resumed from the store: either not yet, or because resuming failed. */
export interface Standing {
  readonly kind: "standing";
  readonly row: RunningRow;
}

export interface Running {
  readonly kind: "running";
  readonly row: RunningRow;
  readonly timeline: Timeline;
  /** Drives the timeline. */
  readonly clock: Clock;
}

export interface Ended {
  readonly kind: "ended";
  readonly row: EndedRow;
  /** Null if the show had no timeline, or if what is stored of it cannot be read. */
  readonly published: Published | null;
  /** Whether there is a replay: a host was heard, and finished segments from then on exist. */
  readonly replays: boolean;
}

/** Returns the state of a stored show. If its timeline should run, it is standing until the timeline is resumed. */
export function lifeOf(row: ShowRow, store: Store): Life {
  if (isRunning(row)) return { kind: "standing", row };
  return row.state === "announced"
    ? { kind: "announced", row }
    : {
        kind: "ended",
        row,
        published: lastPublished(row, store),
        replays: replayOf(store.index, "live").length > 0,
      };
}

/** Returns what listeners can read of a show; null while there is nothing. */
export function publishedOf(life: Life): Published | null {
  switch (life.kind) {
    case "announced":
    case "standing":
      return null;
    case "running": {
      const { window, init, ring } = life.timeline;
      return { row: life.row, window, init, ring };
    }
    case "ended":
      // The details of a show, such as its title, may be changed after its end.
      return life.published && { ...life.published, row: life.row };
  }
}

/** Returns the audio pipeline of the running timeline; null while no timeline runs. */
export function pipelineOf(life: Life): Pipeline | null {
  return life.kind === "running" ? life.timeline.pipeline : null;
}

/** Returns the same life with its row after `step`, which must be a step that applies in every state. */
export function withRow<Some extends Life>(life: Some, step: <Row extends ShowRow>(row: Row) => Row): Some {
  return { ...life, row: step(life.row) };
}
