import { SAMPLE_RATE } from "../../src/media.ts";
import { uniforms } from "../kit/random.ts";

/** Signals by formula, mono at 48 kHz, each the same for the same seed: squeals, and sounds that only resemble them. */

type Draw = (from: number, to: number) => number;

/** Uniform draws between two limits. */
function draws(seed: number): Draw {
  const next = uniforms(seed);
  return (from, to) => from + (to - from) * next();
}

const decibels = (db: number) => 10 ** (db / 20);

/** A resonator of two poles. Its peak is at `hertz`, and is about 1 for a band of noise. */
class Resonator {
  #a = 0;
  #b = 0;
  #gain = 0;
  #y1 = 0;
  #y2 = 0;

  tune(hertz: number, width: number): void {
    const r = Math.exp((-Math.PI * width) / SAMPLE_RATE);
    this.#a = 2 * r * Math.cos((2 * Math.PI * hertz) / SAMPLE_RATE);
    this.#b = -r * r;
    this.#gain = 1 - this.#a - this.#b;
  }

  push(x: number): number {
    const y = this.#gain * x + this.#a * this.#y1 + this.#b * this.#y2;
    this.#y2 = this.#y1;
    this.#y1 = y;
    return y;
  }
}

/** The first three formants of some vowels, hertz (Peterson and Barney 1952). */
const VOWELS = [
  [730, 1_090, 2_440],
  [530, 1_840, 2_480],
  [270, 2_290, 3_010],
  [570, 840, 2_410],
  [300, 870, 2_240],
  [660, 1_720, 2_410],
] as const;

/**
 * Speech as far as its levels and spectra go: phrases of voiced syllables with a gliding pitch, formants, fricatives and the
 * closures of stops between them, pauses, and the noise of a room. The RMS of its phrases is about -20 dBFS.
 */
export function speech(seconds: number, seed: number, pitch: number): Float32Array {
  const draw = draws(seed);
  const out = new Float32Array(seconds * SAMPLE_RATE);
  const formants = [new Resonator(), new Resonator(), new Resonator()];
  const hiss = new Resonator();
  hiss.tune(6_000, 2_500);
  let phase = 0;
  let tilt = 0;
  for (let at = 0; at < out.length; ) {
    const syllables = Math.floor(draw(3, 11));
    for (let n = 0; n < syllables && at < out.length; n++) {
      const vowel = VOWELS[Math.floor(draw(0, VOWELS.length))] as (typeof VOWELS)[number];
      for (const [i, formant] of formants.entries())
        formant.tune((vowel[i] as number) * draw(0.95, 1.05), 60 + 30 * i);
      const fricative = draw(0, 1) < 0.4 ? draw(0.05, 0.12) : 0;
      const length = Math.floor(draw(0.11, 0.3) * SAMPLE_RATE);
      const from = pitch * (1.15 - (0.3 * n) / syllables) * draw(0.9, 1.1);
      const to = from * draw(0.8, 1.15);
      const loudness = draw(0.5, 1);
      if (draw(0, 1) < 0.35) at += Math.floor(draw(0.04, 0.09) * SAMPLE_RATE);
      for (let i = 0; i < fricative * SAMPLE_RATE && at < out.length; i++, at++)
        out[at] = 0.25 * loudness * hiss.push(draw(-1, 1));
      for (let i = 0; i < length && at < out.length; i++, at++) {
        const place = i / length;
        phase += (from + (to - from) * place) / SAMPLE_RATE;
        const pulse = phase >= 1 ? 1 : 0;
        phase -= pulse;
        tilt += 0.03 * (60 * pulse - tilt);
        let value = 0;
        for (const [k, formant] of formants.entries()) value += formant.push(tilt) / (1 + 1.5 * k);
        out[at] = loudness * 0.2 * Math.sin(Math.PI * place) * value;
      }
    }
    at += Math.floor(draw(0.15, 0.8) * SAMPLE_RATE);
  }
  for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + draw(-0.002, 0.002);
  return scaled(out, -20);
}

/** Scales the sound to an RMS of `db` dBFS, measured where it is not quiet. */
function scaled(pcm: Float32Array, db: number): Float32Array {
  let sum = 0;
  let count = 1;
  for (const value of pcm) {
    if (Math.abs(value) < 0.01) continue;
    sum += value * value;
    count++;
  }
  const gain = decibels(db) / Math.sqrt(sum / count);
  return pcm.map((value) => value * gain);
}

interface Squeal {
  readonly hertz: number;
  /** How fast the squeal grows, dB a second. */
  readonly rate: number;
  /** The RMS at which it stops growing, dBFS. */
  readonly level: number;
  /** When it reaches that level, seconds. */
  readonly at: number;
}

