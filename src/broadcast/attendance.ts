import type { Target } from "../paths.ts";
import type { Counts } from "./counts.ts";
import type { Show } from "./lifecycle.ts";

/** When a host or a listener was last at a show, as far as its object knows since it was made. */
export class Attendance {
  /** Milliseconds since 1970, by the wall clock. */
  lastAt: number;

  constructor(wall: number) {
    this.lastAt = wall;
  }

  /**
   * A listener asks for something. Who asks for another timeline listens to nothing, and who asks for the first list, the
   * init segment or how the show is only looks in.
   */
  read(target: Target, { timeline }: Show, wall: number): void {
    const isOfMedia = target.kind === "playlist" || target.kind === "segment" || target.kind === "part";
    if (isOfMedia && target.epoch === timeline?.epoch) this.lastAt = wall;
  }

  /** Origin has answered: segments are what a listener may have had from R2, without being seen here. */
  answered(answered: Counts, wall: number): void {
    if ((answered.segment ?? 0) > 0) this.lastAt = wall;
  }
}
