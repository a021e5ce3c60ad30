import { describe, expect, test } from "vitest";
import { Squeal } from "../../src/audio/squeal.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../../src/media.ts";
import {
  addSqueal,
  applause,
  loop,
  music,
  sirens,
  songs,
  speech,
  speechOverMusic,
  testTones,
  whistles,
} from "./squeal-signals.ts";

/** Which squeals the feedback detector finds, and which other sounds it takes for one. The test prints a table of both. */

/** The times at which squeals are found in a mono signal, seconds. */
function found(mono: Float32Array): number[] {
  const squeal = new Squeal();
  const unit = new Float32Array(CHANNELS * AU_SAMPLES);
  const times: number[] = [];
  let was = false;
  for (let at = 0; at + AU_SAMPLES <= mono.length; at += AU_SAMPLES) {
    for (let n = 0; n < AU_SAMPLES; n++) unit[2 * n] = unit[2 * n + 1] = mono[at + n] as number;
    squeal.push(unit);
    if (squeal.isThere && !was) times.push((at + AU_SAMPLES) / SAMPLE_RATE);
    was = squeal.isThere;
  }
  return times;
}

const HERTZ = [223, 354, 507, 811, 1_268, 2_026, 3_190, 4_660];
const RATES = [8, 15, 30, 60];
const LEVELS = [-10, -15, -20, -25, -30];
/** RMS of the speech, dBFS. */
const SPEECH = -20;
/** When a squeal is as loud as its row says, and how long finding it may take from then on, seconds. */
const AT = 5.5;
const WITHIN = 1.5;
/**
 * A level at which a squeal is still far too faint to be found, dB against the speech: what is found earlier is not the squeal.
 */
const FAINT = -55;
const voices = [110, 150, 210].flatMap((pitch) =>
  [1, 2].map((seed) => speech(AT + WITHIN, seed + pitch, pitch)),
);

/**
 * How many squeals that reach `level` at {@link AT} are found in time. Each grows on until it is `most` dB above the speech.
 */
function row(level: number, most: number): { found: number; of: number; words: string } {
  const delays: number[] = [];
  const perRate = RATES.map((rate, r) => {
    const hits = HERTZ.filter((hertz, h) => {
      const pcm = (voices[(r + h) % voices.length] as Float32Array).slice();
      addSqueal(pcm, { hertz, rate, level: SPEECH + most, at: AT + (most - level) / rate });
      const first = found(pcm).find((time) => time > AT + (FAINT - level) / rate);
      if (first === undefined) return false;
      delays.push(first - AT);
      return true;
    }).length;
    return `${hits}/${HERTZ.length}`;
  });
  const of = RATES.length * HERTZ.length;
  const median = delays.sort((a, b) => a - b)[delays.length >> 1]?.toFixed(2) ?? "-";
  const cells = [`${level} dB`, ...perRate, `${delays.length}/${of}`, `${median} s`];
  return { found: delays.length, of, words: cells.map((cell) => cell.padStart(10)).join("") };
}

const head = ["level", ...RATES.map((rate) => `${rate} dB/s`), "found", "median"]
  .map((cell) => cell.padStart(10))
  .join("");

