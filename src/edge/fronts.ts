import { Bounded } from "../bounded.ts";
import { covers, isAsNew, type LiveEdge, mayMerge, positionAsked, withMedia } from "../live-edge.ts";
import type { Target } from "../paths.ts";
import type { CachedAnswer } from "./cached-answer.ts";
import { isFresh } from "./lifetime.ts";

/** How many shows are remembered. The one that changed longest ago is forgotten first. */
const MAX_SHOWS = 1_000;
/**
 * How many bytes of lists are held, plain and gzipped. The rewind list of a day takes 4 MB, a live list some 5 KB. Memory
 * (memory.ts) holds lists too, so that one which is not held here is seldom fetched again.
 */
const MAX_BYTES = 8 * 1024 * 1024;
/**
 * A list that came longer ago than this is dropped, ms. No list answers requests for longer: a running show's for a part, an
 * ended one's for a minute (lifetime.ts). Where it is still wanted, it has been fetched and noted anew by then.
 */
const HELD_MS = 60_000;

/** How long after the newest list of a timeline it is taken for certain that the timeline still runs, ms. */
const CERTAIN_MS = 30_000;

/** What this isolate knows about a show: its live edge, and the newest list of each kind that it has seen lately. */
interface Front {
  readonly liveEdge: LiveEdge;
  /** When the newest answer was made that says that this timeline runs, ms since 1970. Media says nothing: R2 keeps it. */
  readonly confirmedAt: number;
  readonly lists: Lists;
}

type Lists = Map<ListKind, List>;

interface List {
  readonly kind: ListKind;
  /** The lists that it is one of. */
  readonly among: Lists;
  readonly cached: CachedAnswer;
  readonly liveEdge: LiveEdge;
  /** When it came, ms since 1970. */
  readonly notedAt: number;
}

/** A list replaces an older one of the same kind. A delta update (`+`) is a kind of its own. `live`, `open`: of rewind lists. */
type ListKind = "playlist" | "live" | "live+" | "open" | "open+";

export type Playlist = Extract<Target, { kind: "playlist" | "rewind" }>;

/** The live edge of each show, as far as this isolate can tell from the answers that it has received. It never goes back. */
export class Fronts {
  readonly #fronts = new Bounded<string, Front>(MAX_SHOWS);
  /** The lists of all shows, in the order in which they came. Those of a forgotten show are here until they are dropped. */
  readonly #held = new Set<List>();
  #bytes = 0;

