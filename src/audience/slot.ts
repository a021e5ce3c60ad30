import { Sketch } from "./sketch.ts";

/** The sightings and delivered media of one show in one time slot. */
export class Slot {
  /** The listeners' seats, and their coarse seats, of which there are a quarter as many (cap.ts `Seating`). */
  readonly seats = new Sketch();
  readonly coarse = new Sketch();
  /** Media delivered by this isolate itself, ms of playing time. */
  ownMs = 0;
  /** Media delivered by each reporter, ms: its largest reported sum. Sums only grow, so an old report changes nothing. */
  readonly others = new Map<string, number>();
  /** Increases with every change. */
  version = 0;
  /** The last version that was acknowledged, and the `boot` of the shard that acknowledged it. */
  acknowledged = 0;
  boot = "";
  /** The shard that this slot is reported to, fixed by its first report: on two shards its media would count twice. */
  shard: string | null = null;

  /** Bytes of memory that the slot takes. */
  get bytes(): number {
    return this.seats.memory() + this.coarse.memory() + SLOT_BYTES + this.others.size * REPORTER_BYTES;
  }

  get deliveredMs(): number {
    let sum = this.ownMs;
    for (const ms of this.others.values()) sum += ms;
    return sum;
  }
}

/** Bytes of a slot without its sketches' registers, and of one reporter's sum: measured in V8, rounded up. */
const SLOT_BYTES = 1024;
const REPORTER_BYTES = 128;
