import type { Seating } from "./cap.ts";
import { Sketch } from "./sketch.ts";
import { Slot } from "./slot.ts";

/** Time is cut into slots of ten seconds; slot n starts n x SLOT_MS after the epoch, on every machine. */
export const SLOT_MS = 10_000;
/** The window in which listeners are counted: the slot in progress and the three before it, so the last 30..40 s. */
export const WINDOW_SLOTS = 4;
/** Slots kept beyond the window, so that there are three settled slots and the one before them (figure.ts). */
export const CONTEXT_SLOTS = 3;

/** All that one reporter saw of one show in one slot. It is a total, never a difference, so that repeating it is harmless. */
export interface SlotReport {
  readonly show: string;
  readonly slot: number;
  /** The name of the shard to which it is reported. */
  readonly shard: string;
  /** {@link Slot.seats} and {@link Slot.coarse}, encoded by {@link Sketch.toBytes}. */
  readonly seats: Uint8Array;
  readonly coarse: Uint8Array;
  /** Media that this reporter has delivered in this slot so far, ms of playing time. */
  readonly deliveredMs: number;
  /** The reporter's version number of the slot, for {@link Slots.acknowledge}. */
  readonly version: number;
}

/** A shard's data about one slot, in a storable form. */
export interface KeptSlot extends Pick<SlotReport, "slot" | "seats" | "coarse"> {
  readonly others: readonly (readonly [reporter: string, deliveredMs: number])[];
}

export interface Limits {
  /** The most shows at the same time. */
  readonly shows: number;
  /** The most bytes of sketches and reporters' sums, all shows together. */
  readonly bytes: number;
  /** The most reporters whose sums of delivered media are kept, per show and slot. */
  readonly reporters: number;
}

/** An isolate shares 128 MB with everything else it does; 8 MiB are 40 shows of any size. */
export const ISOLATE_LIMITS: Limits = { shows: 256, bytes: 8 << 20, reporters: 0 };
/** A shard does nothing else, and has one show. These bounds guard against reports that no isolate of ours would send. */
export const SHARD_LIMITS: Limits = { shows: 10_000, bytes: 80 << 20, reporters: 4096 };

/** The data about one show at time `toMs`. */
export interface SlotWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** Oldest first, the slot in progress last. For comparison there are {@link CONTEXT_SLOTS} more than the window has. */
  readonly slots: readonly SlotCount[];
}

/** The data about one slot. */
export interface SlotCount {
  readonly startMs: number;
  readonly seats: Sketch;
  readonly coarse: Sketch;
  readonly deliveredMs: number;
}

interface ShowSlots {
  readonly slots: Map<number, Slot>;
}

/**
 * Sightings and delivered media by show and time slot. An isolate keeps and reports them, a shard merges and passes them on.
 *
 * An isolate calls `see` and `deliver`, a shard calls `merge`. A reporter calls `report`, and `acknowledge` when the answer has
 * arrived. The publishing shard calls `window`. All take the time in ms since 1970; a time before the last one counts as
 * the last one. Reports are merged by union and maximum: they may come twice, late, or not at all, and the count never exceeds
 * what was seen.
 *
 * Memory is bounded by `limits`. Slots that have expired are dropped first. Then new shows are refused, and where older shows
 * grow, the newest ones are evicted. Least-recently-used eviction would fail here: each evicted show would come back with its
 * next request and evict another, and none would be counted correctly.
 */
