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
  const dice = new Dice(seed);
  const geography = geographyOf(constants, dice);
  const places: Place[] = dice.share(listeners, geography.weights).map((total) => ({
    total,
    dither: dice.unit(),
    present: 0,
    isolates: 0,
    isOpen: false,
  }));
  const demand = demandOf(latency, constants);
  const [edge, lower, upper, origin] = [new Flow(), new Flow(), new Flow(), new Flow()];
  const status: Tiers = { edge: new Flow(), lower: new Flow(), upper: new Flow(), origin: new Flow() };
  const [media, lists] = [new Flow(), new Flow()];
  const pageShare = constants.pageShare.value;
  const births: number[] = [];
  const present: number[] = [];
  const openUppers = new Set<number>();
  const seconds = constants.surgeSeconds.value + constants.steadySeconds.value;

  for (let second = 0; second < seconds; second++) {
    const published = Math.floor((second + 1) / demand.period) - Math.floor(second / demand.period);
    // Misses of the lower tiers by upper tier: for each new object and each short-lived list, and what is old.
    const asking = {
      list: new Set<number>(),
      media: new Set<number>(),
      start: new Set<number>(),
      plain: new Set<number>(),
      status: new Set<number>(),
    };
    let statusFromEdge = 0;
    let statusFromLower = 0;
    let fromEdge = 0;
    let fromLower = 0;
    let old = 0;
    for (const [index, place] of places.entries()) {
      const at = geography.upper[index] ?? 0;
      const here = place.present;
      const joins = Math.floor(place.total * joined(second + 1, constants) + place.dither) - here;
      if (here + joins === 0) continue;
      const busy = dice.occupied(here, place.isolates);
      const grown = isolatesFor(here + joins, demand.requests + demand.polls, constants);
      const newIsolates = Math.max(0, grown - place.isolates);
      for (let n = 0; n < newIsolates; n++) births.push(second);
      place.isolates += newIsolates;
      place.present = here + joins;

      // Those who were here: each new object once, and now and then a list that is at hand.
      const extra = Math.round(here * demand.extra);
      let asked = 2 * published * here + extra;
      let missed = 0;
      lists.take(extra, 0);
      for (let n = 0; n < published; n++) {
        const listMisses = dice.occupied(here, place.isolates);
        const mediaMisses = dice.occupied(here, place.isolates);
        lists.take(here, listMisses);
        media.take(here, mediaMisses);
        missed += listMisses + mediaMisses;
        fromLower += Number(listMisses > 0) + Number(mediaMisses > 0);
        if (listMisses > 0) asking.list.add(at);
        if (mediaMisses > 0) asking.media.add(at);
      }
      // Those who join. Where parts are listed, an isolate with listeners has a list young enough for them.
      asked += joins * (3 + demand.backlog);
      const starts = dice.occupied(joins, place.isolates);
      const plainAsks = demand.listsParts
        ? Math.round((joins * (place.isolates - busy)) / place.isolates)
        : joins + extra;
      const plain = dice.occupied(plainAsks, demand.listsParts ? place.isolates - busy : place.isolates);
      const first = Math.min(joins, newIsolates);
      missed += starts + plain + first * (1 + demand.backlog);
      fromLower += Number(starts > 0) + Number(plain > 0);
      if (starts > 0) asking.start.add(at);
      if (plain > 0) asking.plain.add(at);
      if (!place.isOpen && first > 0) {
        place.isOpen = true;
        fromLower += 1 + demand.backlog;
        old += openUppers.has(at) ? 0 : 1 + demand.backlog;
        openUppers.add(at);
      }
      // Our page asks for the status as it opens, and then for as long as it plays.
      const polls = dice.binomial(joins, pageShare) + dice.binomial(here, demand.polls);
      const stale = dice.occupied(polls, place.isolates);
      if (stale > 0) asking.status.add(at);
      status.edge.take(polls, stale);
      statusFromEdge += stale;
      statusFromLower += Number(stale > 0);
      edge.take(asked + polls, missed + stale);
      fromEdge += missed + stale;
      fromLower += Number(stale > 0);
    }
    const fresh =
      published * (asking.list.size + asking.media.size) +
      asking.start.size +
      asking.plain.size +
      asking.status.size;
    lower.take(fromEdge, fromLower);
    upper.take(fromLower, fresh + old);
    origin.take(fresh + old, 0);
    status.lower.take(statusFromEdge, statusFromLower);
    status.upper.take(statusFromLower, asking.status.size);
    status.origin.take(asking.status.size, 0);
    for (const tiers of [{ edge, lower, upper, origin }, status]) {
      for (const flow of [tiers.edge, tiers.lower, tiers.upper, tiers.origin]) flow.tick();
    }
    for (const flow of [media, lists]) flow.tick();
    present.push(places.reduce((sum, place) => sum + place.present, 0));
  }
  const isolates = births.length;
  return { latency, listeners, edge, lower, upper, origin, status, media, lists, isolates, births, present };
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
  const polls = constants.pageShare.value / constants.statusSeconds.value;
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
