import * as HLS from "hls-parser";
import { expect, test } from "vitest";
import { Rewinds } from "../../src/broadcast/rewinds.ts";
import { Store } from "../../src/broadcast/store.ts";
import { chunk } from "../../src/hls/cmaf.ts";
import { addCut, emptyWindow, endWindow, type Window } from "../../src/hls/window.ts";
import { AU_SAMPLES, type Part, PROFILES, samples } from "../../src/media.ts";
import type { ReplayFrom } from "../../src/paths.ts";
import { sqlite } from "../kit/sqlite.ts";

/** Rewind lists by a real segment index: which segments they have, under which numbers, and what making them reads. */

const PROFILE = PROFILES.economy;
const NOW = 1_800_000_000_000;
const SEGMENT = PROFILE.segmentUnits * AU_SAMPLES;

/** A show whose timelines have run one after the other. */
class Show {
  readonly store = new Store(sqlite());
  rewinds = new Rewinds(this.store.index);
  window = emptyWindow(PROFILE, { epoch: "", startedAt: 0, msn: 0, at: samples(0) });

  begin(epoch: string): void {
    const startedAt = NOW + 1e7 * (this.store.index.timelines().length + 1);
    const msn = this.store.index.nextMsn();
    this.store.index.begin({ epoch, startedAt, profile: PROFILE });
    this.window = emptyWindow(PROFILE, { epoch, startedAt, msn, at: samples(0) });
  }

  /** Makes so many segments of one part each, and adds them to the index. */
  run(segments: number): void {
    for (let n = 0; n < segments; n++) {
      const { msn, at } = this.window.open as NonNullable<Window["open"]>;
      const frames = Array.from({ length: PROFILE.segmentUnits }, (_, unit) => {
        return { at: samples(at + unit * AU_SAMPLES), bytes: new Uint8Array(2) };
      });
      const bytes = chunk(msn, frames, { segmentStart: true });
      const part: Part = { msn, index: 0, at, duration: samples(SEGMENT), bytes };
      this.window = addCut(this.window, { part, closes: true });
      this.store.index.add(this.window.epoch, [part]);
    }
  }

  goLive(): void {
    this.store.index.goLive(this.window.epoch, this.window.open?.msn ?? 0);
  }

  end(): void {
    this.window = endWindow(this.window);
  }

  list(from: ReplayFrom): string | null {
    const past = this.rewinds.past(this.window, from, NOW);
    return past === null ? null : this.rewinds.render(this.window, from, false);
  }

  /** Returns the media sequence numbers and names of a list's segments. */
  listed(from: ReplayFrom): string[] {
    const list = HLS.parse(this.list(from) ?? "") as HLS.types.MediaPlaylist;
    const base = list.mediaSequenceBase ?? 0;
    return list.segments.map(({ uri, gap }, n) => `${base + n} ${uri}${gap ? " gap" : ""}`);
  }
}

const own = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => `${from + n} s${from + n}.m4s`);

test("a list has all segments from the first host or the doors' opening on, under their timeline's numbers", () => {
  const show = new Show();
  show.begin("mwq4aaaa");
  expect([show.list("live"), show.list("open")]).toEqual([null, null]);
  show.run(4);
  expect([show.list("live"), show.listed("open")]).toEqual([null, own(0, 3)]);
  show.goLive();
  show.run(2);
  expect(show.rewinds.isReady(show.window, "live", NOW)).toBe(false);
  show.run(1);
  expect(show.rewinds.isReady(show.window, "live", NOW)).toBe(true);
  expect(show.listed("live")).toEqual(own(4, 6));
  // The window holds ten segments.
  show.run(33);
  expect([show.listed("live"), show.listed("open")]).toEqual([own(4, 39), own(0, 39)]);
  show.end();
  expect(show.listed("live")).toEqual(own(4, 39));
  expect(show.list("live")).toContain("#EXT-X-ENDLIST");
});

test("a list that is made anew, as after a restart, is the same byte for byte", () => {
  const show = new Show();
  show.begin("mwq4aaaa");
  show.run(3);
  show.goLive();
  for (let n = 0; n < 30; n++) {
    show.run(1);
    const before = show.list("live");
    expect(new Rewinds(show.store.index).past(show.window, "live", NOW)?.text).toBe(
      show.rewinds.past(show.window, "live", NOW)?.text,
    );
    expect(before).not.toBeNull();
  }
});

