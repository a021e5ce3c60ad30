import { AU_SAMPLES, type Latency, PROFILES, SAMPLE_RATE } from "../../src/media.ts";
import { type Item, PRICES, totalOf } from "./bill.ts";
import type { Constants } from "./constants.ts";
import { Dice } from "./dice.ts";
import { geographyOf } from "./geography.ts";

/**
 * A show heard from its copy alone (docs/lifeboat.md): whole segments and their list, from a public bucket domain by way of the
 * CDN. Requests a second once all have come; a miss of a tier is a request to the next.
 */
export interface CopyLoad {
  readonly listeners: number;
  readonly edge: number;
  readonly upper: number;
  readonly bucket: number;
  /** The same in a zone without tiered cache: each data centre asks the bucket itself. */
  readonly untieredBucket: number;
  /** Of an hour of it, at list price, beside what the show costs whoever listens. */
  readonly bill: readonly Item[];
  readonly dollarsPerListenerHour: number;
  /** Where every Worker fails in one moment. */
  readonly failover: Failover;
}

export interface Failover {
  /** Requests a second to the CDN while all come to the copy. */
  readonly edge: number;
  /** Requests a second to the Workers when all come back. */
  readonly back: number;
}

/** Multivariant playlist, list, init segment, and the three segments that are played first. */
const JOIN = 6;

export function copyOf(listeners: number, latency: Latency, constants: Constants, seed: number): CopyLoad {
  const { segmentUnits, targetDuration } = PROFILES[latency];
  const period = (segmentUnits * AU_SAMPLES) / SAMPLE_RATE;
  const dice = new Dice(seed);
  const places = dice.share(listeners, geographyOf(constants, dice).weights);
  // A list is kept for a second where it was asked for; a segment, for as long as it matters.
  const lists = places.map((here) => askers(here / targetDuration));
  const segments = places.map((here) => askers(here) / period);
  const upper = sum(lists) + sum(segments);
  const bucket = askers(sum(lists)) + askers(listeners) / period;
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

/** How many of those who ask `rate` times in a second, at random moments, find nothing that is a second old: one, or none. */
function askers(rate: number): number {
  return 1 - Math.exp(-rate);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
