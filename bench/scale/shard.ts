import { Growth } from "../../src/audience/growth.ts";
import { type Answer, firstMs, MIN_REPORT_INTERVAL_MS, Pace } from "../../src/audience/pace.ts";
import { Dice } from "./dice.ts";

/** The load of a show's Audience shards. */
export interface ShardLoad {
  /** How many shards there are at the end. If they are several, the uppermost above them is not included. */
  readonly shards: number;
  /** The number of isolates on the busiest shard. */
  readonly isolates: number;
  /** The most reports in a second on one of these shards. */
  readonly peak: number;
  /** The most reports in a second on the uppermost shard, from new isolates and the shards below. Equals `peak` if it is alone. */
  readonly topPeak: number;
  /** Mean interval between an isolate's reports in the last minute, s; 10 if there are no isolates. */
  readonly everySeconds: number;
}

const TICK_MS = 100;
/** The time at the end of the show over which reports are counted, s. */
const SETTLED = 60;
/** How long a shard collects reports before it reports upwards (src/audience/audience.ts), s. */
const ROUND_SECONDS = 10;

interface Isolate {
  /** Decides which shard it reports to, 0 to 1. */
  readonly place: number;
  /** The number of shards that it knows of. */
  shards: number;
  readonly answers: Map<number, Answer>;
}

/** One shard. The uppermost is number -1. */
class Post {
  readonly pace = new Pace("boot", 0);
  readonly load: Uint32Array;
  /** The number of shards, as far as this shard has been told. */
  shards: number | null = null;

  constructor(seconds: number) {
    this.load = new Uint32Array(seconds);
  }

  count(ms: number): void {
    const second = Math.floor(ms / 1000);
    this.load[second] = (this.load[second] ?? 0) + 1;
  }

  get most(): number {
    return this.load.reduce((most, count) => Math.max(most, count), 0);
  }
}

/** Which isolates report at each tick. */
class Agenda {
  readonly #due = new Map<number, Isolate[]>();

  plan(ms: number, isolate: Isolate): void {
    const tick = Math.ceil(ms / TICK_MS);
    const planned = this.#due.get(tick);
    if (planned) planned.push(isolate);
    else this.#due.set(tick, [isolate]);
  }

  take(tick: number): readonly Isolate[] {
    const due = this.#due.get(tick) ?? [];
    this.#due.delete(tick);
    return due;
  }
}

/** The uppermost shard of a show, and those below it. */
class Tiers {
  readonly growth = new Growth(1, 0);
  readonly top: Post;
  readonly posts = new Map<number, Post>();
  readonly #seconds: number;
  /** The number of isolates that report to the shards below. */
  #below = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
    this.top = new Post(seconds);
  }

  /** Each shard below reports upwards once per round, and learns the number of shards. */
  passOn(ms: number): void {
    for (const [index, own] of this.posts) {
      if ((ms / 1000 + index) % ROUND_SECONDS !== 0 || own.pace.booked(ms) === 0) continue;
      this.top.count(ms);
      own.shards = this.growth.count;
    }
    this.#below = [...this.posts.values()].reduce((sum, own) => sum + own.pace.booked(ms), 0);
  }

  /** Takes an isolate's report. Returns when the next one is due, ms from now. */
  hear(isolate: Isolate, ms: number): number {
    const index = isolate.shards === 1 ? -1 : Math.floor(isolate.place * isolate.shards);
    const own = index < 0 ? this.top : this.#post(index);
    own.count(ms);
    const booked = this.top.pace.booked(ms) + this.#below;
    const shards = index < 0 ? this.growth.at(booked, ms) : (own.shards ?? isolate.shards);
    isolate.shards = shards;
    if (index < 0 && shards > 1) return MIN_REPORT_INTERVAL_MS;
    const answer = own.pace.answer(ms, isolate.answers.get(index) ?? null);
    isolate.answers.clear();
    isolate.answers.set(index, answer);
    return answer.afterMs;
  }

  #post(index: number): Post {
    const known = this.posts.get(index) ?? new Post(this.#seconds);
    this.posts.set(index, known);
    return known;
  }
}

/**
 * Simulates the reports of a show's isolates, answered by the real controllers (src/audience/pace.ts, growth.ts).
 *
 * @param births when each isolate was started, in seconds of the show; its place among the shards is random
 */
export function loadOf(births: readonly number[], seconds: number, seed: number): ShardLoad {
  const dice = new Dice(seed);
  const agenda = new Agenda();
  for (const birth of births) {
    const isolate = { place: dice.unit(), shards: 1, answers: new Map() };
    agenda.plan(1000 * (birth + dice.unit()) + firstMs(dice.unit()), isolate);
  }
  const tiers = new Tiers(seconds);
  for (let tick = 0; tick * TICK_MS < 1000 * seconds; tick++) {
    const ms = tick * TICK_MS;
    if (ms % 1000 === 0) tiers.passOn(ms);
    for (const isolate of agenda.take(tick)) agenda.plan(ms + tiers.hear(isolate, ms), isolate);
  }
  const { growth, top, posts } = tiers;
  const all = growth.count === 1 ? [top] : [...posts.values()];
  const settled = all.reduce(
    (sum, { load }) => sum + load.slice(-SETTLED).reduce((own, count) => own + count, 0),
    0,
  );
  return {
    shards: growth.count,
    isolates: Math.max(0, ...all.map(({ pace }) => pace.booked(1000 * seconds))),
    peak: Math.max(...all.map(({ most }) => most)),
    topPeak: top.most,
    everySeconds:
      births.length === 0 ? MIN_REPORT_INTERVAL_MS / 1000 : (SETTLED * births.length) / Math.max(1, settled),
  };
}
