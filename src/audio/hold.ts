import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../media.ts";

/** Access units per chord: 5.99 s. */
const CHORD_UNITS = 281;
/** Access units over which a chord fades in, and fades out under the next one: 2.5 s. */
const FADE_UNITS = 117;
/** In this many samples every pitch here has a whole number of periods. So a chord is one short table, read in a circle. */
const PERIOD = 7_848;
/** Frequency of the tonic, a D: 146.8 Hz. */
const TONIC = (24 * SAMPLE_RATE) / PERIOD;

/** A chord repeats every `length` sample frames. Its voices are multiples of the repetition frequency, the lowest first. */
interface Chord {
  readonly length: number;
  readonly voices: readonly number[];
}
/** D A F# C#. */
const D: Chord = { length: PERIOD / 3, voices: [8, 12, 20, 30] };
/** B B F# A. */
const B_MINOR: Chord = { length: PERIOD / 2, voices: [10, 20, 30, 36] };
/** G G F# B. */
const G: Chord = { length: PERIOD / 2, voices: [8, 16, 30, 40] };
/** A A E C#. */
const A: Chord = { length: PERIOD / 18, voices: [1, 2, 3, 5] };
/** F# F# C# A. */
const F_SHARP_MINOR: Chord = { length: PERIOD / 3, voices: [5, 10, 15, 24] };

/** A note of the melody: in which quarter of its chord it begins, and its pitch as a multiple of the tonic's. */
type Note = readonly [quarter: 0 | 1 | 2 | 3, pitch: number];

/** The chords in order, each with the melody over it. */
const SCORE: readonly (readonly [Chord, ...Note[]])[] = [
  [D, [0, 5 / 2], [2, 3]],
  [B_MINOR, [0, 10 / 3], [3, 3]],
  [G, [1, 10 / 3], [2, 4]],
  [A, [0, 15 / 4], [2, 9 / 4]],
  [D, [1, 4], [3, 3]],
  [F_SHARP_MINOR, [0, 15 / 4], [2, 5 / 2]],
  [G, [0, 10 / 3], [1, 4], [3, 5]],
  [A, [1, 9 / 2]],
  [B_MINOR, [0, 5], [2, 4]],
  [F_SHARP_MINOR, [1, 15 / 4], [3, 3]],
  [G, [0, 4], [2, 10 / 3]],
  [D, [1, 3], [3, 5 / 2]],
  [G, [1, 4], [2, 10 / 3]],
  [B_MINOR, [0, 5 / 2], [2, 3]],
  [G, [1, 10 / 3]],
  [A, [0, 9 / 4], [2, 3]],
];

/** Access units after which the hold audio repeats: 4,496, which are 95.9 s. */
export const HOLD_UNITS = CHORD_UNITS * SCORE.length;

/** Scales the sum of all voices and notes to -24 LUFS. */
const LEVEL = 0.0457;
/** Left and right gain of a chord's voices. The channels differ in level alone, so that a mono mix loses nothing. */
const PLACES = [
  [1, 1],
  [1.15, 0.82],
  [0.82, 1.15],
  [1.05, 0.95],
] as const;
/** Gain of each voice of a chord, the lowest first. */
const VOICES = [0.8, 0.75, 0.55, 0.32];
/** Amplitudes of a voice's harmonics: the constant share, and the share that swells and fades with the {@link BREATHS}. */
const DARK = [1, 0.28, 0.1, 0.03];
const BRIGHT = [0, 0.22, 0.16, 0.1, 0.05];
/** How many times per {@link HOLD_UNITS} the chords grow brighter and darker again. */
const BREATHS = 10;
/** Harmonics of a melody note: amplitude, and the time in which it falls to 37 %, s. */
const BELL = [
  [0.3, 1.1],
  [0.07, 0.6],
  [0.03, 0.35],
] as const;
/** Access units after which a note has died away: 4 s. */
const NOTE_UNITS = 188;

/**
 * Returns access unit `n` of the built-in hold audio, interleaved stereo, -24 LUFS: soft chords that fade into each other, with a
 * few bell-like notes over them. `n` is any whole number from 0 on; the sound depends on it alone and repeats after
 * {@link HOLD_UNITS} without a seam. It is computed, not recorded, so nobody has rights in it.
 *
 * All pitches are in just intonation, so that no partials beat against each other. There is nothing above 4 kHz.
 */
export function holdUnit(n: number): Float32Array {
  const at = n % HOLD_UNITS;
  const out = new Float32Array(CHANNELS * AU_SAMPLES);
  const chord = Math.floor(at / CHORD_UNITS);
  for (const back of [0, 1]) {
    const index = (chord - back + SCORE.length) % SCORE.length;
    const age = at - chord * CHORD_UNITS + back * CHORD_UNITS;
    const [sounding, ...notes] = SCORE[index] as (typeof SCORE)[number];
    addChord(out, sounding, age, at);
    for (const [quarter, pitch] of notes) addNote(out, pitch, age - Math.round((quarter * CHORD_UNITS) / 4));
  }
  return out;
}

