import { describe, expect, test } from "vitest";
import { Conditions } from "../../src/audio/conditions.ts";
import { measuresOf, silence } from "../../src/audio/sound-measures.ts";
import { SILENCE, SOUND_HYSTERESIS, type SoundFault, SoundWatch } from "../../src/audio/sound-watch.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../../src/media.ts";
import { uniforms } from "../kit/random.ts";

/** Faults in a line of sound, found by its levels: when they are raised and cleared, at their thresholds and beside them. */

const amplitude = (rmsDb: number) => Math.SQRT2 * 10 ** (rmsDb / 20);

interface Piece {
  readonly seconds: number;
  /** RMS of a 440 Hz sine, dBFS. */
  readonly left: number;
  readonly right?: number;
  readonly shortTerm?: number;
  /** The samples to use instead of the sine. */
  readonly sample?: (n: number) => number;
}

/** When the fault is raised (+) and cleared (-), in seconds, to a tenth. */
function course(of: SoundFault, pieces: readonly Piece[]): string[] {
  const watch = new SoundWatch();
  const conditions = new Conditions({ ...SOUND_HYSTERESIS, silent: { raise: 8 * SAMPLE_RATE, ...SILENCE } });
  const changes: string[] = [];
  let at = 0;
  for (const { seconds, left, right = left, shortTerm = -23, sample } of pieces) {
    for (const end = at + seconds * SAMPLE_RATE; at < end; at += AU_SAMPLES) {
      const pcm = new Float32Array(CHANNELS * AU_SAMPLES);
      for (let n = 0; n < AU_SAMPLES; n++) {
        const sine = sample?.(at + n) ?? Math.sin((2 * Math.PI * 440 * (at + n)) / SAMPLE_RATE);
        pcm[2 * n] = sine * (sample === undefined ? amplitude(left) : 1);
        pcm[2 * n + 1] = sine * (sample === undefined ? amplitude(right) : 1);
      }
      for (const { kind, raised } of conditions.push(watch.push(measuresOf(pcm), shortTerm), AU_SAMPLES))
        if (kind === of) changes.push(`${raised ? "+" : "-"}${((at + AU_SAMPLES) / SAMPLE_RATE).toFixed(1)}`);
    }
  }
  return changes;
}

const SPEECH = { seconds: 2, left: -20 };

describe("silence", () => {
  test("is raised after 8 s below -50 dBFS over 400 ms, and cleared after 1 s above -44", () => {
    expect(course("silent", [SPEECH, { seconds: 10, left: -51 }, { seconds: 3, left: -43 }])).toEqual([
      "+10.4",
      "-13.3",
    ]);
  });

  test("is not raised a little above -50, and not cleared a little below -44", () => {
    expect(course("silent", [SPEECH, { seconds: 20, left: -49.5 }])).toEqual([]);
    expect(course("silent", [SPEECH, { seconds: 10, left: -60 }, { seconds: 20, left: -44.5 }])).toEqual([
      "+10.4",
    ]);
  });

  test("does not flap where the level is at the threshold", () => {
    const next = uniforms(5);
    const pieces = Array.from({ length: 300 }, () => ({ seconds: 0.5, left: -50 + 3 * (next() - 0.5) }));
    expect(course("silent", [SPEECH, ...pieces])).toHaveLength(1);
  });

  test("is not interrupted by a click, but is by a word", () => {
    const click = { seconds: AU_SAMPLES / SAMPLE_RATE, left: -10 };
    const quiet = { seconds: 6, left: -70 };
    expect(course("silent", [SPEECH, quiet, click, quiet])).toEqual(["+10.8"]);
    expect(course("silent", [SPEECH, quiet, { seconds: 0.4, left: -20 }, quiet])).toEqual([]);
  });

  test("of a long stretch counts as a whole, and the first sound after it counts at once", () => {
    const watch = new SoundWatch();
    expect(watch.push(silence(600 * AU_SAMPLES), -70).silent).toBe("bad");
    const pcm = new Float32Array(CHANNELS * AU_SAMPLES).fill(0.1);
    expect(watch.push(measuresOf(pcm), -20).silent).toBe("good");
  });
});

describe("a dead channel", () => {
  test("is raised after 5 s below -60 and 30 dB below the other, and cleared when it is back for 1 s", () => {
    expect(
      course("channel-dead", [
        SPEECH,
        { seconds: 7, left: -20, right: -70 },
        { seconds: 3, left: -20, right: -25 },
      ]),
    ).toEqual(["+7.4", "-10.0"]);
    expect(course("channel-dead", [SPEECH, { seconds: 7, left: -64, right: -30 }])).toEqual(["+7.4"]);
  });

  test("is not found where the other channel is quiet too, where it is only quieter, or where both are silent", () => {
    expect(course("channel-dead", [{ seconds: 20, left: -45, right: -70 }])).toEqual([]);
    expect(course("channel-dead", [{ seconds: 20, left: -20, right: -59 }])).toEqual([]);
    expect(course("channel-dead", [{ seconds: 20, left: -100 }])).toEqual([]);
  });

  test("is not cleared while both are silent, and goes on counting after a pause", () => {
    const dead = { seconds: 3, left: -20, right: -80 };
    const pause = { seconds: 4, left: -75 };
    expect(course("channel-dead", [SPEECH, dead, pause, dead, pause, pause])).toEqual(["+11.0"]);
  });
});

describe("too quiet", () => {
  test("is raised after 30 s below -35 LUFS, cleared after 3 s above -33, and does not count silence", () => {
    const quiet = { seconds: 20, left: -40, shortTerm: -36 };
    expect(course("too-quiet", [quiet, { seconds: 60, left: -60, shortTerm: -60 }, quiet])).toEqual([
      "+89.7",
    ]);
    expect(
      course("too-quiet", [
        quiet,
        quiet,
        { seconds: 20, left: -36, shortTerm: -34 },
        { seconds: 5, left: -30 },
      ]),
    ).toEqual(["+30.0", "-63.0"]);
    expect(course("too-quiet", [{ seconds: 60, left: -36, shortTerm: -34.5 }])).toEqual([]);
  });
});

describe("clipping", () => {
  /** A sine that is clipped at full scale. */
  const cut = (gain: number) => (n: number) =>
    Math.max(-1, Math.min(1, gain * Math.sin((2 * Math.PI * 200 * n) / SAMPLE_RATE)));

  test("is raised at once where sound is clipped again and again, and cleared after 10 s without", () => {
    expect(
      course("clipping", [SPEECH, { seconds: 3, left: 0, sample: cut(1.5) }, { seconds: 12, left: -20 }]),
    ).toEqual(["+2.0", "-15.0"]);
  });

  test("is not found where sound is loud, or touches full scale now and then", () => {
    expect(course("clipping", [{ seconds: 10, left: 0, sample: cut(0.98) }])).toEqual([]);
    const bump = (n: number) => (n % SAMPLE_RATE < 8 ? 1 : cut(0.5)(n));
    expect(course("clipping", [{ seconds: 10, left: 0, sample: bump }])).toEqual([]);
  });
});
