/** The cost of one kind of object at the origin. */
export interface Cost {
  readonly fetches: number;
  /** Requested objects; an object counts once for each isolate that was asked for it. */
  readonly objects: number;
}

/** The listeners' cost at the origin, by kind of object. */
export interface Fetches {
  /** Immutable objects, which an isolate fetches once for all its listeners: media, and playlists of blocking reloads. */
  readonly lasting: Readonly<Record<string, Cost>>;
  /** Fetches of objects that are cached for about a second, such as playlists without directives. They have no fixed number. */
  readonly brief: Readonly<Record<string, number>>;
}

/** The distinct immutable objects that listeners requested. */
export class Objects {
  readonly #asked = new Map<string, Set<string>>();

  /** Notes a request for `url`, which consists of the isolate's origin and the path, without a listener id in the query. */
  ask(url: string): void {
    const kind = lastingKindOf(url);
    if (kind === null) return;
    const known = this.#asked.get(kind) ?? new Set();
    known.add(url);
    this.#asked.set(kind, known);
  }

  /**
   * Relates the origin's fetches to the requested objects.
   *
   * @param byKind the origin's own counts for the same time, by its names of the kinds
   * @param plainLists how many of the playlists were requested without directives; null if unknown
   */
  against(byKind: Readonly<Record<string, number>>, plainLists: number | null): Fetches {
    const { init = 0, part = 0, segment = 0, playlist = 0, ...others } = byKind;
    const fetches: [string, number][] = Object.entries({ init, part, segment });
    if (plainLists !== null) fetches.push(["blocking list", playlist - plainLists]);
    const costs = fetches.map(([kind, count]): [string, Cost] => [
      kind,
      { fetches: count, objects: this.#asked.get(kind)?.size ?? 0 },
    ]);
    return {
      lasting: Object.fromEntries(costs.filter(([, cost]) => cost.fetches > 0 || cost.objects > 0)),
      brief:
        plainLists === null
          ? { "list of any kind": playlist, ...others }
          : { "plain list": plainLists, ...others },
    };
  }
}

function lastingKindOf(url: string): string | null {
  const name = url.slice(url.lastIndexOf("/") + 1);
  if (name.startsWith("audio.m3u8")) return name.includes("_HLS_msn=") ? "blocking list" : null;
  if (name.startsWith("init.mp4")) return "init";
  if (!name.endsWith(".m4s")) return null;
  return name.startsWith("p") ? "part" : "segment";
}
