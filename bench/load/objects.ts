/** What one kind of object cost the origin. */
export interface Cost {
  readonly fetches: number;
  /** Those that were asked for, each as often as there are isolates that were asked for it. */
  readonly objects: number;
}

/** What listeners cost the origin, by kind. */
export interface Fetches {
  /** Of what never changes and so is fetched once by an isolate, however many ask: media, and lists that are waited for. */
  readonly lasting: Readonly<Record<string, Cost>>;
  /** Fetches of what is kept for a second or so, such as lists asked for without directives: no object is the last. */
  readonly brief: Readonly<Record<string, number>>;
}

/** The distinct lasting objects that listeners asked for. */
export class Objects {
  readonly #asked = new Map<string, Set<string>>();

  /** A request for `url`: the isolate that is asked and the path, without a listener's id in its query. */
  ask(url: string): void {
    const kind = lastingKindOf(url);
    if (kind === null) return;
    const known = this.#asked.get(kind) ?? new Set();
    known.add(url);
    this.#asked.set(kind, known);
  }

  /**
   * The origin's fetches beside the objects.
   *
   * @param byKind by the origin's own count and its names for their kinds, of the same time
   * @param plainLists how many of the playlists were asked for without directives; null where nobody knows
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