describe("squeals in speech", { timeout: 300_000 }, () => {
  test("that grow until they drown the speech: at least nine of ten are found within 1.5 s of being 20 dB below it", () => {
    const rows = LEVELS.map((level) => row(level, 6));
    console.log(
      [
        "Found within 1.5 s of being as loud as this, against the speech:",
        head,
        ...rows.map(({ words }) => words),
      ].join("\n"),
    );
    for (const { found, of } of rows.slice(0, 3)) expect(found / of).toBeGreaterThanOrEqual(0.9);
    // Of squeals that are only 25 or 30 dB below the speech, three of four are found within 1.5 s.
    for (const { found, of } of rows) expect(found / of).toBeGreaterThanOrEqual(0.75);
  });

  test("that stop growing 10 dB below the speech: at least seven of ten are found", () => {
    const rows = LEVELS.map((level) => row(level, level));
    console.log(
      ["The same, of squeals that grow no further:", head, ...rows.map(({ words }) => words)].join("\n"),
    );
    expect((rows[0]?.found ?? 0) / (rows[0]?.of ?? 1)).toBeGreaterThanOrEqual(0.7);
  });

  test("from a real loop of a delay, a resonance and a loudspeaker that saturates", () => {
    const voice = speech(8, 5, 150);
    const cells = [0.5, 1, 3].flatMap((gain) =>
      [0.008, 0.02].flatMap((delay) =>
        [400, 1_100, 2_600].map((hertz) => {
          const first = found(loop(voice, { hertz, gain, delay, at: 2, most: -12 }))[0];
          return { gain, delay, hertz, first: first === undefined ? null : first - 2 };
        }),
      ),
    );
    const words = cells.map(({ gain, delay, hertz, first }) =>
      [`+${gain} dB`, `${delay * 1000} ms`, `${hertz} Hz`, first === null ? "-" : `${first.toFixed(2)} s`]
        .map((cell) => cell.padStart(10))
        .join(""),
    );
    console.log(["Loops of a gain, found after:", ...words].join("\n"));
    expect(cells.filter(({ first }) => first !== null && first < 6).length).toBeGreaterThanOrEqual(12);
  });
});

const SECONDS = 70;
const NEGATIVES: readonly (readonly [string, (seconds: number) => Float32Array])[] = [
  ["whistles", (seconds) => whistles(seconds, 21)],
  ["sirens", (seconds) => sirens(seconds, 22)],
  ["sung notes", (seconds) => songs(seconds, 23)],
  ["test tones", (seconds) => testTones(seconds, 24)],
  ["music", (seconds) => music(seconds, 25)],
  ["speech over music", (seconds) => speechOverMusic(seconds, 26)],
  ["applause", (seconds) => applause(seconds, 27)],
  ["speech, 100 Hz", (seconds) => speech(seconds, 28, 100)],
  ["speech, 150 Hz", (seconds) => speech(seconds, 29, 150)],
  ["speech, 230 Hz", (seconds) => speech(seconds, 30, 230)],
];

test("more than eleven minutes of other sounds are not taken for squeals", { timeout: 300_000 }, () => {
  const rows = NEGATIVES.map(([name, make]) => ({ name, alarms: found(make(SECONDS)) }));
  console.log(
    [
      `False alarms in ${SECONDS} s each:`,
      ...rows.map(({ name, alarms }) => `${name.padStart(20)}${String(alarms.length).padStart(4)}`),
    ].join("\n"),
  );
  expect(rows.filter(({ alarms }) => alarms.length > 0)).toEqual([]);
});

test("a squeal is over one second after it has gone, and silence ends it too", () => {
  const pcm = speech(8, 3, 150);
  const end = 6 * SAMPLE_RATE;
  const head = pcm.slice(0, end);
  addSqueal(head, { hertz: 1_000, rate: 30, level: -14, at: 4 });
  const squeal = new Squeal();
  const push = (mono: Float32Array) => {
    const unit = new Float32Array(CHANNELS * AU_SAMPLES);
    for (let at = 0; at + AU_SAMPLES <= mono.length; at += AU_SAMPLES) {
      for (let n = 0; n < AU_SAMPLES; n++) unit[2 * n] = unit[2 * n + 1] = mono[at + n] as number;
      squeal.push(unit);
    }
  };
  push(head);
  expect(squeal.isThere).toBe(true);
  push(pcm.subarray(end, end + 0.8 * SAMPLE_RATE));
  expect(squeal.isThere).toBe(true);
  push(pcm.subarray(end + 0.8 * SAMPLE_RATE, end + 1.5 * SAMPLE_RATE));
  expect(squeal.isThere).toBe(false);

  const other = new Squeal();
  const unit = new Float32Array(CHANNELS * AU_SAMPLES);
  for (let at = 0; at + AU_SAMPLES <= head.length; at += AU_SAMPLES) {
    for (let n = 0; n < AU_SAMPLES; n++) unit[2 * n] = unit[2 * n + 1] = head[at + n] as number;
    other.push(unit);
  }
  expect(other.isThere).toBe(true);
  other.pushSilence(3 * SAMPLE_RATE);
  expect(other.isThere).toBe(false);
});

test("silence is not a squeal", () => {
  expect(found(new Float32Array(5 * SAMPLE_RATE))).toEqual([]);
});