/** Adds a squeal to `pcm`: it grows exponentially out of nothing and saturates, as in a loop with a gain above 1. */
export function addSqueal(pcm: Float32Array, { hertz, rate, level, at }: Squeal): void {
  for (let i = 0; i < pcm.length; i++) {
    const db = Math.min(0, rate * (i / SAMPLE_RATE - at));
    if (db < -100) continue;
    const value = Math.SQRT2 * decibels(level + db) * Math.sin((2 * Math.PI * hertz * i) / SAMPLE_RATE);
    pcm[i] = (pcm[i] as number) + value;
  }
}

/**
 * A real feedback loop: the loudspeaker's sound comes back to the microphone `delay` seconds later, through a resonance at
 * `hertz`, and the amplifier saturates. `gain` is the gain of one round, dB.
 */
export function loop(
  pcm: Float32Array,
  options: { hertz: number; gain: number; delay: number; at: number; most: number },
): Float32Array {
  const lag = Math.round(options.delay * SAMPLE_RATE);
  const turn = (2 * Math.PI * options.hertz) / SAMPLE_RATE;
  const radius = Math.exp((-Math.PI * 60) / SAMPLE_RATE);
  const gain = decibels(options.gain) * (1 - radius);
  const most = decibels(options.most) * Math.SQRT2;
  const played = new Float32Array(pcm.length);
  const out = new Float32Array(pcm.length);
  let [y1, y2, x2] = [0, 0, 0];
  let x1 = 0;
  for (let i = 0; i < pcm.length; i++) {
    const x = i < options.at * SAMPLE_RATE ? 0 : (out[i - lag] ?? 0);
    const y = gain * (x - x2) + 2 * radius * Math.cos(turn) * y1 - radius * radius * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    played[i] = most * Math.tanh(y / most);
    out[i] = (pcm[i] as number) + (played[i] as number);
  }
  return out;
}

/** An oscillator whose frequency may change at every sample. */
function oscillator(): (hertz: number) => number {
  let phase = 0;
  return (hertz) => {
    phase += hertz / SAMPLE_RATE;
    return 2 * Math.PI * phase;
  };
}

/** An envelope that rises in `attack` seconds and falls in `release` seconds, over `length` seconds. */
function envelope(time: number, length: number, attack: number, release: number): number {
  return Math.max(0, Math.min(1, time / attack, (length - time) / release));
}

/** Notes one after another, with pauses. `voice` makes a note of a given length, which gives its samples. */
function notes(
  seconds: number,
  draw: Draw,
  length: readonly [number, number],
  voice: (length: number) => (time: number) => number,
): Float32Array {
  const out = new Float32Array(seconds * SAMPLE_RATE);
  for (let at = 0; at < out.length; at += Math.floor(draw(0, 0.5) * SAMPLE_RATE)) {
    const lasts = draw(...length);
    const sound = voice(lasts);
    for (let i = 0; i < lasts * SAMPLE_RATE && at < out.length; i++, at++) out[at] = sound(i / SAMPLE_RATE);
  }
  for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + draw(-0.001, 0.001);
  return scaled(out, -20);
}

/** A person's whistles: almost a sine, with vibrato, a pitch that glides and wavers, and breath; some of them swell. */
export function whistles(seconds: number, seed: number): Float32Array {
  const draw = draws(seed);
  return notes(seconds, draw, [0.3, 2.5], (length) => {
    const [turn, shake] = [oscillator(), oscillator()];
    const [from, to] = [draw(700, 3_000), draw(0.85, 1.2)];
    const [depth, rate] = [draw(0.003, 0.02), draw(4, 7)];
    const [attack, breath] = [draw(0.03, 1), draw(0.002, 0.02)];
    let waver = 0;
    return (time) => {
      waver += 0.0005 * (draw(-1, 1) - waver);
      const vibrato = 1 + depth * Math.sin(shake(rate)) + 0.3 * waver;
      const phase = turn(from * (1 + ((to - 1) * time) / length) * vibrato);
      const tone = Math.sin(phase) + 0.02 * Math.sin(2 * phase);
      return envelope(time, length, attack, 0.05) * (tone + breath * draw(-1, 1));
    };
  });
}

/** Sirens that come closer: two alternating tones, wails and yelps, with harmonics. */
export function sirens(seconds: number, seed: number): Float32Array {
  const draw = draws(seed);
  return notes(seconds, draw, [4, 9], (length) => {
    const turn = oscillator();
    const kind = Math.floor(draw(0, 3));
    const [low, high] = [draw(350, 700), draw(1.25, 2.5)];
    const period = kind === 0 ? draw(0.8, 1.3) : kind === 1 ? draw(3, 6) : draw(0.2, 0.4);
    const overtones = draw(0.03, 0.6);
    return (time) => {
      const place = (time / period) % 1;
      const up = kind === 0 ? (place < 0.5 ? 0 : 1) : 0.5 - 0.5 * Math.cos(2 * Math.PI * place);
      const phase = turn(low * (1 + (high - 1) * up));
      const tone = Math.sin(phase) + overtones * (Math.sin(2 * phase) / 2 + Math.sin(3 * phase) / 3);
      return envelope(time, length, 0.05, 0.05) * decibels((12 * time) / length - 12) * tone;
    };
  });
}

