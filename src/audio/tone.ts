import { type Peak, RELATIVES } from "./peaks.ts";

/** How many spectra are remembered: 1.4 s. */
const SPAN = 32;
/** A tone that was unseen for more than this many spectra in a row is over: 0.5 s, since speech may hide it. */
const LOST = 12;
/** A peak within this many bins of a tone is that tone. */
const SAME = 0.6;

/** A tone lasts if it was seen in at least SEEN_LATELY of the last LATELY spectra, and in LASTING in all. */
const LATELY = 8;
const SEEN_LATELY = 5;
const LASTING = 8;
/** A tone stands still if half of its places are this close to their median, bins. Not the mean: speech shifts some of them. */
const STEADY = 0.08;
/** A tone belongs to a note if one of its relatives was seen in this share of the tone's spectra. */
const NOTE = 0.5;

/** A tone has grown if, over one of these numbers of spectra, all of the following holds: */
const STRETCHES = [6, 8, 12, 16, 24, 32] as const;
/** It was seen in at least a share SEEN of these spectra, and in at least POINTS of them. */
const SEEN = 0.4;
const POINTS = 5;
/** It rose by at least this many decibels ... */
const RISE = 10;
/** ... by at most this many from one spectrum to the next, ... */
const FASTEST = 7;
/** ... along a straight line: off it by at most ROUGH decibels (RMS) plus a share ROUGH_SHARE of the rise. */
const ROUGH = 1;
const ROUGH_SHARE = 0.05;
/** It rose in both halves of the time, at speeds that differ by this factor at most. */
const BENT = 1.8;

/** A tone that was never seen to grow is a squeal if it was seen in this many of the last SPAN spectra, ... */
const DRONE = 28;
/** ... was the strongest sound of all in this many of them, ... */
const STRONGEST = 22;
/** ... and had other sound within COMPANY_DB in COMPANY of them. A test tone is alone, but for some harmonics of its own. */
const COMPANY_DB = 24;
const COMPANY = 6;

/** A narrow tone, followed from one spectrum to the next. */
export class Tone {
  /** One value per spectrum, by age modulo SPAN; NaN where the tone was not seen. */
  readonly #bins = new Float64Array(SPAN).fill(Number.NaN);
  readonly #levels = new Float64Array(SPAN).fill(Number.NaN);
  /** How far the other sound was below it, dB. */
  readonly #rests = new Float64Array(SPAN).fill(Number.NaN);
  readonly #belows = new Float64Array(SPAN).fill(Number.NaN);
  readonly #relatives = new Float64Array(RELATIVES.length);
  #age = 0;
  #seen = 0;
  #missed = 0;
  /** Its recent mean place, bins. */
  #bin: number;
  #hasGrown = false;

  constructor(peak: Peak) {
    this.#bin = peak.bin;
    this.push(peak);
  }

