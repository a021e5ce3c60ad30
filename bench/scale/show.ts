import { AU_SAMPLES, type Latency, PROFILES, SAMPLE_RATE } from "../../src/media.ts";
import type { Constants } from "./constants.ts";
import { Dice } from "./dice.ts";
import { Flow } from "./flow.ts";
import { geographyOf } from "./geography.ts";

/** Requests to each tier, in order: a miss in one is a request to the next. */
export interface Tiers {
  readonly edge: Flow;
  readonly lower: Flow;
  readonly upper: Flow;
  readonly origin: Flow;
}

/** The results of one simulated show. */
export interface Outcome extends Tiers {
  readonly latency: Latency;
  readonly listeners: number;
  /** Those of these requests that are for the show's status: the listener page's, not the player's. */
  readonly status: Tiers;
  /** Requests to the edge from listeners that had joined before, for parts or segments and for playlists. */
  readonly media: Flow;
  readonly lists: Flow;
  /** The number of edge isolates at the end, and when each was started (second of the show). */
  readonly isolates: number;
  readonly births: readonly number[];
  /** The number of listeners at the end of each second. */
  readonly present: readonly number[];
}

/** The state of a data centre. */
interface Place {
  readonly total: number;
  /** In [0, 1): dithers the rounding of the number of joined listeners, so that small places do not all begin in one second. */
  readonly dither: number;
  present: number;
  isolates: number;
  /** Whether it has ever had a listener. */
  isOpen: boolean;
}

/**
 * Simulates a show second by second. In each second the listeners of each data centre request the new objects (a playlist and a
 * part or segment each). Joining listeners request the multivariant playlist, the media playlist, the init segment and the first
 * media. Each tier asks the next for what it does not hold, once for each key (request collapsing).
 *
 * A listener's requests go to random isolates of its data centre. An object is new once. A playlist without directives, the
 * multivariant playlist and the show's status are cached for a second, everything else for as long as it is requested.
 */
export function playShow(listeners: number, latency: Latency, constants: Constants, seed: number): Outcome {
  const play = new Play(listeners, demandOf(latency, constants), constants, new Dice(seed));
  const seconds = constants.surgeSeconds.value + constants.steadySeconds.value;
  for (let second = 0; second < seconds; second++) play.second(second);
  const { tiers, status, media, lists, births, present } = play;
  return { latency, listeners, ...tiers, status, media, lists, isolates: births.length, births, present };
}

/** The requests of one second to the tiers above the edge. */
class Second {
  /** The number of objects that are new in this second. */
  readonly published: number;
  /** The upper tiers that are asked for each new object, and for each short-lived one. */
  readonly asking = {
    list: new Set<number>(),
    media: new Set<number>(),
    start: new Set<number>(),
    plain: new Set<number>(),
    status: new Set<number>(),
  };
  fromEdge = 0;
  fromLower = 0;
  /** Older objects that an upper tier is asked for the first time. */
  old = 0;
  statusFromEdge = 0;
  statusFromLower = 0;

  constructor(published: number) {
    this.published = published;
  }

  /** Requests by the upper tiers for objects that are new everywhere. */
  get fresh(): number {
    const { list, media, start, plain, status } = this.asking;
    return this.published * (list.size + media.size) + start.size + plain.size + status.size;
  }
}

/** The state of the simulated show. */
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

  /** Simulates one second of one data centre. */
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
    // Our page requests the status when it opens, and then at intervals while it plays.
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

  /** Starts the isolates that so many listeners need; returns how many are new. */
  #grow(place: Place, listeners: number, number: number): number {
    const { requests, polls } = this.#demand;
    const born = Math.max(0, isolatesFor(listeners, requests + polls, this.#constants) - place.isolates);
    for (let n = 0; n < born; n++) this.births.push(number);
    place.isolates += born;
    return born;
  }

  /** Requests of listeners that had joined before: each new object once, and sometimes a playlist that is cached already. */
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

  /** Requests of joining listeners. Where parts are listed, an isolate with listeners has a playlist that is recent enough. */
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

/** Returns the constants of a geography without upper tiers, in which each data centre asks the origin itself. */
export function untiered(constants: Constants): Constants {
  return { ...constants, upperTiers: constants.dataCentres };
}

/** The requests of a profile's listeners. */
interface Demand {
  /** Seconds between new objects. */
  readonly period: number;
  readonly listsParts: boolean;
  /** Requests per second of one listener's player. */
  readonly requests: number;
  /** Those of these requests that are not for a new object. */
  readonly extra: number;
  /** Requests per second for the show's status, of the average listener: not all use our page. */
  readonly polls: number;
  /** Media objects that a joining listener requests first: the hold-back, which is three parts or three segments. */
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

/** Returns the share of listeners that has joined by `second`: a surge whose middle is twice as fast as its mean. */
export function joined(second: number, { surgeSeconds }: Constants): number {
  const share = Math.min(1, second / surgeSeconds.value);
  return share - Math.sin(2 * Math.PI * share) / (2 * Math.PI);
}

/** Returns the number of isolates for so many listeners. No isolate ends during the show. */
function isolatesFor(listeners: number, requests: number, { isolateRequests, spread }: Constants): number {
  return Math.max(
    Math.ceil((listeners * requests) / isolateRequests.value),
    Math.min(spread.value, listeners),
  );
}
