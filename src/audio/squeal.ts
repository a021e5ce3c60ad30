import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../media.ts";
import { Halver } from "./halver.ts";
import { Peaks } from "./peaks.ts";
import { Tone } from "./tone.ts";

/** Squeals are searched for at a quarter of the sample rate, Hz. */
const RATE = SAMPLE_RATE / 4;
/** Samples per spectrum at that rate: 85 ms, in bins of 11.7 Hz. In that time speech moves on, a loop's tone does not. */
const FRAME = 1_024;
/** Samples from one spectrum to the next: 42.7 ms. */
const HOP = FRAME / 2;
/** Mean power below which a spectrum is skipped: -60 dBFS RMS. */
const QUIET = 1e-6;
/** A tone is followed once it is at least NARROW (PNPR, dB) and at most FAINT below the strongest bin (dB). */
const NARROW = 15;
const FAINT = 30;
/** The notes of a chord are at most this much quieter than its loudest note, dB. */
const CHORD = 25;
/** How many narrow tones are followed at once at most; there are hardly ever more than four. */
const MOST_TONES = 12;
/** A squeal is over after it has been absent for this many spectra: 1 s. */
const OVER = Math.round(RATE / HOP);
/** After this much silence, sample frames, nothing is left of earlier sound: 2 s. */
const FORGOTTEN = 2 * SAMPLE_RATE;
const ZEROS = new Float32Array(CHANNELS * AU_SAMPLES);

/**
 * Detects feedback: a microphone that hears its own sound from a loudspeaker.
 *
 * Feedback is a narrow tone (PNPR) between 0.2 and 5 kHz that has no harmonics and is no harmonic of another note (PHPR), after
 * van Waterschoot and Moonen ("Fifty years of acoustic feedback control", 2011). So is a whistle, or a test tone. But a feedback
 * loop's tone stands still, to a fraction of a bin, whereas a whistle or a voice wavers. And it has grown exponentially, by the
 * same number of decibels in each round, whereas a tone that is switched on is there at once.
 */
export class Squeal {
  // Two steps by two. The first may have a gentle slope: only sound from above 19 kHz aliases to below 5 kHz in it.
  readonly #first = new Halver(3, AU_SAMPLES);
  readonly #second = new Halver(10, AU_SAMPLES / 2);
  readonly #mono = new Float64Array(AU_SAMPLES);
  /** The newest samples at the lower rate, oldest first. */
  readonly #line = new Float32Array(FRAME);
  #filled = 0;
  readonly #peaks = new Peaks(FRAME, RATE);
  #tones: Tone[] = [];
  /** Spectra since a squeal was last seen. */
  #since = Number.POSITIVE_INFINITY;
  /** For how many sample frames the input has been silent. */
  #silent = 0;

  /** Whether there is a squeal, or was one less than {@link OVER} spectra ago. */
  get isThere(): boolean {
    return this.#since < OVER;
  }

  /** Takes interleaved stereo in [-1, 1]: a multiple of four sample frames. */
  push(pcm: Float32Array): void {
    this.#silent = 0;
    this.#take(pcm);
  }

  /** Does the same as a {@link push} of `frames` sample frames of silence, at next to no cost where they are many. */
  pushSilence(frames: number): void {
    for (let left = frames; left > 0 && this.#silent < FORGOTTEN; left -= AU_SAMPLES) {
      const count = Math.min(left, AU_SAMPLES);
      this.#silent += count;
      this.#take(ZEROS.subarray(0, CHANNELS * count));
    }
  }

  #take(pcm: Float32Array): void {
    for (let from = 0; from < pcm.length; from += CHANNELS * AU_SAMPLES) {
      const frames = Math.min(AU_SAMPLES, (pcm.length - from) / CHANNELS);
      for (let n = 0; n < frames; n++) {
        const i = from + CHANNELS * n;
        this.#mono[n] = ((pcm[i] as number) + (pcm[i + 1] as number)) / 2;
      }
      const low = this.#second.push(this.#first.push(this.#mono.subarray(0, frames)));
      for (let n = 0; n < low.length; n++) {
        this.#line[this.#filled++] = low[n] as number;
        if (this.#filled === FRAME) this.#look();
      }
    }
  }

  #look(): void {
    this.#since++;
    let sum = 0;
    for (const value of this.#line) sum += value * value;
    const isQuiet = sum < QUIET * FRAME;
    const peaks = isQuiet ? [] : this.#peaks.find(this.#line);
    this.#line.copyWithin(0, HOP);
    this.#filled = FRAME - HOP;
    for (const tone of this.#tones) {
      const nearest = peaks.findIndex((peak) => tone.isAt(peak.bin));
      tone.push(nearest < 0 ? null : (peaks.splice(nearest, 1)[0] ?? null));
    }
    this.#tones = this.#tones.filter((tone) => !tone.isOver);
    const fresh = peaks.filter(({ narrowness, below }) => narrowness >= NARROW && below <= FAINT);
    for (const peak of fresh.slice(0, MOST_TONES - this.#tones.length)) this.#tones.push(new Tone(peak));
    if (this.#tones.some((tone) => tone.isSqueal || (tone.isDrone && this.#isAlone(tone)))) this.#since = 0;
  }

  /** Whether no other steady tone beside it is nearly as strong, as the notes of a chord are. */
  #isAlone(tone: Tone): boolean {
    const least = (tone.db ?? 0) - CHORD;
    return !this.#tones.some(
      (other) => other !== tone && other.isOld && (other.db ?? least) > least && other.isSteady,
    );
  }
}
