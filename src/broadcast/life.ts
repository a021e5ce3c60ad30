import type { Clock } from "./clock.ts";
import { type AnnouncedRow, type EndedRow, isRunning, type RunningRow, type ShowRow } from "./lifecycle.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Published } from "./reads.ts";
import { replayOf } from "./replay.ts";
import type { Store } from "./store.ts";
import { lastPublished, type Timeline } from "./timeline.ts";

/** Where a show is in its life, and what there is of it then. `row` is what the store has. */
export type Life = Announced | Standing | Running | Ended;

export interface Announced {
  readonly kind: "announced";
  readonly row: AnnouncedRow;
}

/** Its timeline is to run, and has not been taken up from the store: not yet, or because it could not be. */
export interface Standing {
  readonly kind: "standing";
  readonly row: RunningRow;
}

export interface Running {
  readonly kind: "running";
  readonly row: RunningRow;
  readonly timeline: Timeline;
  /** What drives that timeline. */
  readonly clock: Clock;
}

export interface Ended {
  readonly kind: "ended";
  readonly row: EndedRow;
  /** Null where it had no timeline, or what is stored of it can not be read. */
  readonly published: Published | null;
  /** Whether a host was heard, so that it can be heard again. */
  readonly replays: boolean;
}

/** The life of a show as its store has it. */
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

/** What listeners can read of a show; null while it has nothing for them. */
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
      // What is said of a show may be changed after its end.
      return life.published && { ...life.published, row: life.row };
  }
}

/** The way of its sound; null while no timeline runs. */
export function pipelineOf(life: Life): Pipeline | null {
  return life.kind === "running" ? life.timeline.pipeline : null;
}

/** The same life, its row after a step that can be taken anywhere in it. */
export function withRow<Some extends Life>(life: Some, step: <Row extends ShowRow>(row: Row) => Row): Some {
  return { ...life, row: step(life.row) };
}
