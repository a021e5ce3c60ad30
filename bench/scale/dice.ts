/** Seeded chance: the same seed gives the same draws (mulberry32's mixing, 32-bit state). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 random bits. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.word() / 2 ** 32;
  }

  /** Standard normal (Box and Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
  }

  /** Successes in `trials`: thrown one by one where they are few, by the normal law where they are many. */
  binomial(trials: number, chance: number): number {
    if (trials > 64) {
      const drawn = trials * chance + this.normal() * Math.sqrt(trials * chance * (1 - chance));
      return Math.min(trials, Math.max(0, Math.round(drawn)));
    }
    let successes = 0;
    for (let n = 0; n < trials; n++) if (this.unit() < chance) successes += 1;
    return successes;
  }

  /** `total` shared out by `weights`, which add up to 1; the shares add up to `total`. */
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
   * How many of `bins` are hit by `balls` thrown at random: thrown where they are few; else by the normal law with the
   * mean and variance of the number of occupied bins (Feller, An Introduction to Probability Theory, vol. 1, IV.2).
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
