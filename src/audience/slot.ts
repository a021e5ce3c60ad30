import { Sketch } from "./sketch.ts";

/** What was seen of one show in one slot of time. */
export class Slot {
  /** Listeners' seats, and their seats where there are a quarter as many (cap.ts `Place`). */
  readonly seats = new Sketch();
  readonly coarse = new Sketch();
  /** Delivered by this isolate itself, ms of playing time. */
  ownMs = 0;
  /** Delivered by each reporter, ms: the most it has reported. Its sums only grow, so an old report changes nothing. */
  readonly others = new Map<string, number>();
  /** Grows with every change. */
  version = 0;
  /** The last version that was acknowledged, and the boot of the shard that did. */
  acknowledged = 0;
  boot = "";
  /** The shard that this slot is reported to, from its first report on. On two shards it would count twice. */
  shard: string | null = null;

  /** Bytes of memory it takes. */
  get bytes(): number {
    return this.seats.memory() + this.coarse.memory() + SLOT_BYTES + this.others.size * REPORTER_BYTES;
  }

  get deliveredMs(): number {
    let sum = this.ownMs;
    for (const ms of this.others.values()) sum += ms;
    return sum;
  }
}

/** Bytes of a slot without its sketches' registers, and of one reporter's sum in it: measured in V8, rounded up. */
const SLOT_BYTES = 1024;
const REPORTER_BYTES = 128;
