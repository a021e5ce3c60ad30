import { Sketch } from "./sketch.ts";

/** What was seen of one show in one slot of time. */
export class Slot {
  /** Listeners' seats, and the same where there are a quarter as many (cap.ts `Place`). */
  readonly seats = new Sketch();
  readonly coarse = new Sketch();
  /** Delivered by this one itself, ms of playing time. */
  ownMs = 0;
  /** Delivered by others, each the most it ever claimed: claims only grow, so an old report changes nothing. */
  readonly others = new Map<string, number>();
  /** Grows with every change. */
  version = 0;
  /** The version that has been acknowledged, and by which start of the shard. */
  acknowledged = 0;
  boot = "";
  /** The shard this slot is reported to, from its first report on: on two it would be counted twice. */
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

/** What a slot takes beside its sketches' registers, and one reporter's sum in it (V8, measured: rounded up). */
const SLOT_BYTES = 1024;
const REPORTER_BYTES = 128;
