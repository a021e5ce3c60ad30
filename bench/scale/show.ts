import { AU_SAMPLES, type Latency, PROFILES, SAMPLE_RATE } from "../../src/media.ts";
import type { Constants } from "./constants.ts";
import { Dice } from "./dice.ts";
import { Flow } from "./flow.ts";
import { geographyOf } from "./geography.ts";

/** Requests at each tier, in their order: a miss of one is a request to the next. */
export interface Tiers {
  readonly edge: Flow;
  readonly lower: Flow;
  readonly upper: Flow;
  readonly origin: Flow;
}

/** What became of one simulated show. */
export interface Outcome extends Tiers {
  readonly latency: Latency;
  readonly listeners: number;
  /** Of all those requests, the ones for the show's status: the listener page's, not the player's. */
  readonly status: Tiers;
  /** Of the edge's, the ones of those who were here already for parts or segments, and for lists. */
  readonly media: Flow;
  readonly lists: Flow;
  /** Isolates of the edge at the end, and when each came to be (second of the show). */
  readonly isolates: number;
  readonly births: readonly number[];
  /** Listeners at the end of each second. */
  readonly present: readonly number[];
}

/** How a data centre stands. */
interface Place {
  readonly total: number;
  /** In [0, 1): rounds the number of those who have come, so that small places do not all begin in the same second. */
  readonly dither: number;
  present: number;
  isolates: number;
  /** Whether a listener was ever here. */
  isOpen: boolean;
}

/**
 * Plays a show second by second. In each second each data centre's listeners ask for the new objects (a list and a part
 * or segment each), those who join for the show's list, the playlist, the init segment and what they play first; each
 * tier is asked for what the one below does not hold, once for each key (collapsing).
 *
 * A listener's requests go to any isolate of its data centre. An object is new once; a list without directives, the
 * multivariant playlist and the show's status are kept a second, everything else for as long as it matters.
 */
export function playShow(listeners: number, latency: Latency, constants: Constants, seed: number): Outcome {
  const play = new Play(listeners, demandOf(latency, constants), constants, new Dice(seed));
  const seconds = constants.surgeSeconds.value + constants.steadySeconds.value;
  for (let second = 0; second < seconds; second++) play.second(second);
  const { tiers, status, media, lists, births, present } = play;
  return { latency, listeners, ...tiers, status, media, lists, isolates: births.length, births, present };
}

/** What one second asks of the tiers above the edge. */
class Second {
  /** New objects of this second. */
  readonly published: number;
  /** Upper tiers that are asked for each of the new objects, and for each short-lived one. */
  readonly asking = {
    list: new Set<number>(),
    media: new Set<number>(),
    start: new Set<number>(),
    plain: new Set<number>(),
    status: new Set<number>(),
  };
  fromEdge = 0;
  fromLower = 0;
  /** Objects that an upper tier is asked for and has never had. */
  old = 0;
  statusFromEdge = 0;
  statusFromLower = 0;

  constructor(published: number) {
    this.published = published;
  }

  /** Requests of the upper tiers for what is new to all. */
  get fresh(): number {
    const { list, media, start, plain, status } = this.asking;
    return this.published * (list.size + media.size) + start.size + plain.size + status.size;
  }
}

/** The show as it is played. */
class Play {
  readonly tiers = tiers();
  readonly status = tiers();
  readonly media = new Flow();
  readonly lists = new Flow();
  readonly births: number[] = [];
  readonly present: number[] = [];
  readonly #demand: Demand;
  readonly #constants: Constants;
  readonly #dice: Dice;
  readonly #places: readonly Place[];
  /** The upper tier of each place. */
  readonly #upper: readonly number[];
  readonly #openUppers = new Set<number>();

