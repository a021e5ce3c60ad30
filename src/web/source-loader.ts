import type {
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderStats,
  PlaylistLoaderConstructor,
  PlaylistLoaderContext,
} from "hls.js";
import type { MediaList } from "./list.ts";
import type { Source } from "./rescue.ts";

/** Where hls.js's playlists come from at this moment. */
export interface Sources {
  readonly source: Source;
  /** The primary's media playlist, where it is another than the one hls.js has joined by. */
  readonly primaryList: string | null;
  /** hls.js was given the primary's media playlist of this URL. */
  had(url: string): void;
  /** The copy's next list, as soon as there is one; null where it can not be had. */
  next(): Promise<MediaList | null>;
}

/**
 * hls.js's loader of playlists, which takes them from the primary or from the copy. Both have the same media under the same
 * sequence numbers and dates, so hls.js goes on with the media that it has.
 */
export function sourceLoader(sources: Sources): PlaylistLoaderConstructor {
  return class implements Loader<PlaylistLoaderContext> {
    context: PlaylistLoaderContext | null = null;
    readonly #primary: Loader<PlaylistLoaderContext>;
    #isGone = false;

    constructor(config: HlsConfig) {
      this.#primary = new config.loader(config) as Loader<PlaylistLoaderContext>;
    }

    get stats(): LoaderStats {
      return this.#primary.stats;
    }

    load(
      context: PlaylistLoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): void {
      this.context = context;
      if (context.deliveryDirectives === null && context.levelOrTrack === null) {
        this.#primary.load(context, config, callbacks);
      } else if (sources.source === "copy") {
        void this.#loadCopy(context, callbacks);
      } else {
        this.#loadPrimary(context, config, callbacks);
      }
    }

    abort(): void {
      this.#isGone = true;
      this.#primary.abort();
    }

    destroy(): void {
      this.#isGone = true;
      this.#primary.destroy();
      this.context = null;
    }

    getCacheAge(): number | null {
      return this.#primary.getCacheAge?.() ?? null;
    }

    getResponseHeader(name: string): string | null {
      return this.#primary.getResponseHeader?.(name) ?? null;
    }

    #loadPrimary(
      context: PlaylistLoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): void {
      const { primaryList } = sources;
      const { deliveryDirectives } = context;
      const url =
        primaryList === null
          ? context.url
          : ((deliveryDirectives?.addDirectives(primaryList) as string | undefined) ?? primaryList);
      this.#primary.load({ ...context, url }, config, {
        ...callbacks,
        onSuccess: (response, stats, _, details) => {
          sources.had(response.url || url);
          callbacks.onSuccess(response, stats, context, details);
        },
        onError: (error, _, details, stats) => callbacks.onError(error, context, details, stats),
        onTimeout: (stats, _, details) => callbacks.onTimeout(stats, context, details),
      });
    }

    async #loadCopy(
      context: PlaylistLoaderContext,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): Promise<void> {
      const list = await sources.next();
      if (this.#isGone) return;
      const now = performance.now();
      Object.assign(this.stats.loading, { start: now, first: now, end: now });
      if (list === null) {
        callbacks.onError({ code: 0, text: "the copy can not be had" }, context, null, this.stats);
        return;
      }
      this.stats.loaded = list.text.length;
      callbacks.onSuccess({ url: list.url, data: list.text, code: 200 }, this.stats, context, null);
    }
  };
}
