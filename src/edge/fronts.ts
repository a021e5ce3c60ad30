import { Bounded } from "../bounded.ts";
import { covers, isAsNew, type LiveEdge, placeAsked, withMedia } from "../live-edge.ts";
import type { Target } from "../paths.ts";
import type { Held } from "./held.ts";
import { lifetimeOf } from "./lifetime.ts";

/** How many shows are remembered; the one that changed longest ago is forgotten first. */
const MAX_SHOWS = 1_000;

/** What this isolate knows of a show: how far it has come, and the newest list that it has seen. */
interface Front {
  readonly liveEdge: LiveEdge;
  readonly list: { readonly held: Held; readonly liveEdge: LiveEdge } | null;
}

export type Playlist = Extract<Target, { kind: "playlist" }>;

/** The live edge of each show, as far as it can be told from the answers that have passed through this isolate. It never goes back. */
export class Fronts {
  readonly #fronts = new Bounded<string, Front>(MAX_SHOWS);

  /** The newest live edge known of show `id`; null where none is. */
  liveEdgeOf(id: string): LiveEdge | null {
    return this.#fronts.get(id)?.liveEdge ?? null;
  }

  /**
   * The newest playlist in memory, if it covers what is asked for and is younger than one part. Null where it is behind the
   * live edge: it would hint at a part that this isolate has handed out, and clients that follow hints without blocking reload
   * (gohlslib) would play that part twice.
   */
  young({ id, epoch, directives }: Playlist, now: number): Held | null {
    const front = this.#fronts.get(id);
    if (front?.list == null || front.list.liveEdge.epoch !== epoch) return null;
    const { held, liveEdge } = front.list;
    if (now - held.madeAt >= lifetimeOf(held, "newest") || !isAsNew(liveEdge, front.liveEdge)) return null;
    return covers(liveEdge, placeAsked(liveEdge, directives)) ? held : null;
  }

  /** Whether parts or segments newer than the newest playlist have been seen. */
  isBehind(id: string): boolean {
    const front = this.#fronts.get(id);
    return front?.list != null && !isAsNew(front.list.liveEdge, front.liveEdge);
  }

  /** The newer one of `plain` and the newest playlist in memory: a cache between here and the origin may have an old one. */
  newest({ id, epoch }: Playlist, plain: Held): Held {
    const known = this.#fronts.get(id)?.list;
    if (known == null || known.liveEdge.epoch !== epoch || plain.liveEdge === null) return plain;
    return isAsNew(plain.liveEdge, known.liveEdge) ? plain : known.held;
  }

  /** Moves the live edge to what a fetched object tells: a playlist says it, and media shows that its show has come so far. */
  note(target: Target, held: Held): void {
    if (held.loaded.status !== 200) return;
    const known = this.#fronts.get(target.id);
    // All who waited for this playlist get the same object; the first of them has noted it.
    if (known?.list?.held === held) return;
    const { liveEdge } = held;
    if (liveEdge !== null) {
      const list = target.kind === "playlist" ? { held, liveEdge } : null;
      this.#fronts.set(target.id, {
        liveEdge: known === undefined || isAsNew(liveEdge, known.liveEdge) ? liveEdge : known.liveEdge,
        list:
          list !== null && (known?.list == null || isAsNew(liveEdge, known.list.liveEdge))
            ? list
            : (known?.list ?? null),
      });
    } else if (known !== undefined && isMedia(target) && target.epoch === known.liveEdge.epoch) {
      const after = withMedia(known.liveEdge, target);
      if (after !== known.liveEdge) this.#fronts.set(target.id, { ...known, liveEdge: after });
    }
  }
}

function isMedia(target: Target): target is Extract<Target, { kind: "part" | "segment" }> {
  return target.kind === "part" || target.kind === "segment";
}
