import { AU_SAMPLES, type Latency, PROFILES, SAMPLE_RATE } from "../../src/media.ts";
import { type Item, PRICES, totalOf } from "./bill.ts";
import type { Constants } from "./constants.ts";
import { Dice } from "./dice.ts";
import { geographyOf } from "./geography.ts";

/**
 * The load of a show that is played only from its copy (docs/lifeboat.md): whole segments and their playlist, from a public
 * bucket domain through the CDN. Requests per second once all have joined; a miss in one tier is a request to the next.
 */
export interface CopyLoad {
  readonly listeners: number;
  readonly edge: number;
  readonly upper: number;
  readonly bucket: number;
  /** Requests to the bucket in a zone without tiered cache, where each data centre asks the bucket itself. */
  readonly untieredBucket: number;
  /** The additional bill of an hour at list price, without the show's own cost. */
  readonly bill: readonly Item[];
  readonly dollarsPerListenerHour: number;
  /** The load if all Workers fail at the same moment. */
  readonly failover: Failover;
}

export interface Failover {
  /** Requests per second to the CDN while all players change over to the copy. */
  readonly edge: number;
  /** Requests per second to the Workers while all players come back. */
  readonly back: number;
}

/** Requests of a joining player: multivariant playlist, media playlist, init segment, and the first three segments. */
const JOIN = 6;

export function copyOf(listeners: number, latency: Latency, constants: Constants, seed: number): CopyLoad {
  const { segmentUnits, targetDuration } = PROFILES[latency];
  const period = (segmentUnits * AU_SAMPLES) / SAMPLE_RATE;
  const dice = new Dice(seed);
  const places = dice.share(listeners, geographyOf(constants, dice).weights);
  // Each tier caches a playlist for a second, and a segment for as long as it is requested.
  const lists = places.map((here) => missesPerSecond(here / targetDuration));
  const segments = places.map((here) => missesPerSecond(here) / period);
  const upper = sum(lists) + sum(segments);
  const bucket = missesPerSecond(sum(lists)) + missesPerSecond(listeners) / period;
  const bill = [
    { what: "R2, the lists written", dollars: (3600 * PRICES.put.dollars) / period / 1e6 },
    { what: "R2, what the CDN reads", dollars: (3600 * bucket * PRICES.get.dollars) / 1e6 },
  ];
  return {
    listeners,
    edge: listeners * (1 / targetDuration + 1 / period),
    upper,
    bucket,
    untieredBucket: upper,
    bill,
    dollarsPerListenerHour: totalOf(bill) / listeners,
    failover: {
      edge: (JOIN * listeners) / constants.failoverSeconds.value,
      back: (JOIN * listeners) / constants.returnSeconds.value,
    },
  };
}

/** Returns the misses per second of a cache that keeps an object for a second, with `rate` requests a second at random times. */
function missesPerSecond(rate: number): number {
  return 1 - Math.exp(-rate);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
