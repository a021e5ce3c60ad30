import * as HLS from "hls-parser";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Life } from "../../src/broadcast/life.ts";
import { Lifeboat } from "../../src/broadcast/lifeboat.ts";
import { LifeboatLists } from "../../src/broadcast/lifeboat-lists.ts";
import { Outbox } from "../../src/broadcast/outbox.ts";
import { Recording } from "../../src/broadcast/recording.ts";
import { Store } from "../../src/broadcast/store.ts";
import { chunk } from "../../src/hls/cmaf.ts";
import { AU_SAMPLES, PROFILES, samples } from "../../src/media.ts";
import { epochOf } from "../../src/paths.ts";
import { sqlite } from "../kit/sqlite.ts";

/**
 * The playlists of a show's copy: they name only segments that R2 has, they are put at most once a second, and the
 * ended playlist always gets there.
 */

const NOW = Date.UTC(2026, 10, 26, 20);
const UNITS = 90;
const SEGMENT_MS = 1_920;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: NOW });
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
/** The buckets of all rigs of a test. */
const buckets: Bucket[] = [];
afterEach(() => {
  for (const bucket of buckets.splice(0)) expect(bucket.unheld).toEqual([]);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A fake: neither the local R2 nor the real one can be made to refuse a put, or to delay it. */
class Bucket {
  readonly objects = new Map<string, { readonly body: string; readonly cacheControl: string }>();
  /** Every put that was requested, with its time. */
  readonly puts: { readonly key: string; readonly at: number }[] = [];
  /** The fate of a put, by its key. */
  fate: (key: string) => "taken" | "refused" | "kept waiting" = () => "taken";
  /** Completes the puts that are kept waiting, oldest first. */
  readonly waiting: (() => void)[] = [];
  /** Names in playlists that R2 did not have when the playlist was put. */
  readonly unheld: string[] = [];

  put(
    key: string,
    body: string | Uint8Array,
    { httpMetadata }: { httpMetadata: { cacheControl: string } },
  ): Promise<unknown> {
    this.puts.push({ key, at: Date.now() });
    if (typeof body === "string") {
      const named = [...body.matchAll(/^[^#\n].*$|(?<=MAP:URI=")[^"]+/gm)].map(([uri]) =>
        new URL(uri, `http://r2/${key}`).pathname.slice(1),
      );
      this.unheld.push(...named.filter((name) => !this.objects.has(name)));
    }
    const take = () => {
      this.objects.set(key, { body: String(body), cacheControl: httpMetadata.cacheControl });
      return {};
    };
    const fate = this.fate(key);
    if (fate === "refused") return Promise.reject(new Error("10058: please slow down"));
    if (fate === "kept waiting") return new Promise((resolve) => this.waiting.push(() => resolve(take())));
    return Promise.resolve(take());
  }

  /** Returns the keys of all puts, without the show's id. */
  names(): string[] {
    return this.puts.map(({ key }) => key.slice("show/".length));
  }
}

/** A show whose segments are made by hand. */
class Rig {
  readonly store = new Store(sqlite());
  readonly bucket = new Bucket();
  life: Life;
  outbox = new Outbox(this.store);
  recording: Recording;

  constructor() {
    buckets.push(this.bucket);
    this.life = this.#begun(NOW);
    this.recording = this.restart();
  }

  get epoch(): string {
    return this.life.row.timeline?.epoch ?? "";
  }

  get list(): string {
    return `show/${this.epoch}/lifeboat.m3u8`;
  }

  #begun(startedAt: number): Life {
    const timeline = { epoch: epochOf(startedAt), startedAt, profile: PROFILES.low };
    this.store.index.begin(timeline);
    this.outbox.turnTo(timeline.epoch, new Uint8Array(8));
    const row = { id: "show", state: "open", title: "Two hosts", bitrate: 128_000, timeline };
    return { kind: "running", row, timeline: { window: { dateRanges: [] } } } as unknown as Life;
  }

  /** Makes the object anew, from its store. */
  restart(): Recording {
    this.outbox = new Outbox(this.store);
    if (this.epoch !== "") this.outbox.turnTo(this.epoch, new Uint8Array(8));
    const lists = new LifeboatLists(this.store, this.outbox, () => this.life);
    this.recording = new Recording(
      this.bucket as unknown as R2Bucket,
      "show",
      this.outbox,
      new Lifeboat(this.bucket as unknown as R2Bucket, lists),
    );
    return this.recording;
  }

  /** Finishes segments, one each 1.92 s, and puts what R2 is to have. */
  async make(from: number, count: number): Promise<void> {
    for (let msn = from; msn < from + count; msn++) {
      const at = samples(msn * UNITS * AU_SAMPLES);
      const frames = Array.from({ length: UNITS }, (_, n) => ({
        at: samples(at + n * AU_SAMPLES),
        bytes: Uint8Array.of(msn),
      }));
      const bytes = chunk(msn, frames, { segmentStart: true });
      const part = { msn, index: 0, at, duration: samples(UNITS * AU_SAMPLES), bytes };
      this.store.putPart(part, true);
      this.store.index.add(this.epoch, [part]);
      void this.recording.putAll();
      await vi.advanceTimersByTimeAsync(SEGMENT_MS);
    }
  }

  goLive(msn: number): void {
    this.store.index.goLive(this.epoch, msn);
  }

  /** Begins another timeline in place of the present one. */
  async beginAnew(): Promise<void> {
    this.store.setAside(this.epoch);
    this.life = this.#begun(Date.now());
    await this.recording.putAll();
  }

  async end(): Promise<void> {
    this.life = { ...this.life, kind: "ended", published: null } as unknown as Life;
    await this.recording.putAllAndLists();
    await vi.advanceTimersByTimeAsync(5_000);
  }

  read(key = this.list) {
    const { body } = this.bucket.objects.get(key) ?? { body: "" };
    return HLS.parse(body) as HLS.types.MediaPlaylist;
  }

  /** Returns the media sequence numbers of a playlist in R2. */
  numbers(key?: string): number[] {
    return this.read(key).segments.map(({ mediaSequenceNumber }) => mediaSequenceNumber);
  }

  /** Returns the one variant that the show's multivariant playlist names. */
  named(): string | undefined {
    const list = this.read("show/lifeboat.m3u8") as unknown as HLS.types.MasterPlaylist;
    return list.variants[0]?.uri;
  }
}

const upTo = (last: number, length = 15) => Array.from({ length }, (_, n) => last - length + 1 + n);

describe("while a show is on", () => {
  test("each segment is followed by its playlist, from three segments on; the show's playlist is put once", async () => {
    const rig = new Rig();
    await rig.make(0, 4);
    const { epoch } = rig;
    expect(rig.bucket.names()).toEqual([
      `${epoch}/init.mp4`,
      `${epoch}/s0000000000.m4s`,
      `${epoch}/s0000000001.m4s`,
      `${epoch}/s0000000002.m4s`,
      `${epoch}/lifeboat.m3u8`,
      "lifeboat.m3u8",
      `${epoch}/s0000000003.m4s`,
      `${epoch}/lifeboat.m3u8`,
    ]);
    expect(rig.numbers()).toEqual([0, 1, 2, 3]);
    expect(rig.read().segments.map(({ uri }) => uri)).toEqual(
      [0, 1, 2, 3].map((msn) => `s000000000${msn}.m4s`),
    );
    expect(rig.read().endlist).toBe(false);
    expect(rig.named()).toBe(`${epoch}/lifeboat.m3u8`);
    expect(rig.bucket.objects.get("show/lifeboat.m3u8")?.body).toContain('VALUE="Two hosts"');
    for (const key of ["show/lifeboat.m3u8", rig.list])
      expect(rig.bucket.objects.get(key)?.cacheControl).toBe("public, max-age=1, must-revalidate");
    await rig.make(4, 30);
    expect(rig.numbers()).toEqual(upTo(33));
    expect(rig.bucket.names().filter((name) => name === "lifeboat.m3u8")).toHaveLength(1);
  });

  test("an object that is made anew goes on with the playlist, and names it once more", async () => {
    const rig = new Rig();
    await rig.make(0, 4);
    rig.restart();
    await rig.make(4, 1);
    expect(rig.numbers()).toEqual([0, 1, 2, 3, 4]);
    await rig.make(5, 2);
    expect(rig.numbers()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(rig.bucket.names().filter((name) => name === "lifeboat.m3u8")).toHaveLength(2);
  });

  test("no playlist names a segment that R2 lacks, and while catching up it is put at most once a second", async () => {
    const rig = new Rig();
    await rig.make(0, 10);
    rig.bucket.fate = () => "refused";
    await rig.make(10, 31);
    expect(rig.numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    rig.bucket.fate = () => "taken";
    rig.bucket.puts.length = 0;
    await rig.make(41, 3);
    expect(rig.numbers()).toEqual(upTo(43));
    const lists = rig.bucket.puts.filter(({ key }) => key === rig.list).map(({ at }) => at);
    expect(lists.length).toBeLessThanOrEqual(5);
    for (const [n, at] of lists.entries())
      if (n > 0) expect(at - (lists[n - 1] ?? 0)).toBeGreaterThanOrEqual(1_000);
    const media = rig.bucket.names().filter((name) => name.endsWith(".m4s"));
    expect(media).toEqual(upTo(43, 34).map((msn) => `${rig.epoch}/s${String(msn).padStart(10, "0")}.m4s`));
  });

  test("a wall clock that is set back by nine minutes does not delay the playlist", async () => {
    const rig = new Rig();
    await rig.make(0, 4);
    vi.setSystemTime(Date.now() - 540_000);
    await rig.make(4, 3);
    expect(rig.numbers()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("a playlist that R2 refuses delays nothing: the next one replaces it", async () => {
    const rig = new Rig();
    await rig.make(0, 4);
    rig.bucket.fate = (key) => (key.endsWith(".m3u8") ? "refused" : "taken");
    await rig.make(4, 3);
    expect(rig.store.unkept()).toBeNull();
    expect(rig.numbers()).toEqual([0, 1, 2, 3]);
    rig.bucket.fate = () => "taken";
    await rig.make(7, 1);
    expect(rig.numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(rig.recording.failures, "those of segments").toBe(0);
  });

  test("a playlist that R2 delays holds up no segment, has at most one other in flight, and is corrected if it comes late", async () => {
    const rig = new Rig();
    await rig.make(0, 4);
    rig.bucket.fate = (key) => (key.endsWith(".m3u8") ? "kept waiting" : "taken");
    await rig.make(4, 30);
    expect(rig.store.unkept()).toBeNull();
    expect(rig.bucket.waiting).toHaveLength(2);
    rig.bucket.fate = () => "taken";
    rig.bucket.waiting.shift()?.();
    await rig.make(34, 1);
    expect(rig.numbers()).toEqual(upTo(34));
    // The other playlist arrives after that one, and is older.
    rig.bucket.waiting.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(rig.numbers()).not.toEqual(upTo(34));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rig.numbers(), "and nothing new came").toEqual(upTo(34));
  });
});

describe("when a timeline is over", () => {
  test("its playlist ends, then the replay lists the whole show from going live on, and the show's playlist names it", async () => {
    const rig = new Rig();
    await rig.make(0, 3);
    rig.goLive(3);
    await rig.make(3, 37);
    await rig.end();
    expect(rig.read().endlist).toBe(true);
    expect(rig.numbers()).toEqual(upTo(39));
    const replay = rig.read("show/replay/lifeboat.m3u8");
    expect(replay).toMatchObject({ endlist: true, playlistType: "VOD" });
    expect(replay.segments.map(({ uri }) => uri)).toEqual(
      upTo(39, 37).map((msn) => `../${rig.epoch}/s${String(msn).padStart(10, "0")}.m4s`),
    );
    expect(rig.named()).toBe("replay/lifeboat.m3u8");
    expect(rig.recording.owes).toBe(false);
    const { length } = rig.bucket.puts;
    await rig.restart().putAllAndLists();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rig.bucket.names().slice(length), "but the init segment, which a restart puts once more").toEqual([
      `${rig.epoch}/init.mp4`,
    ]);
  });

  test("no playlist ends before R2 has its last segment, and an object that is made anew puts what is owed", async () => {
    const rig = new Rig();
    rig.goLive(0);
    await rig.make(0, 5);
    rig.bucket.fate = (key) => (key.endsWith(".m4s") ? "refused" : "taken");
    await rig.make(5, 2);
    await rig.end();
    expect(rig.bucket.names()).not.toContain("replay/lifeboat.m3u8");
    expect(rig.read().endlist).toBe(false);
    expect(rig.recording.owes).toBe(true);
    rig.bucket.fate = (key) => (key.endsWith(".m3u8") ? "refused" : "taken");
    await rig.restart().putAllAndLists();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rig.store.unkept()).toBeNull();
    expect(rig.recording.owes, "its lists").toBe(true);
    rig.bucket.fate = () => "taken";
    await rig.restart().putAllAndLists();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rig.read().endlist).toBe(true);
    expect(rig.numbers("show/replay/lifeboat.m3u8")).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(rig.named()).toBe("replay/lifeboat.m3u8");
    expect(rig.recording.owes).toBe(false);
  });

  test("the last playlist is not put while the put of an earlier one has no answer", async () => {
    const rig = new Rig();
    rig.goLive(0);
    await rig.make(0, 4);
    rig.bucket.fate = (key) => (key.endsWith(".m3u8") ? "kept waiting" : "taken");
    await rig.make(4, 1);
    rig.bucket.fate = () => "taken";
    await vi.advanceTimersByTimeAsync(10_000);
    await rig.end();
    expect(rig.read().endlist).toBe(false);
    expect(rig.recording.owes).toBe(true);
    rig.bucket.waiting.shift()?.();
    await rig.recording.putAllAndLists();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rig.read().endlist).toBe(true);
    expect(rig.recording.owes).toBe(false);
  });

  test("and another begins in its place, its playlist ends, the show's playlist names the other, and the replay has both", async () => {
    const rig = new Rig();
    rig.goLive(1);
    await rig.make(0, 5);
    const [former, list] = [rig.epoch, rig.list];
    rig.bucket.fate = () => "refused";
    await rig.make(5, 2);
    await rig.beginAnew();
    rig.bucket.fate = () => "taken";
    rig.goLive(9);
    await rig.make(7, 4);
    expect(rig.numbers()).toEqual([7, 8, 9, 10]);
    expect(rig.numbers(list)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(rig.read(list).endlist).toBe(true);
    expect(rig.named()).toBe(`${rig.epoch}/lifeboat.m3u8`);
    await rig.end();
    const { segments } = rig.read("show/replay/lifeboat.m3u8");
    expect(segments.map(({ uri }) => uri)).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((msn) => `../${former}/s000000000${msn}.m4s`),
      ...["09", "10"].map((msn) => `../${rig.epoch}/s00000000${msn}.m4s`),
    ]);
    expect(rig.numbers("show/replay/lifeboat.m3u8"), "as the relay numbers its own").toEqual(upTo(10, 8));
    expect(segments.findIndex(({ discontinuity }) => discontinuity)).toBe(6);
    expect(segments.map(({ map }) => map?.uri.slice(3, 11)).at(-1)).toBe(rig.epoch);
  });

  test("and the put of the show's playlist that names it comes late, the show's playlist is corrected within a second", async () => {
    const rig = new Rig();
    rig.bucket.fate = (key) => (key === "show/lifeboat.m3u8" ? "kept waiting" : "taken");
    await rig.make(0, 4);
    const former = rig.epoch;
    expect(rig.bucket.waiting).toHaveLength(1);
    rig.bucket.fate = () => "taken";
    await rig.beginAnew();
    await rig.make(4, 8);
    expect(rig.named()).toBe(`${rig.epoch}/lifeboat.m3u8`);
    rig.bucket.waiting.shift()?.();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rig.named()).not.toBe(`${former}/lifeboat.m3u8`);
    expect(rig.named()).toBe(`${rig.epoch}/lifeboat.m3u8`);
    const puts = rig.bucket.names().filter((name) => name === "lifeboat.m3u8");
    expect(puts, "the late one, the one that replaced it, and the correction").toHaveLength(3);
  });

  test("and R2 has its last playlist, an object that is made anew does not put that once more", async () => {
    const rig = new Rig();
    for (let n = 0; n < 5; n++) {
      await rig.make(4 * n, 4);
      if (n < 4) await rig.beginAnew();
    }
    await vi.advanceTimersByTimeAsync(5_000);
    const { length } = rig.bucket.puts;
    rig.restart();
    await rig.make(20, 1);
    await vi.advanceTimersByTimeAsync(5_000);
    const { epoch } = rig;
    const put = ["init.mp4", "s0000000020.m4s", "lifeboat.m3u8"].map((name) => `${epoch}/${name}`);
    expect(rig.bucket.names().slice(length)).toEqual([...put, "lifeboat.m3u8"]);
  });

  test("and is not the newest, neither its segments nor its playlist can take the newest one's place", async () => {
    const rig = new Rig();
    rig.bucket.fate = (key) => (key.endsWith(".m3u8") ? "refused" : "taken");
    await rig.make(0, 4);
    rig.bucket.fate = () => "refused";
    await rig.make(4, 2);
    const [former, list] = [rig.epoch, rig.list];
    await rig.beginAnew();
    rig.bucket.fate = (key) => (key === list || key.endsWith("5.m4s") ? "refused" : "taken");
    await rig.make(0, 4);
    expect(rig.numbers(), "R2 refuses the former one's list").toEqual([0, 1, 2, 3]);
    expect(rig.named()).toBe(`${rig.epoch}/lifeboat.m3u8`);
    rig.bucket.puts.length = 0;
    rig.bucket.fate = (key) => (key === `show/${former}/s0000000005.m4s` ? "refused" : "taken");
    await rig.make(4, 2);
    expect(rig.numbers(list)).toEqual([0, 1, 2, 3, 4]);
    expect(rig.bucket.names()).not.toContain("lifeboat.m3u8");
    expect(rig.named()).toBe(`${rig.epoch}/lifeboat.m3u8`);
  });

  test("and no host was ever heard, the show's playlist still names its playlist, which has ended", async () => {
    const rig = new Rig();
    await rig.make(0, 4);
    await rig.end();
    expect(rig.read().endlist).toBe(true);
    expect(rig.bucket.names()).not.toContain("replay/lifeboat.m3u8");
    expect(rig.named()).toBe(`${rig.epoch}/lifeboat.m3u8`);
    expect(rig.recording.owes).toBe(false);
  });

  test("and segments of it were given up, the replay has a gap there", async () => {
    const rig = new Rig();
    rig.goLive(0);
    await rig.make(0, 8);
    rig.store.index.remove(rig.epoch, 3);
    await rig.end();
    const { segments } = rig.read("show/replay/lifeboat.m3u8");
    expect(segments.map(({ uri }) => Number(uri.slice(-5, -4)))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(segments.map(({ gap }) => gap ?? false).indexOf(true)).toBe(3);
    expect(rig.numbers(), "numbers follow each other").toEqual([4, 5, 6, 7]);
  });
});