/** Sung notes, low and high: harmonics under a vowel's formants, vibrato, and notes that swell. */
export function songs(seconds: number, seed: number): Float32Array {
  const draw = draws(seed);
  return notes(seconds, draw, [0.4, 3], (length) => {
    const [turn, shake] = [oscillator(), oscillator()];
    const hertz = draw(110, 900);
    const vowel = VOWELS[Math.floor(draw(0, VOWELS.length))] as (typeof VOWELS)[number];
    const gains = Array.from({ length: 12 }, (_, n) => {
      const at = hertz * (n + 1);
      return (
        vowel.reduce((sum, f, i) => sum + 1 / (1 + ((at - f) / (90 + 40 * i)) ** 2) / (1 + i), 0.02) / (n + 1)
      );
    });
    const [depth, rate, attack, onset] = [draw(0.003, 0.03), draw(4.5, 6.5), draw(0.05, 1.5), draw(0, 0.7)];
    let waver = 0;
    return (time) => {
      waver += 0.0005 * (draw(-1, 1) - waver);
      const vibrato = 1 + 0.3 * waver + (time < onset ? 0 : depth * Math.sin(shake(rate)));
      const phase = turn(hertz * vibrato);
      let value = 0;
      for (const [n, gain] of gains.entries()) value += gain * Math.sin((n + 1) * phase);
      return envelope(time, length, attack, 0.1) * value;
    };
  });
}

/** Test tones from 0.2 to 5 kHz: constant, switched on within 1 to 50 ms, some with the harmonics of a poor source. */
export function testTones(seconds: number, seed: number): Float32Array {
  const draw = draws(seed);
  return notes(seconds, draw, [1, 8], (length) => {
    const turn = oscillator();
    const [hertz, attack, second, level] = [draw(200, 5_000), draw(0.001, 0.05), draw(0, 0.05), draw(-20, 0)];
    return (time) => {
      const phase = turn(hertz);
      return (
        decibels(level) *
        envelope(time, length, attack, 0.01) *
        (Math.sin(phase) + second * Math.sin(2 * phase))
      );
    };
  });
}

/** Music: chords of three or four notes with harmonics, plucked (they fade) or held (they swell and fade). */
export function music(seconds: number, seed: number): Float32Array {
  const draw = draws(seed);
  return notes(seconds, draw, [0.4, 3], (length) => {
    const root = 110 * 2 ** (Math.floor(draw(0, 25)) / 12);
    const intervals = draw(0, 1) < 0.5 ? [0, 4, 7, 12] : [0, 3, 7];
    const overtones = draw(0.15, 0.7);
    const isPlucked = draw(0, 1) < 0.5;
    const [decay, attack] = [draw(0.3, 1.5), draw(0.02, 1)];
    const voices = intervals.map((step) => ({ turn: oscillator(), hertz: root * 2 ** (step / 12) }));
    return (time) => {
      let value = 0;
      for (const { turn, hertz } of voices) {
        const phase = turn(hertz);
        let gain = 1;
        for (let n = 1; n <= 6; n++, gain *= overtones) value += gain * Math.sin(n * phase);
      }
      const shape = isPlucked ? Math.min(1, time / 0.005) * Math.exp(-time / decay) : 1;
      return shape * envelope(time, length, isPlucked ? 0.005 : attack, 0.05) * value;
    };
  });
}

/** Speech with music under it, neither of them quiet. */
export function speechOverMusic(seconds: number, seed: number): Float32Array {
  const bed = music(seconds, seed);
  return speech(seconds, seed + 1, 140).map((value, i) => value + 0.3 * (bed[i] as number));
}

/** Applause: hundreds of claps, each a short burst of noise, swelling and dying down. */
export function applause(seconds: number, seed: number): Float32Array {
  const draw = draws(seed);
  const out = new Float32Array(seconds * SAMPLE_RATE);
  for (let n = 0; n < seconds * 200; n++) {
    const at = draw(0, out.length);
    const swell = 0.55 - 0.45 * Math.cos((2 * Math.PI * at) / (8 * SAMPLE_RATE));
    const body = new Resonator();
    body.tune(draw(800, 2_500), draw(400, 1_200));
    for (let i = 0; i < 0.02 * SAMPLE_RATE && at + i < out.length; i++) {
      const index = Math.floor(at) + i;
      if (index >= out.length) break;
      out[index] = (out[index] as number) + swell * body.push(Math.exp(-i / 150) * draw(-1, 1));
    }
  }
  return scaled(out, -20);
}
