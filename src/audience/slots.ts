import type { Hash } from "./siphash.ts";
import { Sketch } from "./sketch.ts";

/** Time is cut into slots of ten seconds; slot n starts n x SLOT_MS after the epoch, on every machine. */
export const SLOT_MS = 10_000;
/** Listeners are those seen in the slot under way and the three before it: in the last 30..40 s. */
export const WINDOW_SLOTS = 4;
/** Slots kept beyond the window: the oldest that can be compared with the media delivered, and the one before it. */
export const CONTEXT_SLOTS = 2;

/** What one reporter saw of one show in one slot: whole, never a difference, so that sending it again is harmless. */
export interface Entry {
  readonly show: string;
  readonly slot: number;
  /** {@link Sketch.toBytes}. */
  readonly sketch: Uint8Array;
  /** Media delivered, in milliseconds of playing time, by this reporter in this slot so far. */
  readonly deliveredMs: number;
  /** The reporter's own: what {@link Slots.acknowledge} goes by. */
  readonly version: number;
}

export interface Limits {
  /** Shows at once. */
  readonly shows: number;
  /** Bytes of sketches and reporters' sums, all shows together. */
  readonly bytes: number;
  /** Reporters whose delivered media is told apart, per show and slot. */
  readonly reporters: number;
}

/** An isolate shares 128 MB with everything else it does; 8 MiB are 70 shows of any size. */
export const ISOLATE_LIMITS: Limits = { shows: 256, bytes: 8 << 20, reporters: 0 };
/** A shard does nothing else: 800 shows of any size, or 10,000 of 90 listeners. */
export const SHARD_LIMITS: Limits = { shows: 10_000, bytes: 80 << 20, reporters: 4096 };

/** One show as it is known at `toMs`. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  /** Everyone seen in the last {@link WINDOW_SLOTS} slots. */
  readonly union: Sketch;
  /** Oldest first, the slot under way last; {@link CONTEXT_SLOTS} more than the window, for comparison. */
  readonly slots: readonly {
    readonly startMs: number;
    readonly sketch: Sketch;
    readonly deliveredMs: number;
  }[];
}

interface Show {
  readonly slots: Map<number, Slot>;
  /** Of the shard that acknowledged this show's entries. */
  boot: string;
}

interface Slot {
  readonly sketch: Sketch;
  /** Delivered by this one itself. */
  ownMs: number;
  /** Delivered by others, each the most it ever claimed: claims only grow, so an old report changes nothing. */
  readonly others: Map<string, number>;
  version: number;
  acknowledged: number;
}

/**
 * Sightings by show and time slot: what an isolate keeps and reports, what a shard merges and passes on.
 *
 * An isolate calls `see` and `deliver`; a shard `merge`; whoever reports upwards `report`, then `acknowledge` when the
 * answer has come; whoever publishes `window`. All take the time in ms since the epoch; it may stand still but a step
 * back is taken as standing still. Union and maximum are idempotent: reports may come twice, late, or not at all, and
 * the count is never above what was seen.
 *
 * Memory is bounded by `limits`. What has left the window goes first; then newcomers are refused, and those that came
 * last give way to the growth of those that came before: evicting by use instead would throw out a show that comes
 * back with the next request and throws out another, and none would be counted right.
 */