export class Slots {
  readonly #limits: Limits;
  readonly #shows = new Map<string, ShowSlots>();
  #now = 0;
  #bytes = 0;
  #refused = 0;
  #versions = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Shows and bytes held, and how many sightings, sums and entries were refused for lack of room, which lowers the count. */
  get load(): { readonly shows: number; readonly bytes: number; readonly refused: number } {
    return { shows: this.#shows.size, bytes: this.#bytes, refused: this.#refused };
  }

  /** Notes that a listener requested the live playlist of `show`. */
  see(show: string, ms: number, { seat, coarse }: Pick<Seating, "seat" | "coarse">): void {
    const slot = this.#slot(show, this.#turnTo(ms));
    if (!slot) return;
    const before = slot.bytes;
    const isNew = slot.seats.add(seat.high, seat.low);
    if (slot.coarse.add(coarse.high, coarse.low) || isNew) this.#changed(slot, slot.bytes - before);
  }

  /**
   * Notes that `mediaMs` of playing time was sent to a listener of `show`. It counts for the time in which it will be played,
   * which begins now. So parts and segments of any length give one second per listener and second. If it counted at the moment
   * of the request, the segments of all listeners could fall into one slot, or all into the next.
   */
  deliver(show: string, ms: number, mediaMs: number): void {
    const now = this.#turnTo(ms);
    const here = Math.min(mediaMs, Math.max(0, (now + 1) * SLOT_MS - ms));
    for (const [index, part] of [
      [now, here],
      [now + 1, Math.min(mediaMs - here, SLOT_MS)],
    ] as const) {
      const slot = part > 0 ? this.#slot(show, index) : null;
      if (!slot) continue;
      slot.ownMs += part;
      this.#changed(slot, 0);
    }
  }

  /**
   * Merges an entry of `reporter`. Returns false where it does not count: it is unreadable, its slot is past or future, or there is
   * no room.
   */
  merge(reporter: string, report: SlotReport, ms: number): boolean {
    const now = this.#turnTo(ms);
    if (!Number.isSafeInteger(report.slot) || !(report.deliveredMs >= 0 && report.deliveredMs < Infinity))
      return false;
    if (report.slot < oldest(now) || report.slot > now + 1) return false;
    const [seats, coarse] = [Sketch.fromBytes(report.seats), Sketch.fromBytes(report.coarse)];
    if (seats.kind === "bad" || coarse.kind === "bad") return false;
    const slot = this.#slot(report.show, report.slot);
    if (!slot) return false;
    const before = slot.bytes;
    const isNew = slot.seats.merge(seats.sketch);
    let changed = slot.coarse.merge(coarse.sketch) || isNew;
    const claimed = slot.others.get(reporter);
    if (claimed === undefined && slot.others.size >= this.#limits.reporters) this.#refused += 1;
    else if (report.deliveredMs > (claimed ?? 0)) {
      slot.others.set(reporter, report.deliveredMs);
      changed = true;
    }
    if (changed) this.#changed(slot, slot.bytes - before);
    return this.#shows.has(report.show);
  }

  /**
   * Returns the slots of `show` that have changed since they were last acknowledged. A slot that is reported for the first time
   * is assigned to `shard` for good. So when a show gets more or fewer shards, an isolate changes over between two slots: no slot
   * is on two shards, where its media would count twice.
   */
  report(show: string, ms: number, shard: string): SlotReport[] {
    const now = this.#turnTo(ms);
    return [...(this.#shows.get(show)?.slots ?? [])]
      .filter(([index, slot]) => index <= now && slot.version !== slot.acknowledged)
      .map(([index, slot]) => {
        slot.shard ??= shard;
        return {
          show,
          slot: index,
          shard: slot.shard,
          seats: slot.seats.toBytes(),
          coarse: slot.coarse.toBytes(),
          deliveredMs: slot.deliveredMs,
          version: slot.version,
        };
      });
  }

  /**
   * Notes that these entries, all for one shard, have reached it. `boot` is a text that changes when the shard restarts. A shard
   * that has restarted since it acknowledged slots has forgotten them, so all slots of the show that it was sent are sent again.
   */
  acknowledge(reports: readonly SlotReport[], boot: string): void {
    for (const { show, slot: index, shard, version } of reports) {
      const slots = this.#shows.get(show)?.slots;
      for (const slot of slots?.values() ?? []) {
        if (slot.shard !== shard || slot.boot === boot) continue;
        slot.boot = boot;
        slot.acknowledged = 0;
      }
      const slot = slots?.get(index);
      if (slot) slot.acknowledged = Math.max(slot.acknowledged, version);
    }
  }

  /** Returns all data about `show` in a storable form. */
  keep(show: string): KeptSlot[] {
    return [...(this.#shows.get(show)?.slots ?? [])].map(([index, slot]) => ({
      slot: index,
      seats: slot.seats.toBytes(),
      coarse: slot.coarse.toBytes(),
      others: [...slot.others],
    }));
  }

  /** Restores the data that {@link keep} returned. */
  restore(show: string, kept: readonly KeptSlot[], ms: number): void {
    for (const { others, ...slot } of kept) {
      const entry = { ...slot, show, shard: "", version: 0, deliveredMs: 0 };
      this.merge("", entry, ms);
      for (const [reporter, deliveredMs] of others) this.merge(reporter, { ...entry, deliveredMs }, ms);
    }
  }

  /** Returns the data about `show` at `ms`; slots without data are empty. */
  window(show: string, ms: number): SlotWindow {
    const now = this.#turnTo(ms);
    const held = this.#shows.get(show);
    const slots = Array.from({ length: WINDOW_SLOTS + CONTEXT_SLOTS }, (_, i) => {
      const index = oldest(now) + i;
      const slot = held?.slots.get(index);
      return {
        startMs: index * SLOT_MS,
        seats: slot?.seats ?? new Sketch(),
        coarse: slot?.coarse ?? new Sketch(),
        deliveredMs: slot?.deliveredMs ?? 0,
      };
    });
    return { fromMs: (now - WINDOW_SLOTS + 1) * SLOT_MS, toMs: Math.max(ms, now * SLOT_MS), slots };
  }

  /** Returns the number of the slot at `ms`, and drops the slots that have expired by then. */
  #turnTo(ms: number): number {
    const now = Math.floor(ms / SLOT_MS);
    if (now <= this.#now) return this.#now;
    this.#now = now;
    for (const [show, { slots }] of this.#shows) {
      for (const [index, slot] of slots) {
        if (index >= oldest(now)) continue;
        slots.delete(index);
        this.#bytes -= slot.bytes;
      }
      if (slots.size === 0) this.#shows.delete(show);
    }
    return now;
  }

  /** Returns a slot, and creates it if needed; null where there is no room for one more. */
  #slot(show: string, index: number): Slot | null {
    let held = this.#shows.get(show);
    const known = held?.slots.get(index);
    if (known) return known;
    const slot = new Slot();
    const full = this.#bytes + slot.bytes > this.#limits.bytes;
    if (held ? full && !this.#makeRoom(slot.bytes, held) : full || this.#shows.size >= this.#limits.shows) {
      this.#refused += 1;
      return null;
    }
    if (!held) {
      held = { slots: new Map() };
      this.#shows.set(show, held);
    }
    held.slots.set(index, slot);
    this.#bytes += slot.bytes;
    return slot;
  }

  /** Notes a change of a slot that took `more` bytes. */
  #changed(slot: Slot, more: number): void {
    this.#versions += 1;
    slot.version = this.#versions;
    this.#bytes += more;
    if (this.#bytes > this.#limits.bytes) this.#makeRoom(0);
  }

  /** Evicts the newest shows until `bytes` more fit; false when the next to be evicted would be `keep`. */
  #makeRoom(bytes: number, keep?: ShowSlots): boolean {
    for (const [name, show] of [...this.#shows].reverse()) {
      if (this.#bytes + bytes <= this.#limits.bytes) return true;
      if (show === keep) return false;
      for (const slot of show.slots.values()) this.#bytes -= slot.bytes;
      this.#shows.delete(name);
      this.#refused += 1;
    }
    return this.#bytes + bytes <= this.#limits.bytes;
  }
}

/** Returns the oldest slot that is kept while slot `now` is in progress. */
function oldest(now: number): number {
  return now - WINDOW_SLOTS - CONTEXT_SLOTS + 1;
}
