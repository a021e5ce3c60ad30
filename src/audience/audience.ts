import { DurableObject } from "cloudflare:workers";
import { type Circumstances, type Figure, figure, settledFigure } from "./figure.ts";
import { type Answer, Pace } from "./pace.ts";
import { EMPTY_SERIES, observe, type Series } from "./series.ts";
import { type Entry, SHARD_LIMITS, SLOT_MS, Slots, type Window } from "./slots.ts";

/** What an isolate, or a shard below, tells. */
export interface Report {
  /** The reporter's own name: what it delivered is counted by it. */
  readonly reporter: string;
  readonly entries: readonly Entry[];
  /** The last answer it had from here, if any. */
  readonly previous: Answer | null;
  /** The name of the shard that all of a show's shards report to; null where this is that shard. */
  readonly up: string | null;
  /** How slow reports to the reporter are, milliseconds; 0 for one that nobody reports to. */
  readonly paceMs: number;
}

export interface AudienceEnv {
  readonly AUDIENCE: DurableObjectNamespace<Audience>;
}

/** How often what was counted is looked at, passed up and put into the series. */
const ROUND_MS = SLOT_MS;

/**
 * One shard of a show's audience: merges what isolates report, and either passes it up or, at the top, publishes it.
 * Only the series is stored; a restarted shard asks for everything again and has it within a window.
 */
export class Audience extends DurableObject<AudienceEnv> {
  readonly #slots = new Slots(SHARD_LIMITS);
  readonly #boot = crypto.randomUUID();
  readonly #sinceMs = Date.now();
  readonly #pace = new Pace(this.#boot, this.#sinceMs);
  #series: Series;
  #previous: Answer | null = null;
  #up: string | null = null;
  /** The slowest that a shard below lately said reports to it are. */
  #belowMs = 0;
  #round: ReturnType<typeof setTimeout> | null = null;
  /** When a report last came; rounds end a window after. */
  #heardAt = 0;
  #show: string | null = null;

  constructor(ctx: DurableObjectState, env: AudienceEnv) {
    super(ctx, env);
    this.#series = ctx.storage.kv.get<Series>("series") ?? EMPTY_SERIES;
  }

  /** Takes a report; the answer says when the next one is welcome. */
  report({ reporter, entries, previous, up, paceMs }: Report): Answer {
    const now = Date.now();
    for (const entry of entries) {
      this.#slots.merge(reporter, entry, now);
      this.#show = entry.show;
    }
    this.#up = up;
    this.#belowMs = Math.max(paceMs, this.#belowMs - 100);
    this.#heardAt = now;
    this.#round ??= setTimeout(this.#go, ROUND_MS);
    return this.#pace.answer(now, previous ?? undefined);
  }

  /** The figure now, and with `series` the show's whole course. */
  read(show: string, series: boolean): Figure | (Figure & Series) {
    const now = figure(...this.#known(show));
    return series ? { ...this.#series, ...now } : now;
  }

  /** Forgets a show that was deleted, its course too: its name may be a new show's. */
  async forget(): Promise<void> {
    if (this.#round !== null) clearTimeout(this.#round);
    this.#round = null;
    this.#series = EMPTY_SERIES;
    await this.ctx.storage.deleteAll();
  }

  readonly #go = (): void => {
    this.#round = null;
    if (this.#show !== null && this.#up === null) {
      const [window, circumstances] = this.#known(this.#show);
      this.#series = observe(
        this.#series,
        figure(window, circumstances),
        settledFigure(window, circumstances),
      );
      this.ctx.storage.kv.put("series", this.#series);
    }
    if (this.#up !== null) this.ctx.waitUntil(this.#passUp(this.#up));
    if (Date.now() - this.#heardAt < 6 * SLOT_MS) this.#round = setTimeout(this.#go, ROUND_MS);
  };

  async #passUp(up: string): Promise<void> {
    const entries = this.#show === null ? [] : this.#slots.report(this.#show, Date.now(), up);
    if (entries.length === 0) return;
    const { AUDIENCE } = this.env;
    const report = {
      reporter: this.ctx.id.toString(),
      entries,
      previous: this.#previous,
      up: null,
      paceMs: this.#pace.paceMs(Date.now()),
    };
    try {
      this.#previous = await AUDIENCE.get(AUDIENCE.idFromName(up)).report(report);
      this.#slots.acknowledge(entries, this.#previous.boot);
    } catch (error) {
      // What was not acknowledged is in the next report.
      console.warn(`An audience shard did not reach the one above it: ${String(error)}`);
    }
  }

  #known(show: string): [Window, Circumstances] {
    const now = Date.now();
    const paceMs = this.#pace.paceMs(now) + Math.max(0, this.#belowMs);
    return [this.#slots.window(show, now), { paceMs, sinceMs: this.#sinceMs }];
  }
}