export class Slots {
  readonly #limits: Limits;
  readonly #shows = new Map<string, Show>();
  #now = 0;
  #bytes = 0;
  #refused = 0;
  #versions = 0;
  /** The show the last report ended with: the next one starts behind it. */
  #turn = "";

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Bytes held, and how many sightings, sums and entries had no room: a count with refusals is too low. */
  get load(): { readonly shows: number; readonly bytes: number; readonly refused: number } {
    return { shows: this.#shows.size, bytes: this.#bytes, refused: this.#refused };
  }

  /** A listener (its {@link Hash}, already capped) asked for the live playlist of `show`. */
  see(show: string, ms: number, listener: Hash): void {
    const slot = this.#slot(show, this.#turnTo(ms));
    if (!slot) return;
    const before = slot.sketch.memory();
    if (slot.sketch.add(listener.high, listener.low)) this.#changed(slot, slot.sketch.memory() - before);
  }

  /**
   * `mediaMs` of playing time went out to a listener of `show`. It is credited to the time it will be played in, from
   * now on: parts and segments of any length then give one second per listener and second, where crediting it to the
   * moment of the request would make all listeners' segments fall into one slot or the next together.
   */
  deliver(show: string, ms: number, mediaMs: number): void {
    const now = this.#turnTo(ms);
    const here = Math.min(mediaMs, Math.max(0, (now + 1) * SLOT_MS - ms));
    for (const [index, part] of [
      [now, here],
      [now + 1, Math.min(mediaMs - here, SLOT_MS)],
    ] as const) {
      const slot = part > 0 ? this.#slot(show, index) : undefined;
      if (!slot) continue;
      slot.ownMs += part;
      this.#changed(slot, 0);
    }
  }

  /** Takes in what `reporter` saw. `refused`: no room; `stale`, `early`: not a slot kept; `bad`: unreadable. */
  merge(reporter: string, entry: Entry, ms: number): "merged" | "refused" | "stale" | "early" | "bad" {
    const now = this.#turnTo(ms);
    if (!Number.isSafeInteger(entry.slot) || !(entry.deliveredMs >= 0 && entry.deliveredMs < Infinity))
      return "bad";
    if (entry.slot < oldest(now)) return "stale";
    if (entry.slot > now + 1) return "early";
    const parsed = Sketch.fromBytes(entry.sketch);
    if (parsed.kind === "bad") return "bad";
    const slot = this.#slot(entry.show, entry.slot);
    if (!slot) return "refused";
    const before = slot.sketch.memory();
    let changed = slot.sketch.merge(parsed.sketch);
    let more = slot.sketch.memory() - before;
    const claimed = slot.others.get(reporter);
    if (claimed === undefined && slot.others.size >= this.#limits.reporters) this.#refused += 1;
    else if (entry.deliveredMs > (claimed ?? 0)) {
      slot.others.set(reporter, entry.deliveredMs);
      if (claimed === undefined) more += REPORTER_BYTES;
      changed = true;
    }
    if (changed) this.#changed(slot, more);
    return this.#shows.has(entry.show) ? "merged" : "refused";
  }

  /**
   * What has changed since it was last acknowledged, at most `maxBytes` of sketches; what does not fit has its turn in
   * the next report. Empty when there is nothing to tell.
   */
  report(ms: number, maxBytes = MAX_REPORT_BYTES): Entry[] {
    const now = this.#turnTo(ms);
    const shows = [...this.#shows.keys()];
    const start = shows.indexOf(this.#turn) + 1;
    const entries: Entry[] = [];
    let bytes = 0;
    for (const show of [...shows.slice(start), ...shows.slice(0, start)]) {
      for (const entry of this.#news(show, now)) {
        bytes += entry.sketch.length;
        if (bytes > maxBytes) return entries;
        entries.push(entry);
      }
      this.#turn = show;
    }
    return entries;
  }

  /** The same of one show alone, which reports to a shard of its own: at most a window of sketches. */
  reportOf(show: string, ms: number): Entry[] {
    return this.#news(show, this.#turnTo(ms));
  }

  #news(show: string, now: number): Entry[] {
    return [...(this.#shows.get(show)?.slots ?? [])]
      .filter(([index, slot]) => index <= now && slot.version !== slot.acknowledged)
      .map(([index, slot]) => {
        const { version } = slot;
        return { show, slot: index, sketch: slot.sketch.toBytes(), deliveredMs: deliveredMs(slot), version };
      });
  }

  /**
   * The report reached a shard that has been up since `boot` (any text that a restart changes). A boot other than the
   * one that acknowledged a show before has forgotten it: everything of that show is sent again. One shard's entries
   * may be acknowledged apart from another's.
   */
  acknowledge(entries: readonly Entry[], boot: string): void {
    for (const { show } of entries) {
      const held = this.#shows.get(show);
      if (!held || held.boot === boot) continue;
      for (const slot of held.slots.values()) slot.acknowledged = 0;
      held.boot = boot;
    }
    for (const { show, slot: index, version } of entries) {
      const slot = this.#shows.get(show)?.slots.get(index);
      if (slot) slot.acknowledged = Math.max(slot.acknowledged, version);
    }
  }

  /** What is known of `show` now; nobody at all when nothing is. */
  window(show: string, ms: number): Window {
    const now = this.#turnTo(ms);
    const held = this.#shows.get(show);
    const slots = Array.from({ length: WINDOW_SLOTS + CONTEXT_SLOTS }, (_, i) => {
      const index = oldest(now) + i;
      const slot = held?.slots.get(index);
      return {
        startMs: index * SLOT_MS,
        sketch: slot?.sketch ?? new Sketch(),
        deliveredMs: slot ? deliveredMs(slot) : 0,
      };
    });
    const union = Sketch.union(slots.slice(CONTEXT_SLOTS).map((slot) => slot.sketch));
    return { fromMs: (now - WINDOW_SLOTS + 1) * SLOT_MS, toMs: Math.max(ms, now * SLOT_MS), union, slots };
  }

  /** The slot of `ms`; whatever is no longer kept by then is let go. */
  #turnTo(ms: number): number {
    const now = Math.floor(ms / SLOT_MS);
    if (now <= this.#now) return this.#now;
    this.#now = now;
    for (const [show, { slots }] of this.#shows) {
      for (const [index, slot] of slots) {
        if (index >= oldest(now)) continue;
        slots.delete(index);
        this.#bytes -= size(slot);
      }
      if (slots.size === 0) this.#shows.delete(show);
    }
    return now;
  }

  /** The slot, made where there is none; undefined where there is no room for one more. */
  #slot(show: string, index: number): Slot | undefined {
    let held = this.#shows.get(show);
    const known = held?.slots.get(index);
    if (known) return known;
    const slot: Slot = { sketch: new Sketch(), ownMs: 0, others: new Map(), version: 0, acknowledged: 0 };
    const full = this.#bytes + size(slot) > this.#limits.bytes;
    if (held ? full && !this.#makeRoom(size(slot), held) : full || this.#shows.size >= this.#limits.shows) {
      this.#refused += 1;
      return undefined;
    }
    if (!held) {
      held = { slots: new Map(), boot: "" };
      this.#shows.set(show, held);
    }
    held.slots.set(index, slot);
    this.#bytes += size(slot);
    return slot;
  }

  /** Notes a change that took `more` bytes. */
  #changed(slot: Slot, more: number): void {
    this.#versions += 1;
    slot.version = this.#versions;
    this.#bytes += more;
    if (this.#bytes > this.#limits.bytes) this.#makeRoom(0);
  }

  /** Drops the shows that came last until `bytes` more fit; false when it would be the turn of `keep`. */
  #makeRoom(bytes: number, keep?: Show): boolean {
    for (const [name, show] of [...this.#shows].reverse()) {
      if (this.#bytes + bytes <= this.#limits.bytes) return true;
      if (show === keep) return false;
      for (const slot of show.slots.values()) this.#bytes -= size(slot);
      this.#shows.delete(name);
      this.#refused += 1;
    }
    return this.#bytes + bytes <= this.#limits.bytes;
  }
}

/** What a slot takes beside its sketch's registers, and one reporter's sum in it (V8, measured: rounded up). */
const SLOT_BYTES = 768;
const REPORTER_BYTES = 128;

/** A report's sketches: 42 of the largest kind. */
const MAX_REPORT_BYTES = 512 << 10;

/** The oldest slot kept while `now` is under way. */
function oldest(now: number): number {
  return now - WINDOW_SLOTS - CONTEXT_SLOTS + 1;
}

function size(slot: Slot): number {
  return slot.sketch.memory() + SLOT_BYTES + slot.others.size * REPORTER_BYTES;
}

function deliveredMs(slot: Slot): number {
  let sum = slot.ownMs;
  for (const ms of slot.others.values()) sum += ms;
  return sum;
}
