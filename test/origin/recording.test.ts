import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Archive } from "../../src/broadcast/archive.ts";
import { announce, end } from "../../src/broadcast/lifecycle.ts";
import type { ShowRow } from "../../src/broadcast/show-row.ts";
import { Store } from "../../src/broadcast/store.ts";
import { chunk, initSegment } from "../../src/hls/cmaf.ts";
import { AU_SAMPLES, type Frame, type Part, PROFILES, samples } from "../../src/media.ts";
import { Recordings, type Source } from "../../src/origin/recording.ts";
import { isProblem, PROBLEMS } from "../../src/problem.ts";
import type { RecordingAsk, RecordingFacts, SegmentBlock } from "../../src/recording-api.ts";
import { MOST_DOWNLOADS } from "../../src/recording-range.ts";
import { DETAILS } from "../kit/details.ts";
import { random } from "../kit/random.ts";
import { sqlite } from "../kit/sqlite.ts";
import { at, readBoxes } from "../validator/boxes.ts";

/**
 * A recording's bytes, made from an index in a real SQLite and from real segments. Any stretch has the bytes that the whole has
 * there.
 */

const UNITS = 4;
const INIT = initSegment(Uint8Array.from([0x11, 0x90, 0x56, 0xe5, 0x00]), { bitrate: 128_000 });

beforeEach(() => {
  // Stands in for the runtime's FixedLengthStream. The tests count the bytes themselves.
  const Stream = class extends TransformStream {
    // biome-ignore lint/complexity/noUselessConstructor: the length must not become a transformer
    constructor() {
      super();
    }
  };
  vi.stubGlobal("FixedLengthStream", Stream);
});

/** The source of a show whose replay has three timelines, one of them on both sides of a page's border. */
class World implements Source {
  readonly store = new Store(sqlite());
  readonly segments = new Map<string, Uint8Array>();
  /** All access units of the replay, one after another. */
  readonly media: number[] = [];
  /** The pages and segments that were read, in order. */
  readonly asked: string[] = [];
  title = "A show";
  readonly #archive = new Archive(this.store);
  readonly #random = random(7);

  constructor() {
    this.#timeline("mwq4uj3r", 490, 12, 497);
    this.#segment("mwq4uj3r", 502, 3, 497);
    this.#timeline("mwq4uj3s", 0, 3, null);
    this.#timeline("mwq4uj3t", 499, 37, 499);
    this.#timeline("mwq4uj3u", 0, 2, 0);
    this.#segment("mwq4uj3u", 2, 3, 0);
  }

  #timeline(epoch: string, from: number, count: number, liveFrom: number | null): void {
    const timeline = { epoch, startedAt: 0, profile: PROFILES.low };
    this.store.index.begin(timeline);
    if (liveFrom !== null) this.store.index.goLive(epoch, liveFrom);
    for (let msn = from; msn < from + count; msn++) this.#segment(epoch, msn, UNITS, liveFrom);
  }

  #segment(epoch: string, msn: number, units: number, liveFrom: number | null): void {
    const frames: Frame[] = Array.from({ length: units }, (_, unit) => ({
      at: samples((msn * UNITS + unit) * AU_SAMPLES),
      bytes: Uint8Array.from({ length: 1 + (this.#random() % 300) }, () => this.#random() % 256),
    }));
    const parts: Part[] = [frames.slice(0, 2), frames.slice(2)].map((half, index) => ({
      msn,
      index,
      at: half[0]?.at ?? samples(0),
      duration: samples(half.length * AU_SAMPLES),
      bytes: chunk(msn, half, { segmentStart: index === 0 }),
    }));
    this.store.index.add(epoch, parts);
    this.segments.set(`${epoch} ${msn}`, Buffer.concat(parts.map(({ bytes }) => bytes)));
    if (liveFrom !== null && msn >= liveFrom) this.media.push(...frames.flatMap(({ bytes }) => [...bytes]));
  }

  get row(): ShowRow {
    const announced = announce(
      { ...DETAILS, title: this.title, id: "show", latency: "low", bitrate: 128_000 },
      0,
    );
    return end(announced, 1);
  }

  async plan() {
    return this.#ask({ kind: "plan" }, "plan");
  }

  async block(block: SegmentBlock) {
    this.asked.push(`page ${block.epoch} ${block.msn}`);
    return this.#ask({ kind: "page", page: block }, "page");
  }

  async segment(epoch: string, msn: number | null) {
    if (msn === null) return INIT;
    this.asked.push(`${epoch} ${msn}`);
    const bytes = this.segments.get(`${epoch} ${msn}`);
    if (bytes === undefined) throw new Error(`there is no ${epoch} ${msn}`);
    return bytes;
  }

  // biome-ignore lint/suspicious/noExplicitAny: what is answered is known by what was asked
  #ask(asked: RecordingAsk, kind: string): any {
    const answer = this.#archive.handle(this.row, asked);
    if (answer.kind !== kind) throw new Error(answer.kind);
    return answer;
  }
}

