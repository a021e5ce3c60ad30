import { DurableObject } from "cloudflare:workers";
import type { Figure } from "./figure.ts";
import { Growth } from "./growth.ts";
import { EMPTY_SERIES, observe, type Series, withPeak } from "./series.ts";
import { type Kept, type Report, Shard, type ShardAnswer } from "./shard.ts";
import { SLOT_MS } from "./slots.ts";

export interface AudienceEnv {
  readonly AUDIENCE: DurableObjectNamespace<Audience>;
}

/** How long a shard collects reports before it reports to the uppermost shard, ms. */
const ROUND_MS = SLOT_MS;
/** How long after a show's deletion its reports are discarded, ms. Reports that were in transit have arrived by then. */
const DISCARD_MS = 15_000;

/**
 * The Durable Object around one {@link Shard}: its calls, storage and timer.
 *
 * The uppermost shard of a show publishes the figure, and stores its state so that it can sleep between two reports. It has no
 * timer and no alarm, because the platform bills an object that cannot sleep for all the time it exists. A shard below it has a
 * timer from the first report until it has reported upwards, and stores nothing. A shard without reports stores nothing either.
 */
export class Audience extends DurableObject<AudienceEnv> {
  #shard: Shard;
  #series: Series;
  /** The name of the shard that this one reports to; null for the uppermost. */
  #up: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** The last slot whose figure is in the series. */
  #observed = 0;
  #forgottenMs = Number.NEGATIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: AudienceEnv) {
    super(ctx, env);
    const { kv } = ctx.storage;
    this.#series = kv.get<Series>("series") ?? EMPTY_SERIES;
    this.#shard = this.#start(kv.get<Kept>("kept") ?? null, kv.get<number>("shards") ?? 1);
  }

  /** Takes a report. The answer says when, and to how many shards, the next one is to be sent. */
  report(report: Report): ShardAnswer {
    const now = Date.now();
    if (now - this.#forgottenMs < DISCARD_MS) return this.#discard(now);
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

  /** Returns the present figure, and with `series` also the figures over the whole show. */
  read(show: string, series: boolean): Figure | (Figure & Series) {
    const now = Date.now();
    this.#observe(now);
    const { now: figure, settled } = this.#shard.figures(show, now);
    this.#put(withPeak(this.#series, settled));
    return series ? { ...this.#series, ...figure } : figure;
  }

  /** Forgets a deleted show with its series, because a new show may have the same name. */
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
   * Returns the answer to a report of a deleted show, which is discarded. Its `boot` is one that no shard has. So if the show's
   * name is used again, the reporter considers this report forgotten and sends it again.
   */
  #discard(now: number): ShardAnswer {
    return {
      boot: crypto.randomUUID(),
      afterMs: DISCARD_MS,
      dueMs: now + DISCARD_MS,
      reachMs: DISCARD_MS,
      shards: 1,
    };
  }

  /** Adds the figure to the series, once per slot, for as long as there are reports. */
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
      // The next report contains everything that has not been acknowledged.
      if (this.#shard.show(now) !== null) this.#timer ??= setTimeout(this.#passUp, ROUND_MS);
    }
  };
}
