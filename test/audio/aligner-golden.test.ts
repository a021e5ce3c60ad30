import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Aligner } from "../../src/audio/aligner.ts";
import { AU_SAMPLES, fromMillis, samples } from "../../src/media.ts";
import { uniforms } from "../kit/random.ts";
import { jitter, type Rehearsal, rehearse } from "./host.ts";

/**
 * One host's line on networks with every kind of fault, as a hash for each. The hash covers the played samples, rounded to
 * 2^-20, and after each access unit the counters and what the aligner says of the next one. A change that should leave the
 * arithmetic alone must leave these hashes as they are. A change that should not puts new hashes here, and says why.
 */

/** One period of a voice at 150 Hz. */
const VOICE = Float64Array.from({ length: 320 }, (_, n) => {
  const turn = (2 * Math.PI * n) / 320;
  return 0.6 * Math.sin(turn) + 0.3 * Math.sin(2 * turn + 1) + 0.1 * Math.sin(5 * turn + 2);
});

/** Speech, as far as it matters here: a voice with pauses in which it is quiet or digital silence. */
function speech(sample: number): number {
  const second = (sample / 48_000) % 7;
  const loudness = second > 5.6 ? 0 : second > 4.8 ? 0.0008 : 0.5;
  return loudness * (VOICE[sample % VOICE.length] as number);
}

/** A network that loses, doubles and delays packets at random, on top of its jitter. */
function rough(seed: number, { lost = 0, doubled = 0, reordered = 0, mean = 3, cap = 20 }) {
  const uniform = uniforms(seed);
  const base = jitter(seed + 1, mean, cap);
  return (packet: number): readonly number[] => {
    const [delay = 0] = base(packet);
    const [fate, size] = [uniform(), uniform()];
    if (fate < lost) return [];
    if (fate < lost + doubled) return [delay, delay + fromMillis(500 * size)];
    if (fate < lost + doubled + reordered) return [delay + fromMillis(25 + 120 * size)];
    return [delay];
  };
}

const held = (from: number, until: number) => (packet: number) => [
  packet % 1_000 >= from && packet % 1_000 < until ? (until - (packet % 1_000)) * 960 : 0,
];

const NETWORKS: Readonly<Record<string, Omit<Rehearsal, "signal" | "seconds">>> = {
  "none, and a clock that is right": {},
  "jitter, and a clock that is 180 ppm fast": { ppm: 180, network: jitter(11, 6, 40) },
  "loss and duplicates, and a clock that is 150 ppm slow": {
    ppm: -150,
    network: rough(21, { lost: 0.04, doubled: 0.03 }),
  },
  "more jitter than is waited for": { network: rough(31, { mean: 30, cap: 220, lost: 0.01 }) },
  "packets that overtake each other": { ppm: 40, network: rough(41, { reordered: 0.08 }) },
  "pauses of half a second, and then all at once": { network: held(300, 325) },
  "a stall of four seconds": { network: held(200, 400) },
  "a way that gets shorter by 250 ms": {
    network: (packet) => [fromMillis(Math.min(250, Math.max(0, 250 - (packet - 100) * 20)))],
  },
  "packets of 2.5 ms": { frames: 120, ppm: 90, network: jitter(51, 2, 15, 120) },
  "packets of 120 ms": { frames: 5_760, ppm: -90, network: jitter(61, 5, 60, 5_760) },
  "drift alone, where silence is not used": { ppm: 200, aligner: new Aligner({ fasterWhenQuiet: false }) },
  "none, and a sender that begins again every six seconds": {
    marks: (n) => ({
      sequenceNumber: (n % 300) + 7e8 * (Math.floor(n / 300) % 3),
      timestamp: ((n % 300) * 960 + 3e9) >>> 0,
    }),
    network: rough(71, { lost: 0.02, reordered: 0.02 }),
  },
  "none, and timestamps that jump, wrap and pause": {
    marks: (n) => ({
      sequenceNumber: (4_294_966_000 + n) >>> 0,
      timestamp: (4_294_000_000 + n * 960 + 48_000 * 60 * Math.floor(n / 700)) >>> 0,
    }),
    network: (n) => (n % 300 > 280 ? [] : [0]),
  },
  "jitter, and a show that stands still at times": {
    network: jitter(81, 5, 30),
    halts: [80, 150, 800, 3_000].map((millis, n) => ({
      from: fromMillis(5_000 + 4_000 * n),
      until: fromMillis(5_000 + 4_000 * n + millis),
    })),
  },
};

/** The aligners' counters, summed over all networks. */
const counted: Record<string, number> = {};

function hashOf(rehearsal: Omit<Rehearsal, "signal" | "seconds">): string {
  const hash = createHash("sha256");
  const rounded = new Int32Array(2 * AU_SAMPLES);
  const { aligner } = rehearse({
    ...rehearsal,
    seconds: 24,
    signal: speech,
    hear({ at, pcm, aligner, late }) {
      for (let i = 0; i < rounded.length; i++) rounded[i] = Math.round((pcm[i] as number) * 2 ** 20);
      hash.update(rounded);
      const next = samples(at + AU_SAMPLES);
      const { ppm, depth, jitter: _, receivedSamples: __, ...counts } = aligner.stats;
      const told = [aligner.has(next, AU_SAMPLES), aligner.active(next), aligner.silentFor(next)];
      const times = [late, aligner.deadline(next), Math.round(1e3 * ppm), Math.round(1e3 * depth)];
      hash.update(JSON.stringify([counts, told, times]));
    },
  });
  for (const [name, count] of Object.entries(aligner.stats)) counted[name] = (counted[name] ?? 0) + count;
  return hash.digest("base64url").slice(0, 16);
}

test("the line is the same as before, bit for bit", () => {
  const hashes = Object.fromEntries(Object.entries(NETWORKS).map(([name, one]) => [name, hashOf(one)]));
  expect(hashes).toMatchInlineSnapshot(`
    {
      "a stall of four seconds": "qnhWr_1KVgLH8nsI",
      "a way that gets shorter by 250 ms": "8yF_Ck0OCZRSwDVu",
      "drift alone, where silence is not used": "U33n6ndet64yYN9P",
      "jitter, and a clock that is 180 ppm fast": "TW3f74eglgflSsu5",
      "jitter, and a show that stands still at times": "Vn6VOmQmyDHDpgzS",
      "loss and duplicates, and a clock that is 150 ppm slow": "0RJIqfnuKWjgoccm",
      "more jitter than is waited for": "O8716ys6SSmc2fue",
      "none, and a clock that is right": "vwL6SCMxmWMoyS8V",
      "none, and a sender that begins again every six seconds": "9xss7gnGV-lZIN0c",
      "none, and timestamps that jump, wrap and pause": "i21MOYKNyUme60LU",
      "packets of 120 ms": "jZ8G40apsaujz0eb",
      "packets of 2.5 ms": "XjkPeQVmjbFZQo_V",
      "packets that overtake each other": "ssFAI6kZZ3-MgHV5",
      "pauses of half a second, and then all at once": "sI-4b9sYQdqd6Jvd",
    }
  `);
  // Everything that can happen to a packet of a permitted length has happened to some packet.
  const { malformed, ...all } = counted;
  for (const [name, count] of Object.entries(all)) expect(Math.abs(count), name).toBeGreaterThan(0);
  expect(malformed).toBe(0);
});
