import { DurableObject } from "cloudflare:workers";
import type { Figure } from "./figure.ts";
import { Growth } from "./growth.ts";
import { EMPTY_SERIES, observe, type Series, withPeak } from "./series.ts";
import { type Kept, type Report, Shard, type ShardAnswer } from "./shard.ts";
import { SLOT_MS } from "./slots.ts";

export interface AudienceEnv {
  readonly AUDIENCE: DurableObjectNamespace<Audience>;
}

/** How long a shard gathers before it passes on what it has. */
const ROUND_MS = SLOT_MS;
/** For so long after a show was deleted its reports are not kept: those that were under way have come by then. */
const FAREWELL_MS = 15_000;

/**
 * The shell of one {@link Shard}: its calls, its storage, its timer.
 *
 * The uppermost shard of a show publishes the figure, and stores what it needs to sleep between two reports. It has no timer
 * and no alarm: the platform bills an object that cannot sleep for all the time it exists. A shard below has a timer, from the
 * first report until it has passed on what it has, and stores nothing. Nor does a shard that nobody has reported to.
 */
export class Audience extends DurableObject<AudienceEnv> {
  #shard: Shard;
  #series: Series;
  /** Where a shard below reports to. */
  #up: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** The last slot whose figure was taken into the series. */
  #observed = 0;
  #forgottenMs = Number.NEGATIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: AudienceEnv) {
    super(ctx, env);
    const { kv } = ctx.storage;
    this.#series = kv.get<Series>("series") ?? EMPTY_SERIES;
    this.#shard = this.#start(kv.get<Kept>("kept") ?? null, kv.get<number>("shards") ?? 1);
  }

  /** Takes a report; the answer says when and where the next one is welcome. */
  report(report: Report): ShardAnswer {
    const now = Date.now();
    if (now - this.#forgottenMs < FAREWELL_MS) return this.#farewell(now);
    const { kv } = this.ctx.storage;
    const before = this.#shard.shards;
    const answer = this.#shard.take(report, now);
    this.#up = report.up;
    if (report.up !== null) {
      this.#timer ??= setTimeout(this.#passUp, ROUND_MS);
      return answer;
    }
    if (this.#shard.shards !== before) kv.put("shards", this.#shard.shards);
    this.#observe(now);
    const kept = this.#shard.kept(now);
    if (kept !== null) kv.put("kept", kept);
    return answer;
  }

  /** The figure now, and with `series` the show's whole course. */
  read(show: string, series: boolean): Figure | (Figure & Series) {
    const now = Date.now();
    this.#observe(now);
    const { now: figure, settled } = this.#shard.figures(show, now);
    this.#put(withPeak(this.#series, settled));
    return series ? { ...this.#series, ...figure } : figure;
  }

  /** Forgets a show that was deleted, its course too: its name may be a new show's. */
  async forget(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#series = EMPTY_SERIES;
    this.#shard = this.#start(null, 1);
    this.#forgottenMs = Date.now();
    await this.ctx.storage.deleteAll();
  }

  #start(kept: Kept | null, shards: number): Shard {
    const now = Date.now();
    return new Shard(crypto.randomUUID(), now, kept, new Growth(shards, now));
  }

  /**
   * The answer to a report of a deleted show, which is not kept. Its boot is one that no shard has: if the show's name is used
   * again, the reporter takes what it told here for forgotten, and tells it again.
   */
  #farewell(now: number): ShardAnswer {
    return {
      boot: crypto.randomUUID(),
      afterMs: FAREWELL_MS,
      dueMs: now + FAREWELL_MS,
      reachMs: FAREWELL_MS,
      shards: 1,
    };
  }

  /** Takes the figure into the series, once in a slot, for as long as somebody was seen. */
  #observe(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    const show = this.#shard.show(now);
    if (show === null || this.#up !== null || slot === this.#observed) return;
    this.#observed = slot;
    const { now: figure, settled } = this.#shard.figures(show, now);
    this.#put(observe(this.#series, figure, settled));
  }

  #put(series: Series): void {
    if (series === this.#series) return;
    this.#series = series;
    this.ctx.storage.kv.put("series", series);
  }

  readonly #passUp = async (): Promise<void> => {
    this.#timer = null;
    const up = this.#up;
    const now = Date.now();
    const report = up === null ? null : this.#shard.report(this.ctx.id.toString(), up, now);
    if (up === null || report === null) return;
    const { AUDIENCE } = this.env;
    try {
      this.#shard.answered(report, await AUDIENCE.get(AUDIENCE.idFromName(up)).report(report));
    } catch (error) {
      console.warn(`An audience shard did not reach the one above it: ${String(error)}`);
      // The next report has all that has not been acknowledged.
      if (this.#shard.show(now) !== null) this.#timer ??= setTimeout(this.#passUp, ROUND_MS);
    }
  };
}