  constructor(listeners: number, demand: Demand, constants: Constants, dice: Dice) {
    const geography = geographyOf(constants, dice);
    this.#places = dice.share(listeners, geography.weights).map((total) => ({
      total,
      dither: dice.unit(),
      present: 0,
      isolates: 0,
      isOpen: false,
    }));
    this.#upper = geography.upper;
    this.#demand = demand;
    this.#constants = constants;
    this.#dice = dice;
  }

  second(number: number): void {
    const { period } = this.#demand;
    const second = new Second(Math.floor((number + 1) / period) - Math.floor(number / period));
    for (const [index, place] of this.#places.entries()) {
      this.#visit(place, this.#upper[index] ?? 0, number, second);
    }
    const { fromEdge, fromLower, fresh, old, statusFromEdge, statusFromLower, asking } = second;
    const { lower, upper, origin } = this.tiers;
    lower.take(fromEdge, fromLower);
    upper.take(fromLower, fresh + old);
    origin.take(fresh + old, 0);
    this.status.lower.take(statusFromEdge, statusFromLower);
    this.status.upper.take(statusFromLower, asking.status.size);
    this.status.origin.take(asking.status.size, 0);
    for (const flow of [...Object.values(this.tiers), ...Object.values(this.status)]) flow.tick();
    for (const flow of [this.media, this.lists]) flow.tick();
    this.present.push(this.#places.reduce((sum, place) => sum + place.present, 0));
  }

  /** One second of one data centre. */
  #visit(place: Place, at: number, number: number, second: Second): void {
    const dice = this.#dice;
    const here = place.present;
    const joins = Math.floor(place.total * joined(number + 1, this.#constants) + place.dither) - here;
    if (here + joins === 0) return;
    const busy = dice.occupied(here, place.isolates);
    const born = this.#grow(place, here + joins, number);
    place.present = here + joins;
    const staying = this.#stay(place, here, at, second);
    const joining = this.#join(place, { joins, busy, born, at, extra: staying.extra }, second);
    // Our page asks for the status as it opens, and then for as long as it plays.
    const polls =
      dice.binomial(joins, this.#constants.pageShare.value) + dice.binomial(here, this.#demand.polls);
    const stale = dice.occupied(polls, place.isolates);
    if (stale > 0) second.asking.status.add(at);
    this.status.edge.take(polls, stale);
    second.statusFromEdge += stale;
    second.statusFromLower += Number(stale > 0);
    const missed = staying.missed + joining.missed + stale;
    this.tiers.edge.take(staying.asked + joining.asked + polls, missed);
    second.fromEdge += missed;
    second.fromLower += Number(stale > 0);
  }

  /** The isolates that come to be for so many listeners. */
  #grow(place: Place, listeners: number, number: number): number {
    const { requests, polls } = this.#demand;
    const born = Math.max(0, isolatesFor(listeners, requests + polls, this.#constants) - place.isolates);
    for (let n = 0; n < born; n++) this.births.push(number);
    place.isolates += born;
    return born;
  }

  /** Those who were here: each new object once, and now and then a list that is at hand. */
  #stay(place: Place, here: number, at: number, second: Second) {
    const dice = this.#dice;
    const extra = Math.round(here * this.#demand.extra);
    let missed = 0;
    this.lists.take(extra, 0);
    for (let n = 0; n < second.published; n++) {
      const listMisses = dice.occupied(here, place.isolates);
      const mediaMisses = dice.occupied(here, place.isolates);
      this.lists.take(here, listMisses);
      this.media.take(here, mediaMisses);
      missed += listMisses + mediaMisses;
      second.fromLower += Number(listMisses > 0) + Number(mediaMisses > 0);
      if (listMisses > 0) second.asking.list.add(at);
      if (mediaMisses > 0) second.asking.media.add(at);
    }
    return { asked: 2 * second.published * here + extra, missed, extra };
  }

  /** Those who join. Where parts are listed, an isolate with listeners has a list young enough for them. */
  #join(
    place: Place,
    come: {
      readonly joins: number;
      readonly busy: number;
      readonly born: number;
      readonly at: number;
      readonly extra: number;
    },
    second: Second,
  ) {
    const { joins, busy, born, at, extra } = come;
    const { backlog, listsParts } = this.#demand;
    const dice = this.#dice;
    const starts = dice.occupied(joins, place.isolates);
    const plainAsks = listsParts
      ? Math.round((joins * (place.isolates - busy)) / place.isolates)
      : joins + extra;
    const plain = dice.occupied(plainAsks, listsParts ? place.isolates - busy : place.isolates);
    const first = Math.min(joins, born);
    second.fromLower += Number(starts > 0) + Number(plain > 0);
    if (starts > 0) second.asking.start.add(at);
    if (plain > 0) second.asking.plain.add(at);
    if (!place.isOpen && first > 0) {
      place.isOpen = true;
      second.fromLower += 1 + backlog;
      second.old += this.#openUppers.has(at) ? 0 : 1 + backlog;
      this.#openUppers.add(at);
    }
    return { asked: joins * (3 + backlog), missed: starts + plain + first * (1 + backlog) };
  }
}

function tiers(): Tiers {
  return { edge: new Flow(), lower: new Flow(), upper: new Flow(), origin: new Flow() };
}

/** The same geography without upper tiers: each data centre asks the origin itself. */
export function untiered(constants: Constants): Constants {
  return { ...constants, upperTiers: constants.dataCentres };
}

/** What listeners of a profile ask for. */
interface Demand {
  /** Seconds between new objects. */
  readonly period: number;
  readonly listsParts: boolean;
  /** Requests a second of one listener's player. */
  readonly requests: number;
  /** Of those, the ones that are for no new object. */
  readonly extra: number;
  /** Requests a second for the show's status, of the mean listener: not all use our page. */
  readonly polls: number;
  /** Media objects that one who joins plays first: the hold-back, three parts or three segments. */
  readonly backlog: number;
}

function demandOf(latency: Latency, constants: Constants): Demand {
  const { lowLatency, partUnits, segmentUnits } = PROFILES[latency];
  const period = ((lowLatency ? partUnits : segmentUnits) * AU_SAMPLES) / SAMPLE_RATE;
  const requests = constants[`${latency}Requests`].value;
  const extra = Math.max(0, requests - 2 / period);
  const { pageShare, nativeShare, statusSeconds, nativeStatusSeconds } = constants;
  const polls =
    pageShare.value *
    ((1 - nativeShare.value) / statusSeconds.value + nativeShare.value / nativeStatusSeconds.value);
  return { period, listsParts: lowLatency, requests, extra, polls, backlog: 3 };
}

/** The share of listeners that has come by `second`: a surge whose middle is twice as fast as its mean. */
export function joined(second: number, { surgeSeconds }: Constants): number {
  const share = Math.min(1, second / surgeSeconds.value);
  return share - Math.sin(2 * Math.PI * share) / (2 * Math.PI);
}

/** Isolates that so many listeners keep busy. None ends while the show goes on. */
function isolatesFor(listeners: number, requests: number, { isolateRequests, spread }: Constants): number {
  return Math.max(
    Math.ceil((listeners * requests) / isolateRequests.value),
    Math.min(spread.value, listeners),
  );
}
