/** A seeded random generator: the same seed gives the same numbers (mulberry32's mixing, 32-bit state). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns 32 random bits. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** Returns a uniform number in [0, 1). */
  unit(): number {
    return this.word() / 2 ** 32;
  }

  /** Returns a standard normal number (Box and Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
  }

  /** Returns the number of successes in `trials`. Few trials are simulated one by one; many by the normal approximation. */
  binomial(trials: number, chance: number): number {
    if (trials > 64) {
      const drawn = trials * chance + this.normal() * Math.sqrt(trials * chance * (1 - chance));
      return Math.min(trials, Math.max(0, Math.round(drawn)));
    }
    let successes = 0;
    for (let n = 0; n < trials; n++) if (this.unit() < chance) successes += 1;
    return successes;
  }

  /** Distributes `total` randomly by `weights`, which add up to 1. The shares add up to `total`. */
  share(total: number, weights: readonly number[]): number[] {
    let left = total;
    let weight = 1;
    return weights.map((own, i) => {
      const isLast = i === weights.length - 1;
      const drawn = isLast ? left : this.binomial(left, Math.min(1, Math.max(0, own / weight)));
      left -= drawn;
      weight -= own;
      return drawn;
    });
  }

  /**
   * Returns how many of `bins` are hit by `balls` thrown at random. Few balls are simulated one by one; many by the normal
   * approximation with the mean and variance of the number of occupied bins (Feller, An Introduction to Probability Theory,
   * vol. 1, IV.2).
   */
  occupied(balls: number, bins: number): number {
    if (balls <= 0 || bins <= 0) return 0;
    if (bins === 1 || balls === 1) return 1;
    if (balls <= 32) return this.#thrown(balls, bins);
    const load = balls / bins;
    const missed = Math.exp(-load);
    const variance = bins * (missed - (1 + load) * missed * missed);
    const drawn = bins * (1 - missed) + this.normal() * Math.sqrt(Math.max(0, variance));
    return Math.min(bins, balls, Math.max(1, Math.round(drawn)));
  }

  #thrown(balls: number, bins: number): number {
    const hit: number[] = [];
    for (let n = 0; n < balls; n++) {
      const bin = Math.floor(this.unit() * bins);
      if (!hit.includes(bin)) hit.push(bin);
    }
    return hit.length;
  }
}