/** Adds a chord that began `age` units ago. `at` is the unit's place in the piece, which sets the brightness. */
function addChord(out: Float32Array, chord: Chord, age: number, at: number): void {
  const [from, to] = [chordGain(age), chordGain(age + 1)];
  if (from === 0 && to === 0) return;
  const [darkLeft, darkRight, brightLeft, brightRight] = tablesOf(chord);
  const [bright, brightTo] = [brightness(at), brightness(at + 1)];
  const { length } = chord;
  const [gainStep, brightStep] = [(to - from) / AU_SAMPLES, (brightTo - bright) / AU_SAMPLES];
  let [gain, more, place] = [from, bright, (age * AU_SAMPLES) % length];
  for (let i = 0; i < out.length; i += 2) {
    const left = (darkLeft[place] as number) + more * (brightLeft[place] as number);
    const right = (darkRight[place] as number) + more * (brightRight[place] as number);
    out[i] = (out[i] as number) + gain * left;
    out[i + 1] = (out[i + 1] as number) + gain * right;
    gain += gainStep;
    more += brightStep;
    place = place + 1 === length ? 0 : place + 1;
  }
}

/** The gain of a chord `age` units after its beginning: it fades in, stays, and fades out while the next one fades in. */
function chordGain(age: number): number {
  const coming = Math.min(1, age / FADE_UNITS);
  const going = Math.min(1, Math.max(0, (age - CHORD_UNITS) / FADE_UNITS));
  return LEVEL * Math.sin((Math.PI / 2) * coming) * Math.cos((Math.PI / 2) * going);
}

/** How bright the chords are at unit `at`, 0 to 1. */
function brightness(at: number): number {
  return 0.5 - 0.5 * Math.cos((2 * Math.PI * BREATHS * at) / HOLD_UNITS);
}

/** Adds a note that began `age` units ago (below 0: is yet to begin). Recursive oscillators save a sine per sample. */
function addNote(out: Float32Array, pitch: number, age: number): void {
  if (age < 0 || age >= NOTE_UNITS) return;
  for (const [harmonic, [amplitude, decay]] of BELL.entries()) {
    const step = (2 * Math.PI * TONIC * pitch * (harmonic + 1)) / SAMPLE_RATE;
    const gainAt = (age: number) =>
      age === 0 ? 0 : LEVEL * amplitude * fall(age, decay) * (1 - age / NOTE_UNITS);
    const [from, to] = [gainAt(age), gainAt(age + 1)];
    const phase = step * age * AU_SAMPLES;
    const turn = 2 * Math.cos(step);
    const gainStep = (to - from) / AU_SAMPLES;
    let [before, now, gain] = [Math.sin(phase - step), Math.sin(phase), from];
    for (let i = 0; i < out.length; i += 2) {
      const value = gain * now;
      out[i] = (out[i] as number) + value;
      out[i + 1] = (out[i + 1] as number) + value;
      gain += gainStep;
      const next = turn * now - before;
      before = now;
      now = next;
    }
  }
}

/** The share that is left, `age` units after its beginning, of a sound that falls to 37 % in `decay` seconds. */
function fall(age: number, decay: number): number {
  return Math.exp((-age * AU_SAMPLES) / SAMPLE_RATE / decay);
}

/** One repetition of a chord: left dark, right dark, left bright, right bright. Made when first needed. */
type Tables = readonly [Float32Array, Float32Array, Float32Array, Float32Array];
const tables = new Map<Chord, Tables>();

function tablesOf(chord: Chord): Tables {
  let made = tables.get(chord);
  if (made === undefined) {
    const [dark, bright] = [tableOf(chord, DARK), tableOf(chord, BRIGHT)];
    made = [dark[0], dark[1], bright[0], bright[1]];
    tables.set(chord, made);
  }
  return made;
}

/** One repetition of a chord with these harmonics, left and right. The harmonics' phases are spread, which keeps peaks low. */
function tableOf({ length, voices }: Chord, harmonics: readonly number[]): [Float32Array, Float32Array] {
  const [left, right] = [new Float32Array(length), new Float32Array(length)];
  for (const [v, multiple] of voices.entries()) {
    const [toLeft, toRight] = PLACES[v] as (typeof PLACES)[number];
    for (const [h, amplitude] of harmonics.entries()) {
      const step = (2 * Math.PI * multiple * (h + 1)) / length;
      const gain = amplitude * (VOICES[v] as number);
      for (let i = 0; i < length; i++) {
        const value = gain * Math.sin(step * i + v * 1.3 + h * h * 0.7);
        left[i] = (left[i] as number) + toLeft * value;
        right[i] = (right[i] as number) + toRight * value;
      }
    }
  }
  return [left, right];
}
