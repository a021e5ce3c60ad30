import type {
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderStats,
  PlaylistLoaderConstructor,
  PlaylistLoaderContext,
} from "hls.js";
import type { Source } from "./failover-plan.ts";
import type { MediaList } from "./list.ts";

/** Tells the loader where hls.js's playlists come from at this moment. */
export interface Sources {
  readonly source: Source;
  /** The URL of the primary's media playlist, to load instead of the one that hls.js names; null: load that one. */
  readonly primaryList: string | null;
  /**
   * Notes what the primary answered for its media playlist, and from which URL. Returns whether hls.js may have it: not if it is
   * older than one that hls.js has.
   */
  tookPrimaryList(text: string, url: string): boolean;
  /** Waits for the copy's next playlist; null where it can not be loaded. */
  nextCopyList(): Promise<MediaList | null>;
}

/**
 * Makes hls.js's playlist loader, which loads playlists from the primary or from the copy. Both list the same media under the
 * same sequence numbers and dates, so hls.js goes on with the media that it has.
 */
export function sourceLoader(sources: Sources): PlaylistLoaderConstructor {
  return class extends SourceLoader {
    constructor(config: HlsConfig) {
      super(config, sources);
    }
  };
}

/** hls.js tries again only after a status of 500 or more. */
const OLDER = { code: 503, text: "the playlist is older than the last one" };

type Context = PlaylistLoaderContext;
type Callbacks = LoaderCallbacks<Context>;

class SourceLoader implements Loader<Context> {
  context: Context | null = null;
  readonly #sources: Sources;
  readonly #usual: Loader<Context>;
  #isGone = false;

  constructor(config: HlsConfig, sources: Sources) {
    this.#sources = sources;
    this.#usual = new config.loader(config) as Loader<Context>;
  }

  get stats(): LoaderStats {
    return this.#usual.stats;
  }

  load(context: Context, config: LoaderConfiguration, callbacks: Callbacks): void {
    this.context = context;
    // The multivariant playlist has no level. Its URL says whether it is the primary's or the copy's.
    if (context.levelOrTrack === null) this.#usual.load(context, config, callbacks);
    else if (this.#sources.source === "copy") void this.#loadCopy(context, callbacks);
    else this.#loadPrimary(context, config, callbacks);
  }

  abort(): void {
    this.#isGone = true;
    this.#usual.abort();
  }

  destroy(): void {
    this.#isGone = true;
    this.#usual.destroy();
    this.context = null;
  }

  getCacheAge(): number | null {
    return this.#usual.getCacheAge?.() ?? null;
  }

  getResponseHeader(name: string): string | null {
    return this.#usual.getResponseHeader?.(name) ?? null;
  }

  #loadPrimary(context: Context, config: LoaderConfiguration, callbacks: Callbacks): void {
    const { primaryList } = this.#sources;
    const directed = primaryList === null ? null : context.deliveryDirectives?.addDirectives(primaryList);
    const url = directed ?? primaryList ?? context.url;
    // hls.js identifies a request by the context that it passed, so the callbacks must get that one.
    this.#usual.load({ ...context, url }, config, {
      ...callbacks,
      onSuccess: (response, stats, _, details) => {
        if (this.#sources.tookPrimaryList(String(response.data), response.url))
          callbacks.onSuccess(response, stats, context, details);
        else callbacks.onError(OLDER, context, details, stats);
      },
      onError: (error, _, details, stats) => callbacks.onError(error, context, details, stats),
      onTimeout: (stats, _, details) => callbacks.onTimeout(stats, context, details),
    });
  }

  async #loadCopy(context: Context, { onSuccess, onError }: Callbacks): Promise<void> {
    const list = await this.#sources.nextCopyList();
    if (this.#isGone) return;
    const now = performance.now();
    // hls.js plans the next request from the start of this one, one segment later. So the wait for the copy must not count.
    Object.assign(this.stats.loading, { start: now, first: now, end: now });
    if (list === null) {
      onError({ code: 0, text: "the copy can not be had" }, context, null, this.stats);
      return;
    }
    this.stats.loaded = list.text.length;
    onSuccess({ url: list.url, data: list.text, code: 200 }, this.stats, context, null);
  }
}