  /** How much is held, for tests of the bounds: lists, and their bytes plain and gzipped. */
  get size(): { readonly lists: number; readonly bytes: number } {
    return { lists: this.#held.size, bytes: this.#bytes };
  }

  /** Returns the newest known live edge of show `id`; null where none is known. */
  liveEdgeOf(id: string): LiveEdge | null {
    return this.#fronts.get(id)?.liveEdge ?? null;
  }

  /**
   * Whether the show may have closed, or gone on under another epoch, without this isolate having seen it: it has seen no list
   * for half a minute before `now` (ms since 1970). Its live edge then rules out hardly anything.
   */
  isUncertain(id: string, now: number): boolean {
    const front = this.#fronts.get(id);
    return front !== undefined && !front.liveEdge.ended && now - front.confirmedAt > CERTAIN_MS;
  }

  /** Takes it for certain for another half minute from `now` on that the timeline runs. */
  confirm(id: string, now: number): void {
    const front = this.#fronts.get(id);
    if (front !== undefined) this.#fronts.set(id, { ...front, confirmedAt: now });
  }

  /**
   * Returns the newest playlist in memory if it covers the place asked for and can still be the newest: it is younger than a
   * part (without parts, than a second). Null where it is behind the live edge: it would hint at a part that this isolate has
   * handed out, and clients that follow hints without blocking reload (gohlslib) would play that part twice.
   */
  young(asked: Playlist, now: number): CachedAnswer | null {
    const front = this.#fronts.get(asked.id);
    const list = front?.lists.get(kindOf(asked));
    if (front === undefined || list === undefined || list.liveEdge.epoch !== asked.epoch) return null;
    const { cached, liveEdge } = list;
    if (!isFresh(cached, "newest", now) || !isAsNew(liveEdge, front.liveEdge)) return null;
    if (!covers(liveEdge, positionAsked(liveEdge, asked.directives))) return null;
    return asked.kind === "playlist" || mayMerge(liveEdge, asked.directives) ? cached : null;
  }

  /** Whether this isolate has seen newer parts or segments than its newest playlist of this kind lists. */
  isBehind(asked: Playlist): boolean {
    const front = this.#fronts.get(asked.id);
    const list = front?.lists.get(kindOf(asked));
    return front !== undefined && list !== undefined && !isAsNew(list.liveEdge, front.liveEdge);
  }

  /** Returns the newer of `plain` and the newest playlist in memory: a cache between edge and origin may hold an old one. */
  newest(asked: Playlist, plain: CachedAnswer): CachedAnswer {
    const known = this.#fronts.get(asked.id)?.lists.get(kindOf(asked));
    if (known === undefined || known.liveEdge.epoch !== asked.epoch || plain.liveEdge === null) return plain;
    return isAsNew(plain.liveEdge, known.liveEdge) ? plain : known.cached;
  }

  /**
   * Advances the live edge by an object that was fetched at `now` (ms since 1970): a playlist states it, and media proves that
   * its show has come this far.
   */
  note(target: Target, cached: CachedAnswer, now: number): void {
    if (cached.loaded.status !== 200) return;
    const known = this.#fronts.get(target.id);
    const kind = target.kind === "playlist" || target.kind === "rewind" ? kindOf(target) : null;
    const before = kind === null ? undefined : known?.lists.get(kind);
    // All requests that waited for this playlist get the same object. The first of them has noted it.
    if (before?.cached === cached) return;
    const { liveEdge } = cached;
    if (liveEdge !== null) {
      const among: Lists = known?.lists ?? new Map();
      const front = known === undefined || isAsNew(liveEdge, known.liveEdge) ? liveEdge : known.liveEdge;
      const confirmed = front.epoch === liveEdge.epoch ? cached.madeAt : 0;
      this.#fronts.set(target.id, {
        liveEdge: front,
        confirmedAt: Math.max(known?.confirmedAt ?? 0, confirmed),
        lists: among,
      });
      if (kind !== null && (before === undefined || isAsNew(liveEdge, before.liveEdge)))
        this.#hold({ kind, among, cached, liveEdge, notedAt: now });
    } else if (known !== undefined && isMedia(target) && target.epoch === known.liveEdge.epoch) {
      const after = withMedia(known.liveEdge, target);
      if (after !== known.liveEdge) this.#fronts.set(target.id, { ...known, liveEdge: after });
    }
  }

  /** Holds a list in place of the one before it, and drops the oldest lists of all shows as the bounds demand. */
  #hold(list: List): void {
    const before = list.among.get(list.kind);
    if (before !== undefined) this.#drop(before);
    list.among.set(list.kind, list);
    this.#held.add(list);
    this.#bytes += list.cached.cost;
    for (const oldest of this.#held) {
      if (this.#bytes <= MAX_BYTES && list.notedAt - oldest.notedAt < HELD_MS) return;
      this.#drop(oldest);
    }
  }

  #drop(list: List): void {
    list.among.delete(list.kind);
    this.#held.delete(list);
    this.#bytes -= list.cached.cost;
  }
}

function isMedia(target: Target): target is Extract<Target, { kind: "part" | "segment" }> {
  return target.kind === "part" || target.kind === "segment";
}

function kindOf(asked: Playlist): ListKind {
  if (asked.kind === "playlist") return "playlist";
  return asked.directives.skip === true ? `${asked.from}+` : asked.from;
}