async function factsOf(recordings: Recordings, world: World): Promise<RecordingFacts> {
  const facts = await recordings.facts("show", world);
  if (isProblem(facts)) throw new Error(facts.code);
  return facts;
}

async function take(recordings: Recordings, world: World, first: number, last: number): Promise<Uint8Array> {
  const { etag } = await factsOf(recordings, world);
  const stretch = await recordings.stream({ id: "show", etag, first, last }, world, () => {});
  if (stretch.kind === "problem") throw new Error(stretch.code);
  return new Uint8Array(await new Response(stretch.bytes).arrayBuffer());
}

describe("a recording", () => {
  test("has the access units of the replay in order, and the length that was announced", async () => {
    const [recordings, world] = [new Recordings(), new World()];
    const { length } = await factsOf(recordings, world);
    const bytes = await take(recordings, world, 0, length - 1);
    expect(bytes.length).toBe(length);
    const boxes = readBoxes(bytes);
    const { body } = at(boxes, "mdat");
    const media = [...new Uint8Array(body.buffer, body.byteOffset, body.byteLength)];
    expect(media).toEqual(world.media);
    const table = at(boxes, "moov", "trak", "mdia", "minf", "stbl", "stsz").body;
    expect(table.getUint32(8)).toBe((table.byteLength - 12) / 4);
    const sizes = Array.from({ length: table.getUint32(8) }, (_, n) => table.getUint32(12 + 4 * n));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(media.length);
    // Each chunk's offset is where its segment's media begins.
    const offsets = at(boxes, "moov", "trak", "mdia", "minf", "stbl", "stco").body;
    const runs = at(boxes, "moov", "trak", "mdia", "minf", "stbl", "stsc").body;
    const entries = Array.from({ length: runs.getUint32(4) }, (_, n) => [
      runs.getUint32(8 + 12 * n),
      runs.getUint32(12 + 12 * n),
    ]);
    // Segments 497 to 501 and a last one of three units; 499 to 535; 0 and 1 and a last one of three units.
    expect(entries).toEqual([
      [1, 4],
      [6, 3],
      [7, 4],
      [46, 3],
    ]);
    let unit = 0;
    let offset = at(boxes, "mdat").offset + 8;
    for (let n = 0; n < offsets.getUint32(4); n++) {
      expect(offsets.getUint32(8 + 4 * n), `chunk ${n + 1}`).toBe(offset);
      const count = entries.findLast(([first = 0]) => first <= n + 1)?.[1] ?? 0;
      for (const size of sizes.slice(unit, unit + count)) offset += size;
      unit += count;
    }
    expect(offset).toBe(length);
  });

  test("gives any stretch as it is in the whole, and reads no segment outside it", async () => {
    const [recordings, world] = [new Recordings(), new World()];
    const { length } = await factsOf(recordings, world);
    const whole = await take(recordings, world, 0, length - 1);
    const next = random(11);
    for (let n = 0; n < 300; n++) {
      const first = next() % length;
      const last = first + (next() % Math.min(length - first, n % 2 === 0 ? 40 : length));
      const bytes = await take(recordings, world, first, last);
      expect(Buffer.compare(bytes, whole.subarray(first, last + 1)), `${first} to ${last}`).toBe(0);
    }
    world.asked.length = 0;
    await take(recordings, world, length - 3, length - 1);
    expect(world.asked).toEqual(["page mwq4uj3u 0", "mwq4uj3u 2"]);
    world.asked.length = 0;
    await take(recordings, world, length - world.media.length, length - world.media.length + 1);
    expect(world.asked).toEqual(["page mwq4uj3r 497", "mwq4uj3r 497"]);
    world.asked.length = 0;
    await take(recordings, world, 0, 20);
    expect(world.asked).toEqual([]);
  });

  test("has another ETag when its title or its content changes", async () => {
    const [recordings, world] = [new Recordings(), new World()];
    const before = await factsOf(recordings, world);
    expect((await factsOf(new Recordings(), new World())).etag).toBe(before.etag);
    world.title = "Another show";
    const after = await factsOf(recordings, world);
    expect(after.etag).not.toBe(before.etag);
    expect(after.length).toBe(before.length + "Another".length - "A".length);
    world.title = "Another shew";
    expect((await factsOf(recordings, world)).etag, "of the same length").not.toBe(after.etag);
    world.title = "Another show";
    const stretch = { id: "show", first: 0, last: 9 };
    expect(await recordings.stream({ ...stretch, etag: "0".repeat(32) }, world, () => {})).toBe(
      PROBLEMS.otherRecording,
    );
    expect(
      await recordings.stream({ ...stretch, etag: after.etag, last: after.length }, world, () => {}),
    ).toBe(PROBLEMS.otherRecording);
  });

  test("breaks off where a segment is missing or differs from the index, and never goes on with other bytes", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    for (const [damage, why] of [
      ["missing", "there is no mwq4uj3t 501"],
      ["other", /^segment 501 has \d+ bytes, not \d+$/],
    ] as const) {
      const [recordings, world] = [new Recordings(), new World()];
      const { length } = await factsOf(recordings, world);
      if (damage === "missing") world.segments.delete("mwq4uj3t 501");
      else world.segments.set("mwq4uj3t 501", world.segments.get("mwq4uj3t 502") ?? new Uint8Array(0));
      await expect(take(recordings, world, 0, length - 1), damage).rejects.toThrow(why);
    }
    vi.restoreAllMocks();
  });

  test("is sent to 64 at a time: more are refused until one of them leaves", async () => {
    const [recordings, world] = [new Recordings(), new World()];
    const { etag, length } = await factsOf(recordings, world);
    const begin = () =>
      recordings.stream({ id: "show", etag, first: 0, last: length - 1 }, world, (pumped) =>
        pumped.catch(() => {}),
      );
    const begun = [];
    for (let n = 0; n < MOST_DOWNLOADS; n++) begun.push(await begin());
    expect(begun.filter(isProblem)).toEqual([]);
    expect(await begin()).toBe(PROBLEMS.tooManyDownloads);
    const [first] = begun;
    if (first?.kind === "stretch") await first.bytes.cancel();
    await sleep(0);
    expect((await begin()).kind).toBe("stretch");
    expect(await begin()).toBe(PROBLEMS.tooManyDownloads);
  });

  test("reads no more than four segments ahead of what its stream takes, and stops when its reader cancels", async () => {
    const [recordings, world] = [new Recordings(), new World()];
    const { etag, length } = await factsOf(recordings, world);
    const work: Promise<void>[] = [];
    const [, block] = world.store.index.blocks("mwq4uj3t", 499);
    const [after] = world.store.index.blocks("mwq4uj3u", 0);
    const first = length - (block?.bytes ?? 0) - (after?.bytes ?? 0);
    const stretch = { id: "show", etag, first, last: length - 1 };
    const sent = await recordings.stream(stretch, world, (pumped) => work.push(pumped));
    if (sent.kind === "problem") throw new Error(sent.code);
    const reader = sent.bytes.getReader();
    await reader.read();
    await sleep(20);
    const fetched = world.asked.filter((what) => !what.startsWith("page")).length;
    expect(fetched).toBeLessThanOrEqual(8);
    await reader.cancel();
    await Promise.all(work);
    expect(world.asked.filter((what) => !what.startsWith("page")).length).toBeLessThanOrEqual(fetched + 1);
  });
});
