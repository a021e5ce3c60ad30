const RATE = 48_000;

/** A beep lasts 80 ms and consists of two tones of 40 ms. */
const BEEP_TONE_SAMPLES = 1_920;
const BEEP_SAMPLES = 2 * BEEP_TONE_SAMPLES;
const BEEP_LEVEL = 0.3;
const RAMP_SAMPLES = 96;
/** The voices are silent from 20 ms before a beep until 20 ms after it; in samples. */
const HUSH_SAMPLES = 960;

/** Returns the frequency that stands for digit 0..15 in a beep, Hz. */
export function digitHz(digit: number): number {
  return 2_000 + 150 * digit;
}

/**
 * A test signal that sounds like two people talking in turns, with formants, consonants and pauses: one voice left of the
 * middle and one right of it. The same seed and start give the same samples, in whatever amounts they are read.
 *
 * At each whole second of the wall clock a beep encodes the second, so that a listener can measure delay and
 * order. The first sample of the beep is the first sample of second S (since 1970). The beep consists of two tones of 40 ms,
 * {@link digitHz} of `(S >> 4) & 15` and then of `S & 15`. So it encodes its second modulo 256.
 */
export class SpokenSignal {
  readonly #random: () => number;
  readonly #voices: readonly [Voice, Voice];
  /** The time of the next sample, in samples since 1970. */
  #clock: number;
  #speaker = 0;
  /** Remaining syllables of the phrase. */
  #left = 0;
  /** Remaining samples of the pause. */
  #pause = 0;

  constructor(options: { readonly seed?: number; readonly startMillis: number }) {
    this.#random = seeded(options.seed ?? 1);
    this.#clock = Math.round(options.startMillis * (RATE / 1000));
    this.#voices = [new Voice(112, this.#random), new Voice(187, this.#random)];
  }

  /** Returns the next `frames` sample frames, interleaved stereo. */
  read(frames: number): Int16Array {
    const data = new Int16Array(frames * 2);
    for (let i = 0; i < frames; i++, this.#clock++) {
      const [near, far] = this.#speak();
      const beep = beepAt(this.#clock);
      const hush = hushAt(this.#clock % RATE);
      const [left, right] = this.#speaker === 0 ? [near, far] : [far, near];
      data[2 * i] = toInt16(left * hush + beep);
      data[2 * i + 1] = toInt16(right * hush + beep);
    }
    return data;
  }

  /** Returns one sample of the speaking voice, for the near ear and for the far ear. */
  #speak(): [number, number] {
    const voice = this.#voices[this.#speaker === 0 ? 0 : 1];
    if (this.#pause > 0) {
      this.#pause--;
      return [0, 0];
    }
    if (voice.done) {
      if (this.#left-- > 0) voice.begin();
      else {
        this.#left = 2 + Math.floor(this.#random() * 7);
        this.#pause = Math.floor((0.2 + 0.4 * this.#random()) * RATE);
        if (this.#random() < 0.4) this.#speaker = 1 - this.#speaker;
        return [0, 0];
      }
    }
    const sample = voice.next();
    return [0.9 * sample, 0.5 * sample];
  }
}

/** First three formants of five vowels, Hz (Peterson and Barney 1952, rounded). */
const VOWELS = [
  [270, 2290, 3010],
  [530, 1840, 2480],
  [730, 1090, 2440],
  [570, 840, 2410],
  [300, 870, 2240],
] as const;
const BANDWIDTHS = [60, 90, 120] as const;
const GAINS = [1, 0.8, 0.5] as const;

/** One speaker: a glottal buzz, or noise for a consonant, filtered by three resonators. */
class Voice {
  readonly #pitch: number;
  readonly #random: () => number;
  readonly #resonators = [new Resonator(), new Resonator(), new Resonator()] as const;
  #length = 0;
  #at = 0;
  #consonant = 0;
  #phase = 0;
  #tilt = 0;
  #bend = 1;

  constructor(pitch: number, random: () => number) {
    this.#pitch = pitch;
    this.#random = random;
  }

  get done(): boolean {
    return this.#at >= this.#length;
  }

  begin(): void {
    this.#at = 0;
    this.#length = Math.floor((0.12 + 0.16 * this.#random()) * RATE);
    this.#consonant = this.#random() < 0.6 ? Math.floor((0.02 + 0.05 * this.#random()) * RATE) : 0;
    this.#bend = 0.9 + 0.25 * this.#random();
    const vowel = VOWELS[Math.floor(this.#random() * VOWELS.length)] ?? VOWELS[0];
    for (const [i, resonator] of this.#resonators.entries())
      resonator.tune(vowel[i] ?? 500, BANDWIDTHS[i] ?? 100);
  }

  next(): number {
    const done = this.#at / this.#length;
    this.#phase = (this.#phase + (this.#pitch * this.#bend * (1.06 - 0.12 * done)) / RATE) % 1;
    const breath = this.#random() * 2 - 1;
    const excitation = this.#at < this.#consonant ? 0.4 * breath : 1 - 2 * this.#phase + 0.03 * breath;
    this.#tilt += 0.25 * (excitation - this.#tilt);
    let sample = 0;
    for (const [i, resonator] of this.#resonators.entries())
      sample += resonator.pass(this.#tilt) * (GAINS[i] ?? 0);
    const swell = Math.min(1, this.#at / 720, (this.#length - this.#at) / 1_920);
    this.#at++;
    return 0.13 * swell * sample;
  }
}

/** A two-pole resonator with about unity gain at its frequency. */
class Resonator {
  #gain = 0;
  #first = 0;
  #second = 0;
  #last = 0;
  #before = 0;

  tune(hertz: number, bandwidth: number): void {
    const radius = Math.exp((-Math.PI * bandwidth) / RATE);
    const angle = (2 * Math.PI * hertz) / RATE;
    this.#first = 2 * radius * Math.cos(angle);
    this.#second = -radius * radius;
    this.#gain = (1 - radius) * 2 * Math.sin(angle);
  }

  pass(sample: number): number {
    const out = this.#gain * 8 * sample + this.#first * this.#last + this.#second * this.#before;
    this.#before = this.#last;
    this.#last = out;
    return out;
  }
}

function beepAt(clock: number): number {
  const into = clock % RATE;
  if (into >= BEEP_SAMPLES) return 0;
  const second = Math.floor(clock / RATE);
  const digit = into < BEEP_TONE_SAMPLES ? (second >> 4) & 15 : second & 15;
  const ramp = Math.min(1, (into + 1) / RAMP_SAMPLES, (BEEP_SAMPLES - into) / RAMP_SAMPLES);
  return BEEP_LEVEL * ramp * Math.sin((2 * Math.PI * digitHz(digit) * into) / RATE);
}

/** Returns the voices' gain at `into` samples of a second: 0 around the beep, with soft edges. */
function hushAt(into: number): number {
  const since = into - BEEP_SAMPLES - HUSH_SAMPLES;
  const until = RATE - HUSH_SAMPLES - into;
  return Math.max(0, Math.min(1, since / 480, until / 480));
}

function toInt16(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767)));
}

/** Returns a mulberry32 generator of uniform numbers in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