test("earlier timelines' segments come first, numbered up to the present one's, and lost ones are gaps", () => {
  const show = new Show();
  show.begin("mwq4aaaa");
  show.run(3);
  show.goLive();
  show.run(4);
  show.store.index.remove("mwq4aaaa", 4);
  // No host was heard in this one.
  show.begin("mwq4bbbb");
  show.run(2);
  show.begin("mwq4cccc");
  expect(show.window.firstMsn).toBe(9);
  show.run(1);
  show.goLive();
  show.run(14);
  expect(show.rewinds.former(show.window)).toEqual([
    { epoch: "mwq4aaaa", firstMsn: 0, lastMsn: 6 },
    { epoch: "mwq4bbbb", firstMsn: 7, lastMsn: 8 },
  ]);
  expect(show.listed("live")).toEqual([
    "6 ../mwq4aaaa/s3.m4s",
    "7 ../mwq4aaaa/s4.m4s gap",
    "8 ../mwq4aaaa/s5.m4s",
    "9 ../mwq4aaaa/s6.m4s",
    ...own(10, 23),
  ]);
  expect(show.listed("open").slice(0, 10)).toEqual([
    ...[0, 1, 2, 3].map((msn) => `${msn} ../mwq4aaaa/s${msn}.m4s`),
    "4 ../mwq4aaaa/s4.m4s gap",
    ...[5, 6].map((msn) => `${msn} ../mwq4aaaa/s${msn}.m4s`),
    ...[7, 8].map((msn) => `${msn} ../mwq4bbbb/s${msn}.m4s`),
    "9 s9.m4s",
  ]);
});

test("every timeline that the list from the first host names is admitted, though over 100 timelines without a host followed", () => {
  const show = new Show();
  const nameOf = (n: number) => `mwq4${String(n).padStart(4, "0")}`;
  show.begin(nameOf(0));
  show.goLive();
  show.run(3);
  for (let n = 1; n <= 101; n++) {
    show.begin(nameOf(n));
    show.run(1);
  }
  show.begin(nameOf(102));
  show.goLive();
  show.run(3);
  const named = show.listed("live").flatMap((segment) => /\.\.\/(\w+)\//.exec(segment)?.slice(1) ?? []);
  expect([...new Set(named)]).toEqual([nameOf(0)]);
  const former = show.rewinds.former(show.window);
  expect(former.map(({ epoch }) => epoch)).toEqual([
    nameOf(0),
    ...Array.from({ length: 100 }, (_, n) => nameOf(n + 2)),
  ]);
  expect(former[0]).toEqual({ epoch: nameOf(0), firstMsn: 0, lastMsn: 2 });
});

test("a replay leaves out a last timeline without a host, and a show without any host has no replay", () => {
  const show = new Show();
  show.begin("mwq4aaaa");
  show.goLive();
  show.run(3);
  show.begin("mwq4bbbb");
  show.run(3);
  expect(show.list("live")).toBeNull();
  show.end();
  expect(show.listed("live")).toEqual([3, 4, 5].map((n) => `${n} ../mwq4aaaa/s${n - 3}.m4s`));
  const silent = new Show();
  silent.begin("mwq4aaaa");
  silent.run(3);
  silent.end();
  expect([silent.list("live"), silent.rewinds.isReady(silent.window, "live", NOW)]).toEqual([null, false]);
});

test("a running show's list is forgotten after a minute without a request", () => {
  const show = new Show();
  show.begin("mwq4aaaa");
  show.goLive();
  show.run(20);
  const past = show.rewinds.past(show.window, "live", NOW);
  show.rewinds.forgetIdle(NOW + 60_000);
  expect(show.rewinds.past(show.window, "live", NOW)).toBe(past);
  show.rewinds.forgetIdle(NOW + 60_001);
  const anew = show.rewinds.past(show.window, "live", NOW);
  expect(anew).not.toBe(past);
  expect(anew?.text).toBe(past?.text);
});

test("a part of a six-hour show costs only its own lines, not those of all earlier ones", () => {
  const show = new Show();
  show.begin("mwq4aaaa");
  show.goLive();
  show.run(5_625);
  const took = (work: () => void) => {
    const before = performance.now();
    work();
    return performance.now() - before;
  };
  const cold = took(() => show.list("live"));
  const warm = Array.from({ length: 20 }, () => {
    show.run(1);
    return took(() => show.list("live"));
  }).toSorted((a, b) => a - b)[10] as number;
  console.log(`six hours of economy: ${cold.toFixed(1)} ms cold, ${warm.toFixed(2)} ms a segment`);
  expect(warm).toBeLessThan(cold / 5);
});
