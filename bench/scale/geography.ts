import type { Constants } from "./constants.ts";
import type { Dice } from "./dice.ts";

/** Where listeners are: each data centre's share of them, and the upper tier that it asks. */
export interface Geography {
  /** Each data centre's share of the listeners; the shares add up to 1. */
  readonly weights: readonly number[];
  /** The index of each data centre's upper tier. */
  readonly upper: readonly number[];
  readonly uppers: number;
}

/** Makes a geography in which large cities have most of the listeners: a power law of rank, with some noise. */
export function geographyOf({ dataCentres, skew, upperTiers }: Constants, dice: Dice): Geography {
  const raw = Array.from(
    { length: dataCentres.value },
    (_, rank) => (rank + 1) ** -skew.value * Math.exp(0.25 * dice.normal()),
  );
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const uppers = Math.min(upperTiers.value, dataCentres.value);
  return {
    weights: raw.map((weight) => weight / sum),
    // The largest are upper tiers themselves; each other one gets a random upper tier.
    upper: raw.map((_, rank) => (rank < uppers ? rank : Math.floor(dice.unit() * uppers))),
    uppers,
  };
}
