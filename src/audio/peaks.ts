import { Spectrum } from "./spectrum.ts";

/** A narrow tone in one spectrum. */
export interface Peak {
  /** Its frequency, in bins of the spectrum, to about a twentieth of a bin. */
  readonly bin: number;
  /** Amplitude of the sine, dBFS. */
  readonly db: number;
  /** PNPR (peak-to-neighbouring power ratio): how far it is above the mean power of the bins beside it, dB. */
  readonly narrowness: number;
  /** How far it is below the strongest bin, dB. */
  readonly below: number;
  /** How far everything else together is below it, dB. */
  readonly rest: number;
  /** Which of {@link RELATIVES} are in the spectrum too, a bit for each. */
  readonly relatives: number;
}

/** Tones are searched for between these frequencies, Hz. */
const LOW = 200;
const HIGH = 5_000;
/** How far a tone is above the mean power of the bins beside it: 6 dB. These are the second to the seventh on both sides. */
const NARROW = 10 ** 0.6;
const BESIDE = [2, 7] as const;
/** If a tone is one harmonic of a note, the note's other harmonics lie at some of these multiples of its frequency. */
export const RELATIVES = [1 / 2, 2 / 3, 3 / 4, 5 / 4, 4 / 3, 3 / 2, 2, 3] as const;
/** PHPR (peak-to-harmonic power ratio): a relative counts if it is less than 33 dB below the tone. */
const RELATED = 10 ** -3.3;
/** How many bins a relative may be off its expected place. */
const ALIGNED = 0.6;
/** How many tones of one spectrum are returned at most. */
const MAX_TONES = 24;

/** Finds the narrow tones of a stretch of samples. */
export class Peaks {
  readonly #spectrum: Spectrum;
  readonly #power: Float64Array;
  readonly #from: number;
  readonly #to: number;

  /** @param size samples in a stretch, a power of two; `rate` is their sample rate, Hz */
  constructor(size: number, rate: number) {
    this.#spectrum = new Spectrum(size);
    this.#from = Math.ceil((LOW * size) / rate);
    this.#to = Math.floor((HIGH * size) / rate);
    this.#power = new Float64Array(size / 2);
  }

  /** Returns the tones in the order of their power, the strongest first. */
  find(samples: Float32Array): Peak[] {
    const power = this.#power;
    this.#spectrum.read(samples, power);
    const found: [number, number][] = [];
    for (let k = this.#from; k <= this.#to; k++) {
      if (!this.#isTop(k)) continue;
      const narrowness = this.#narrowness(k);
      if (narrowness > NARROW) found.push([k, narrowness]);
    }
    found.sort(([a], [b]) => (power[b] as number) - (power[a] as number));
    let most = 0;
    let sum = 0;
    for (let k = 2; k < power.length; k++) {
      const here = power[k] as number;
      if (here > most) most = here;
      sum += here;
    }
    return found.slice(0, MAX_TONES).map(([k, narrowness]) => this.#peak(k, narrowness, most, sum));
  }

  #peak(k: number, narrowness: number, most: number, sum: number): Peak {
    const bin = this.#centre(k);
    const power = this.#power[k] as number;
    let relatives = 0;
    for (let n = 0; n < RELATIVES.length; n++) {
      if (this.#hasRelative(k, (RELATIVES[n] as number) * bin)) relatives |= 1 << n;
    }
    return {
      bin,
      db: 10 * Math.log10(power) + tilt(bin - k),
      narrowness: 10 * Math.log10(narrowness),
      below: 10 * Math.log10(most / power),
      rest: 10 * Math.log10(power / Math.max(Number.MIN_VALUE, sum - this.#own(k))),
      relatives,
    };
  }

  /** The power of a tone around bin `k`, over all bins to which a Hann window spreads it. */
  #own(k: number): number {
    let sum = 0;
    for (let n = k - 3; n <= k + 3; n++) sum += this.#power[n] as number;
    return sum;
  }

  #isTop(k: number): boolean {
    const power = this.#power;
    const here = power[k] as number;
    return here > (power[k - 1] as number) && here >= (power[k + 1] as number);
  }

  /** PNPR of bin `k`, a ratio of powers. */
  #narrowness(k: number): number {
    let sum = 0;
    for (let n = BESIDE[0]; n <= BESIDE[1]; n++) {
      sum += (this.#power[k - n] as number) + (this.#power[k + n] as number);
    }
    return ((this.#power[k] as number) * 2 * (BESIDE[1] - BESIDE[0] + 1)) / sum;
  }

  #hasRelative(k: number, bin: number): boolean {
    const at = Math.round(bin);
    if (at < 2 || at + 2 >= this.#power.length) return false;
    const least = RELATED * (this.#power[k] as number);
    for (let n = at - 1; n <= at + 1; n++) {
      if ((this.#power[n] as number) < least || !this.#isTop(n)) continue;
      if (Math.abs(this.#centre(n) - bin) <= ALIGNED) return true;
    }
    return false;
  }

  /** Where the peak around bin `k` has its top, in bins, by a parabola through three bins' decibels. */
  #centre(k: number): number {
    const a = Math.log(this.#power[k - 1] as number);
    const b = Math.log(this.#power[k] as number);
    const c = Math.log(this.#power[k + 1] as number);
    const bend = a - 2 * b + c;
    return bend < 0 ? k + Math.max(-0.5, Math.min(0.5, (a - c) / (2 * bend))) : k;
  }
}

/** How many decibels too low a Hann window shows a sine that lies `off` bins (at most a half) beside the middle of a bin. */
function tilt(off: number): number {
  return 5.7 * off * off;
}