  /** Whether a peak at `bin` belongs to this tone. */
  isAt(bin: number): boolean {
    return Math.abs(bin - this.#bin) <= SAME;
  }

  get isOver(): boolean {
    return this.#missed > LOST;
  }

  /** Whether it has been there for longer than a syllable. */
  get isOld(): boolean {
    return this.#seen >= LASTING;
  }

  /** Whether it is a squeal now: it lasts, stands still, belongs to no note and has grown as a feedback loop's tone does. */
  get isSqueal(): boolean {
    return this.#hasGrown && this.#lasts && this.isSteady && !this.#isOfNote;
  }

  /**
   * Whether it drowns other sound, and there is some to drown. A feedback loop that has grown within a word, too fast for its
   * growth to be seen, does so. It stands still, belongs to no note, and lasts for longer than a note. A third harmonic does not
   * make it a note's: a loop that saturates has one, and no second.
   */
  get isDrone(): boolean {
    return (
      this.#drowns &&
      this.isSteady &&
      !this.#relatives.some((share, n) => share >= NOTE && RELATIVES[n] !== 3)
    );
  }

  /** Its level in the last spectrum, dBFS; null if it was not seen there. */
  get db(): number | null {
    return this.#missed > 0 ? null : this.#at(this.#levels, 0);
  }

  /** Takes its peak in the next spectrum; null if it has none there. */
  push(peak: Peak | null): void {
    const index = this.#age++ % SPAN;
    this.#bins[index] = peak?.bin ?? Number.NaN;
    this.#levels[index] = peak?.db ?? Number.NaN;
    this.#rests[index] = peak?.rest ?? Number.NaN;
    this.#belows[index] = peak?.below ?? Number.NaN;
    this.#missed = peak === null ? this.#missed + 1 : 0;
    if (peak === null) return;
    this.#seen++;
    this.#bin += 0.2 * (peak.bin - this.#bin);
    for (let n = 0; n < RELATIVES.length; n++) {
      const is = (peak.relatives >> n) & 1;
      this.#relatives[n] =
        (this.#relatives[n] as number) + (is - (this.#relatives[n] as number)) / Math.min(this.#seen, 16);
    }
    this.#hasGrown ||= STRETCHES.some((count) => this.#age >= count && this.#grows(count));
  }

  get #lasts(): boolean {
    let lately = 0;
    for (let n = 0; n < Math.min(LATELY, this.#age); n++)
      if (!Number.isNaN(this.#at(this.#bins, n))) lately++;
    return this.#seen >= LASTING && lately >= SEEN_LATELY;
  }

  get #drowns(): boolean {
    if (this.#age < SPAN) return false;
    let [seen, strongest, company] = [0, 0, 0];
    for (let n = 0; n < SPAN; n++) {
      if (Number.isNaN(this.#bins[n])) continue;
      seen++;
      if (this.#belows[n] === 0) strongest++;
      if ((this.#rests[n] as number) <= COMPANY_DB) company++;
    }
    return seen >= DRONE && strongest >= STRONGEST && company >= COMPANY;
  }

  /** Whether it stands still. */
  get isSteady(): boolean {
    const seen = this.#bins.filter((bin) => !Number.isNaN(bin));
    const middle = median(seen);
    return median(seen.map((bin) => Math.abs(bin - middle))) <= STEADY;
  }

  get #isOfNote(): boolean {
    return this.#relatives.some((share) => share >= NOTE);
  }

  /** Whether it grew exponentially over the last `count` spectra: its decibels rose along a straight line. */
  #grows(count: number): boolean {
    // Most tones do not rise at all, and this check is cheaper.
    if (this.#spread(count) < RISE) return false;
    let points = 0;
    for (let n = count - 1; n >= 0; n--) {
      const level = this.#at(this.#levels, n);
      if (Number.isNaN(level)) continue;
      XS[points] = count - 1 - n;
      YS[points] = level;
      points++;
    }
    if (points < Math.max(POINTS, SEEN * count)) return false;
    const { slope, rough } = line(0, points);
    const rise = slope * (count - 1);
    if (rise < RISE || slope > FASTEST || rough > ROUGH + ROUGH_SHARE * rise) return false;
    const middle = points >> 1;
    const first = line(0, middle + 1).slope;
    const second = line(middle, points).slope;
    return first > 0 && second > 0 && first < BENT * second && second < BENT * first;
  }

  /** The difference between its highest and lowest level in the last `count` spectra, dB. */
  #spread(count: number): number {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let n = 0; n < count; n++) {
      const level = this.#at(this.#levels, n);
      if (level < least) least = level;
      if (level > most) most = level;
    }
    return most - least;
  }

  /** The value of `ago` spectra ago; 0 is the last. */
  #at(values: Float64Array, ago: number): number {
    return values[(this.#age - 1 - ago + SPAN) % SPAN] as number;
  }
}

/** The points that {@link line} fits a line to: a squeal is looked for 23 times a second, so nothing is allocated for it. */
const XS = new Float64Array(SPAN);
const YS = new Float64Array(SPAN);

/** Fits a straight line to the points `from` to before `to` by least squares: its slope, and how far they are off it (RMS). */
function line(from: number, to: number): { slope: number; rough: number } {
  const count = to - from;
  let sx = 0;
  let sy = 0;
  for (let n = from; n < to; n++) {
    sx += XS[n] as number;
    sy += YS[n] as number;
  }
  const mx = sx / count;
  const my = sy / count;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let n = from; n < to; n++) {
    const x = (XS[n] as number) - mx;
    const y = (YS[n] as number) - my;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  const slope = xx > 0 ? xy / xx : 0;
  return { slope, rough: Math.sqrt(Math.max(0, yy - slope * xy) / count) };
}

function median(values: Float64Array): number {
  return values.sort()[values.length >> 1] as number;
}
