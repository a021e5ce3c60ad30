import type { Constants } from "./constants.ts";
import type { Dice } from "./dice.ts";

/** Where listeners are: data centres with their share of them, and the upper tier each one asks. */
export interface Geography {
  /** Adds up to 1. */
  readonly weights: readonly number[];
  /** Index of the upper tier, by data centre. */
  readonly upper: readonly number[];
  readonly uppers: number;
}

/** Large cities have most of the listeners: a power law of rank, with some disorder in it. */
export function geographyOf({ dataCentres, skew, upperTiers }: Constants, dice: Dice): Geography {
  const raw = Array.from(
    { length: dataCentres.value },
    (_, rank) => (rank + 1) ** -skew.value * Math.exp(0.25 * dice.normal()),
  );
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const uppers = Math.min(upperTiers.value, dataCentres.value);
  return {
    weights: raw.map((weight) => weight / sum),
    // The largest are upper tiers themselves; the others are near any one of them.
    upper: raw.map((_, rank) => (rank < uppers ? rank : Math.floor(dice.unit() * uppers))),
    uppers,
  };
}
