/** What one kind of object cost the origin. */
export interface Cost {
  readonly fetches: number;
  readonly objects: number;
}

/**
 * The distinct objects that listeners asked for, by the origin's names for their kinds. What may be kept for a second
 * only (the multivariant playlist and a list asked for without directives) is a new object each second.
 */
export class Objects {
  readonly #asked = new Map<string, Set<string>>();

  /** A request for `path` (no listener's id in its query) at `now`, milliseconds. */
  ask(path: string, now: number): void {
    const kind = kindOf(path);
    const isShortLived = kind === "multivariant" || (kind === "playlist" && !path.includes("_HLS_msn"));
    const known = this.#asked.get(kind) ?? new Set();
    known.add(isShortLived ? `${path} ${Math.floor(now / 1000)}` : path);
    this.#asked.set(kind, known);
  }

  /** Each kind's fetches (by the origin's own count, of the same time) beside its objects. */
  against(fetches: Readonly<Record<string, number>>): Record<string, Cost> {
    const kinds = new Set([...this.#asked.keys(), ...Object.keys(fetches)]);
    return Object.fromEntries(
      [...kinds].map((kind) => [
        kind,
        { fetches: fetches[kind] ?? 0, objects: this.#asked.get(kind)?.size ?? 0 },
      ]),
    );
  }
}

function kindOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name.startsWith("index.m3u8")) return "multivariant";
  if (name.startsWith("audio.m3u8")) return "playlist";
  if (name.startsWith("init.mp4")) return "init";
  return name.startsWith("p") ? "part" : "segment";
}
