import { beforeEach, expect, test, vi } from "vitest";
import { chunk, initSegment } from "../../src/hls/cmaf.ts";
import { layOut } from "../../src/hls/movie.ts";
import { AU_SAMPLES, type Frame, samples } from "../../src/media.ts";
import { Recordings, type Source } from "../../src/origin/recording.ts";
import { isProblem } from "../../src/problem.ts";
import type { Plan, SegmentBlock } from "../../src/recording-api.ts";
import { lastInCall } from "../../src/recording-range.ts";

/**
 * The recording of a long show stays within what Cloudflare Workers allow: subrequests of a call of Origin, and calls of a
 * request at the edge. The fewest bytes a segment can have are those of digital silence.
 */

const UNITS = 90;
const SILENT_UNIT_BYTES = 6;
const SEGMENT_SECONDS = (UNITS * AU_SAMPLES) / 48_000;
const BLOCK_SEGMENTS = 500;
/** The limits of the paid plan: subrequests of one call; calls over service bindings of one request. */
const SUBREQUESTS = 10_000;
const SERVICE_CALLS = 32;
const INIT = initSegment(Uint8Array.from([0x11, 0x90, 0x56, 0xe5, 0x00]), { bitrate: 128_000 });

beforeEach(() => {
  // Stands in for the runtime's FixedLengthStream. The tests count the bytes themselves.
  vi.stubGlobal(
    "FixedLengthStream",
    class extends TransformStream {
      // biome-ignore lint/complexity/noUselessConstructor: the length must not become a transformer
      constructor() {
        super();
      }
    },
  );
});

/** The plan of a show of `segments` segments, whose access units have `unitBytes` bytes. */
function planOf(segments: number, unitBytes: number): Plan {
  const pages: SegmentBlock[] = [];
  for (let msn = 0; msn < segments; msn += BLOCK_SEGMENTS) {
    const own = Math.min(BLOCK_SEGMENTS, segments - msn);
    const units = UNITS * own;
    pages.push({ epoch: "mwq4uj3r", msn, segments: own, units, bytes: unitBytes * units });
  }
  return { kind: "plan", title: "Silence", pages, runs: [{ first: 1, units: UNITS }] };
}

/** A show of digital silence, and how often it was read. */
class SilentShow implements Source {
  reads = 0;
  readonly #plan: Plan;
  readonly #segment: Uint8Array;

  constructor(segments: number) {
    this.#plan = planOf(segments, SILENT_UNIT_BYTES);
    const frames: Frame[] = Array.from({ length: UNITS }, (_, unit) => ({
      at: samples(unit * AU_SAMPLES),
      bytes: new Uint8Array(SILENT_UNIT_BYTES),
    }));
    this.#segment = chunk(0, frames, { segmentStart: true });
  }

  async plan() {
    this.reads++;
    return this.#plan;
  }

  async block({ msn, segments }: SegmentBlock) {
    this.reads++;
    const bytes = SILENT_UNIT_BYTES * UNITS;
    return {
      kind: "page" as const,
      segments: Array.from({ length: segments }, (_, n) => ({ msn: msn + n, bytes })),
      sizes: new Uint8Array(2 * UNITS * segments),
    };
  }

  async segment(_epoch: string, msn: number | null) {
    this.reads++;
    return msn === null ? INIT : this.#segment;
  }
}

test("a recording with eleven hours of digital silence is sent in calls of fewer than 10,000 reads each", async () => {
  const [recordings, show] = [new Recordings(), new SilentShow(20_000)];
  const facts = await recordings.facts("show", show);
  if (isProblem(facts)) throw new Error(facts.code);
  const { etag, length } = facts;
  const reads: number[] = [];
  let at = 0;
  while (at < length) {
    show.reads = 0;
    // Each call may come to an isolate that has yet to read the plan.
    const stretch = await new Recordings().stream(
      { id: "show", etag, first: at, last: length - 1 },
      show,
      () => {},
    );
    if (stretch.kind === "problem") throw new Error(stretch.code);
    const before = at;
    for await (const bytes of stretch.bytes) at += bytes.length;
    expect(at).toBeGreaterThan(before);
    reads.push(show.reads);
  }
  expect(at).toBe(length);
  expect(reads).toHaveLength(3);
  // A sixth of the limit is left for reads that are repeated.
  expect(Math.max(...reads)).toBeLessThan(0.84 * SUBREQUESTS);
});

test.for([
  ["digital silence", SILENT_UNIT_BYTES],
  ["sound at 256 kbit/s", 683],
] as const)(
  "five days of %s take no more calls than a request may make, the one for the facts included",
  ([, unitBytes]) => {
    const segments = Math.ceil((5 * 86_400) / SEGMENT_SECONDS);
    const plan = planOf(segments, unitBytes);
    const units = UNITS * segments;
    const layout = layOut({
      ...{ units, bytes: unitBytes * units, chunks: segments, runs: plan.runs },
      ...{ description: new Uint8Array(100), title: plan.title },
    });
    let calls = 1;
    for (let first = 0; first < layout.length; calls++) first = lastInCall(plan, layout, first) + 1;
    expect(calls).toBeLessThanOrEqual(SERVICE_CALLS);
  },
);
