import { covers, isAsNew, type LiveEdge, placeAsked, withMedia } from "../live-edge.ts";
import type { Target } from "../paths.ts";
import type { Held } from "./held.ts";

/** Shows an isolate keeps the front of; the least recently changed is forgotten first. */
const MAX_SHOWS = 1_000;
/** How long a list without parts serves those who join, milliseconds: as long as the origin lets a plain one be kept. */
const PLAIN_MS = 1_000;

/** What this isolate knows of a show: how far it has come, and the newest list that it has seen. */
interface Front {
  readonly liveEdge: LiveEdge;
  readonly list: { readonly held: Held; readonly liveEdge: LiveEdge } | null;
}

export type Playlist = Extract<Target, { kind: "playlist" }>;

/** The live edge of each show, as what has passed through this isolate tells: it never goes back. */
export class Fronts {
  readonly #fronts = new Map<string, Front>();

  /** How far show `id` has come, for all that is known here. */
  liveEdgeOf(id: string): LiveEdge | null {
    return this.#fronts.get(id)?.liveEdge ?? null;
  }

  /**
   * The list that answers `asked` though none is fetched: the newest there is, whatever it was fetched as, while it is
   * younger than a part. A list that is behind the live edge does not do: it would hint at a part that has been handed out here, and
   * who follows hints without blocking reload (gohlslib) would play that part twice.
   */
  young({ id, epoch, directives }: Playlist, now: number): Held | null {
    const front = this.#fronts.get(id);
    if (front?.list == null || front.list.liveEdge.epoch !== epoch) return null;
    const { held, liveEdge } = front.list;
    const isYoung = liveEdge.ended
      ? held.isFresh(now)
      : now - held.madeAt < (liveEdge.listsParts ? liveEdge.partMillis : PLAIN_MS);
    if (!isYoung || !isAsNew(liveEdge, front.liveEdge)) return null;
    return covers(liveEdge, placeAsked(liveEdge, directives)) ? held : null;
  }

  /** Whether the newest list seen is older than what else has been seen of the show. */
  isBehind(id: string): boolean {
    const front = this.#fronts.get(id);
    return front?.list != null && !isAsNew(front.list.liveEdge, front.liveEdge);
  }

  /** A plain list, or the one known that is newer: what a cache has kept may be older, and a show does not go back. */
  newest({ id, epoch }: Playlist, plain: Held): Held {
    const known = this.#fronts.get(id)?.list;
    if (known == null || known.liveEdge.epoch !== epoch || plain.liveEdge === null) return plain;
    return isAsNew(plain.liveEdge, known.liveEdge) ? plain : known.held;
  }

  /** Notes what an object that has been fetched says of its show: a playlist its live edge, media that there is so much. */
  note(target: Target, held: Held): void {
    if (held.loaded.status !== 200) return;
    const known = this.#fronts.get(target.id);
    // A thousand listeners have waited for this list, and the first of them was here.
    if (known?.list?.held === held) return;
    const { liveEdge } = held;
    if (liveEdge !== null) {
      const list = target.kind === "playlist" ? { held, liveEdge } : null;
      this.#put(target.id, {
        liveEdge: known === undefined || isAsNew(liveEdge, known.liveEdge) ? liveEdge : known.liveEdge,
        list:
          list !== null && (known?.list == null || isAsNew(liveEdge, known.list.liveEdge))
            ? list
            : (known?.list ?? null),
      });
    } else if (known !== undefined && isMedia(target) && target.epoch === known.liveEdge.epoch) {
      const after = withMedia(known.liveEdge, target);
      if (after !== known.liveEdge) this.#put(target.id, { ...known, liveEdge: after });
    }
  }

  #put(id: string, front: Front): void {
    this.#fronts.delete(id);
    this.#fronts.set(id, front);
    const oldest = this.#fronts.size > MAX_SHOWS ? this.#fronts.keys().next().value : undefined;
    if (oldest !== undefined) this.#fronts.delete(oldest);
  }
}

function isMedia(target: Target): target is Extract<Target, { kind: "part" | "segment" }> {
  return target.kind === "part" || target.kind === "segment";
}
