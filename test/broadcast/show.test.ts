import { describe, expect, test, vi } from "vitest";
import { goLive, removalAt } from "../../src/broadcast/lifecycle.ts";
import { CLOSING_MS, type Read } from "../../src/broadcast/reads.ts";
import { isRunning } from "../../src/broadcast/show-row.ts";
import { type Directives, PROFILES } from "../../src/media.ts";
import { keys } from "../../src/r2-keys.ts";
import { readList } from "../kit/list.ts";
import { fakeSurroundings, HOST, NOW, Rig } from "./show-rig.ts";

/** A show's life, restarts in the middle of it, and what rests while nobody is there. */

// Runs before the imports below: the timeline imports from dist/ what this builds.
await vi.hoisted(async () => {
  const { buildAac } = await import("../../build/aac.mjs");
  await buildAac();
});
vi.mock("../../dist/aac.wasm", async () => {
  const { readFileSync } = await import("node:fs");
  const bytes = readFileSync(new URL("../../dist/aac.wasm", import.meta.url));
  return { default: new WebAssembly.Module(bytes) };
});

fakeSurroundings();

/** The length of the last segment of a show with parts, which is silence, ms. */
const LAST_MS = 64;
/** How often a listener reads the list, ms: often enough that the show does not rest. */
const READ_MS = 5_000;

/** Lets `millis` pass, in which a listener follows the show all the time. */
async function listen(rig: Rig, millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += READ_MS) {
    await vi.advanceTimersByTimeAsync(Math.min(READ_MS, millis - passed));
    await rig.read();
  }
}

/** Returns a list without what tells which segments were passed over: only a show to which nobody listens passes any over. */
function withoutOldest(read: Read | undefined): unknown {
  return read?.kind === "playlist" ? { ...read, liveEdge: { ...read.liveEdge, oldestMsn: 0 } } : read;
}

/** Returns the numbers of the segments that R2 has of the present timeline. */
function numbersOf({ puts, epoch }: Rig): number[] {
  return puts.flatMap((key) =>
    key.includes(epoch) ? (/s(\d+)\.m4s$/.exec(key)?.slice(1).map(Number) ?? []) : [],
  );
}

/** Checks that every segment's date is the end of the one before. */
function expectOneClock({ segments }: { segments: readonly { date: number; duration: number }[] }): void {
  for (const [n, { date, duration }] of segments.slice(0, -1).entries()) {
    expect(segments[n + 1]?.date).toBeCloseTo(date + 1000 * duration, 6);
  }
}

test("a request that waits for a show which ends without having begun is answered at once", async () => {
  const rig = new Rig();
  const waiting = rig.show.read({ kind: "status", id: "show", waits: true }, {});
  void rig.show.end();
  const told = await Promise.race([waiting, new Promise((resolve) => setImmediate(() => resolve("held")))]);
  expect(told).toMatchObject({ kind: "status", status: { state: "ended" } });
});

describe("a show whose object is there, but whose timeline has not been taken up yet", () => {
  async function standing() {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const before = await rig.list();
    rig.restart({ starts: false });
    return { rig, before };
  }

  test("has nothing to read, but can be described", async () => {
    const { rig } = await standing();
    rig.talk(100);
    expect(await rig.read()).toMatchObject({ code: "not_started" });
    expect(await rig.show.describe("https://relay")).toMatchObject({ state: "open", listingMs: null });
  });

  test("ends where its last part ended, and can be read up to there", async () => {
    const { rig, before } = await standing();
    vi.setSystemTime(Date.now() + 60_000);
    void rig.show.end();
    expect(rig.row).toMatchObject({ state: "ended", timeline: { epoch: rig.epoch } });
    const list = await rig.endedList();
    expect(list.end).toBeGreaterThanOrEqual(before.end);
    expect(list.end).toBeLessThan(before.end + 384 + LAST_MS);
  });

  test("can have its key replaced, and goes on with the new one", async () => {
    const { rig } = await standing();
    rig.show.rotateKey();
    rig.show.start();
    expect(rig.row).toMatchObject({ state: "open", keyGeneration: 1 });
    expect((await rig.list()).segments.length).toBeGreaterThan(3);
    rig.show.rotateKey();
    expect((await rig.list()).segments.length).toBeGreaterThan(3);
    expect(rig.show.cast.first.generation).toBe(2);
  });
});

describe("a timeline that opens", () => {
  test.each(["low", "balanced", "economy"] as const)(
    "has a whole first playlist at once, %s",
    async (latency) => {
      const rig = new Rig(latency);
      rig.show.open();
      const list = await rig.list();
      expect(list.segments).toHaveLength(3);
      expectOneClock(list);
      // The first playlist ends where that of a long-running show ends: the playout delay and the encoder's delay
      // before now.
      expect(NOW - list.end).toBeGreaterThan(85);
      expect(NOW - list.end).toBeLessThan(90);
      await vi.advanceTimersByTimeAsync(10_000);
      const later = await rig.list();
      const [part, segment] = [latency === "low" ? 384 : 640, latency === "economy" ? 3_840 : 0];
      expect(NOW + 10_000 - later.end).toBeLessThan(90 + part + segment);
      expect(rig.restarts).toEqual([]);
    },
  );

  test("wakes up once per part while there is no host, and at once for a host's first packet", async () => {
    const rig = new Rig("balanced");
    rig.show.open();
    const timers = vi.spyOn(globalThis, "setTimeout");
    // Count only the clock's timers: the timeouts for R2 are longer.
    const wakes = () => timers.mock.calls.filter(([, millis = 0]) => millis <= 1_000).length;
    await listen(rig, 64_000);
    expect(wakes()).toBeGreaterThan(98);
    expect(wakes()).toBeLessThan(103);
    rig.talk(200);
    expect(wakes()).toBeGreaterThan(108);
    timers.mockRestore();
  });
});

describe("a show with neither host nor reader rests", () => {
  const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);
  const rows = ({ store }: Rig) =>
    store.parts(40).map(({ part: { msn, index, at, bytes } }) => ({ msn, index, at, bytes }));

  test.each(["low", "balanced", "economy"] as const)(
    "and a newcomer finds it as if somebody had followed it all the time, %s",
    async (latency) => {
      const [rig, twin] = [new Rig(latency), new Rig(latency)];
      for (const one of [rig, twin]) one.show.open();
      for (const millis of [12_000, 27_300, 4_400, 61_000, 299_000, 0, 301_000, 900_000]) {
        await listen(twin, millis);
        const lists = [await rig.read(), await twin.read()];
        expect(withoutOldest(lists[0]), `${millis} ms`).toEqual(withoutOldest(lists[1]));
        const [own, others] = [rows(rig), rows(twin)];
        expect(own).toEqual(others.slice(-own.length));
        const first = own.find(({ index }) => index === 0);
        const read = { kind: "part", id: "show", epoch: rig.epoch, msn: first?.msn, index: 0 } as never;
        expect(await rig.show.read(read, {})).toMatchObject({ bytes: first?.bytes });
        for (const one of [rig, twin]) expectOneClock(await one.list());
      }
      // From then on it goes on at its pace. Parts that were made late, because nobody needed them, do not count as
      // late.
      for (const one of [rig, twin]) await listen(one, 7_000);
      expect(withoutOldest(await rig.read())).toEqual(withoutOldest(await twin.read()));
      const { listingMs } = (await rig.show.describe("https://relay")) as {
        listingMs: { max: number };
      };
      expect(listingMs.max).toBeLessThan(100);
      expect([...rig.restarts, ...twin.restarts]).toEqual([]);
    },
  );

  test("and the edge is told which numbers have no segment: those passed over, and those of earlier timelines", async () => {
    const rig = new Rig();
    const oldestOf = async () => {
      const read = await rig.read();
      return read.kind === "playlist" ? read.liveEdge.oldestMsn : null;
    };
    rig.show.open();
    expect(await oldestOf()).toBe(0);
    await listen(rig, 20_000);
    const { segments } = await rig.list();
    await minutes(4);
    // A list has 15 segments. Those that it had before must be there for as long again (oldestFetchableMsn).
    const oldest = (await rig.list()).firstMsn - 17;
    expect(oldest).toBeGreaterThan(segments.at(-1)?.msn ?? 0);
    await listen(rig, 60_000);
    expect(await oldestOf()).toBe(oldest);
    rig.restart();
    expect(await oldestOf()).toBe(oldest);
    await minutes(31);
    expect(rig.row.state).toBe("announced");
    rig.show.open();
    const { firstMsn } = await rig.list();
    expect(firstMsn).toBeGreaterThan(oldest + 17);
    await listen(rig, 60_000);
    expect([await oldestOf(), (await rig.list()).firstMsn > firstMsn]).toEqual([firstMsn, true]);
    rig.restart();
    expect(await oldestOf()).toBe(firstMsn);
  });

  test("nothing runs meanwhile except once in five minutes, and R2 gets only the silence that is in playlists", async () => {
    const rig = new Rig();
    rig.show.open();
    await minutes(0.5);
    const timers = vi.spyOn(globalThis, "setTimeout");
    const written = vi.spyOn(rig.store, "putPart");
    rig.puts.length = 0;
    await minutes(4);
    expect([timers.mock.calls.length, written.mock.calls.length, rig.puts.length]).toEqual([0, 0, 0]);
    await minutes(10);
    expect(written.mock.calls.length).toBeLessThan(200);
    expect(rig.puts.length).toBeLessThan(40);
    // R2 has each segment that is listed then, once.
    const numbers = numbersOf(rig);
    expect(new Set(numbers).size).toBe(numbers.length);
    const { segments } = await rig.list();
    await vi.advanceTimersByTimeAsync(3_000);
    for (const { msn } of segments) expect(numbersOf(rig)).toContain(msn);
    timers.mockRestore();
  });

  test("an alarm brings the object back if it goes meanwhile, and the timeline goes on", async () => {
    const rig = new Rig();
    rig.show.open();
    const { epoch } = rig;
    await minutes(7);
    expect(rig.alarm).toBeGreaterThan(Date.now() + 60_000);
    expect(rig.alarm).toBeLessThan(Date.now() + 6 * 60_000);
    await minutes(2.9);
    rig.restart();
    const list = await rig.list();
    expect(rig.epoch).toBe(epoch);
    expectOneClock(list);
    expect(list.segments).toHaveLength(15);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Date.now() - (await rig.list()).end).toBeLessThan(90 + 384);
  });

  test("a host is heard from the first packet on, and from then on R2 misses nothing, however long nobody is there", async () => {
    const rig = new Rig();
    rig.show.open();
    const { epoch } = rig;
    await minutes(4);
    rig.talk(20);
    await vi.advanceTimersByTimeAsync(200);
    expect(await rig.peak()).toBeGreaterThan(-20);
    rig.talk(3_000);
    expect(await rig.peak()).toBeGreaterThan(-20);
    const { row } = rig;
    if (isRunning(row)) rig.store.putShow(goLive(row));
    rig.restart();
    const from = (await rig.list()).firstMsn;
    const written = vi.spyOn(rig.store, "putPart");
    await minutes(1);
    written.mockClear();
    await minutes(4);
    expect(written).not.toHaveBeenCalled();
    const last = (await rig.list()).segments.at(-1)?.msn ?? 0;
    expect(last - from).toBeGreaterThan(150);
    await vi.advanceTimersByTimeAsync(3_000);
    const numbers = numbersOf(rig).filter((msn) => msn >= from && msn <= last);
    expect(numbers).toEqual(Array.from({ length: last - from + 1 }, (_, n) => from + n));
    expect(rig.epoch).toBe(epoch);
  });

  test("nothing is passed over while R2 lacks earlier segments", async () => {
    const rig = new Rig();
    rig.show.open();
    await listen(rig, 20_000);
    rig.takes = false;
    await minutes(4);
    rig.takes = true;
    const last = (await rig.list()).segments.at(-1)?.msn ?? 0;
    expect(last).toBeGreaterThan(120);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(numbersOf(rig).slice(0, last + 1)).toEqual(Array.from({ length: last + 1 }, (_, msn) => msn));
  });

  test("a resting show that is ended ends at that moment, and one that is idle closes at its time", async () => {
    const rig = new Rig();
    rig.show.open();
    await minutes(1.3);
    void rig.show.end();
    const ended = Date.now();
    expect(ended - (await rig.endedList()).end + LAST_MS).toBeLessThan(150);
    const other = new Rig();
    other.show.open();
    await minutes(29.9);
    expect(other.row.state).toBe("open");
    await minutes(0.11);
    expect(other.row.state).toBe("announced");
    expect(other.store.parts(40)).toEqual([]);
  });
});

describe("a show that nobody reads does not rest", () => {
  // Long enough that the show is quiet when the host goes: it has been 10 s without a read.
  const QUIET_MS = 12_000;

  test("before the host who has gone is off the air, 5 s after the last sound", () => {
    const rig = new Rig();
    rig.addHost();
    rig.show.open();
    rig.talk(QUIET_MS);
    expect(rig.row.state).toBe("live");
    const goneAt = rig.dropHost();
    vi.advanceTimersByTime(20_000);
    const events = rig.store.log.ofHosts();
    expect(events.map(({ kind }) => kind)).toEqual(["host-on", "host-off"]);
    expect((events[1]?.at ?? 0) - goneAt).toBeLessThan(7_000);
  });

  test("before it is noted that a host has gone who was not heard again after a restart, whenever that is", () => {
    const noted: boolean[] = [];
    for (let millis = 0; millis < 2_000; millis += 100) {
      const rig = new Rig();
      rig.addHost({ connected: 1 });
      rig.goLive();
      vi.advanceTimersByTime(QUIET_MS + millis);
      expect(rig.row.hostsLeftAt).toBeNull();
      rig.dropHost();
      vi.advanceTimersByTime(2_000);
      noted.push(rig.row.hostsLeftAt !== null);
    }
    expect(noted).toEqual(noted.map(() => true));
  });
});

describe("an object that did not run for a while, and goes on", () => {
  test("after 690 s a new epoch begins at once, which has the host's sound from the first moment on", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const { epoch } = rig;
    const held = rig.show.read({ kind: "playlist", id: "show", epoch, directives: { msn: 5 } } as never, {});
    rig.jump(690_000, 690_000);
    const before = performance.now();
    rig.talk(300);
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(rig.epoch).not.toBe(epoch);
    const list = await rig.list();
    expect(list.segments.length).toBeGreaterThanOrEqual(3);
    expect(Date.now() - list.end).toBeLessThan(90 + 384);
    expect(await rig.peak()).toBeGreaterThan(-20);
    expect(await held).toMatchObject({ kind: "problem", status: 410 });
    expect(await rig.read(epoch)).toMatchObject({ kind: "problem", status: 410 });
  });

  test("after 690 s of rest the next reader finds a new epoch with a whole first playlist", async () => {
    const rig = new Rig();
    rig.show.open();
    await vi.advanceTimersByTimeAsync(60_000);
    const { epoch } = rig;
    rig.jump(690_000);
    expect(await rig.read(epoch)).toMatchObject({ kind: "problem", status: 410 });
    expect(rig.epoch > epoch).toBe(true);
    expect((await rig.list()).segments).toHaveLength(3);
    expect(rig.restarts).toEqual([]);
    // The old clock is gone with its timeline: only one drives the new timeline.
    await listen(rig, 5_000);
    expect(vi.getTimerCount()).toBe(1);
  });

  test("after 660 s in which the show was to end it ends at once, with a list that ends too", async () => {
    const rig = new Rig("low", { hold: "default" });
    const spoken = { version: "1", frames: 96_000, loudness: -18, gainDb: 0, setAt: NOW, everySeconds: 60 };
    rig.goLive({ announcements: { before: null, interrupted: null, after: spoken } });
    await listen(rig, 3_000);
    await rig.show.end();
    expect(rig.row).toMatchObject({ state: "live", farewellUntil: Date.now() + 7_000 });
    const { epoch } = rig;
    rig.jump(660_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rig.row).toMatchObject({ state: "ended", farewellUntil: null });
    expect(rig.epoch > epoch).toBe(true);
    await rig.endedList();
  });

  test("after 660 s a live show whose host does not come back ends the set time later", async () => {
    const rig = new Rig("low", { endAfterMinutes: 15 });
    rig.addHost();
    rig.show.open();
    rig.talk(3_000);
    expect(rig.row).toMatchObject({ state: "live", hostsLeftAt: null });
    rig.jump(660_000);
    rig.restart();
    await listen(rig, 5_000);
    rig.dropHost();
    await listen(rig, 14.5 * 60_000);
    expect(rig.row.state).toBe("open");
    await listen(rig, 30_000);
    expect(rig.row.state).toBe("ended");
  });

  test("590 s are filled with silence in less than a second of computing, and the host is heard from the first moment on", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const { epoch } = rig;
    const start = await rig.list();
    rig.jump(590_000, 590_000);
    // Processor time: wall-clock time would include other programs.
    const before = process.cpuUsage();
    rig.talk(300);
    const { user, system } = process.cpuUsage(before);
    const took = (user + system) / 1_000;
    console.log(`590 s of silence took ${took.toFixed(0)} ms of the processor`);
    expect(took).toBeLessThan(1_000);
    expect(rig.epoch).toBe(epoch);
    const list = await rig.list();
    expectOneClock(list);
    expect(Date.now() - list.end).toBeLessThan(90 + 384);
    // The playlist has moved on by as much as the clock.
    const moved = (list.segments.at(-1)?.msn ?? 0) - (start.segments.at(-1)?.msn ?? 0);
    expect(moved).toBeGreaterThan(590_000 / 1_920 - 2);
    expect(await rig.peak()).toBeGreaterThan(-20);
  });

  test("a timeline whose stored segments do not fit its profile begins anew, also if no segment was open", async () => {
    const rig = new Rig();
    rig.show.open();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(rig.store.parts(1)).toHaveLength(5);
    const { row } = rig;
    const profile = { ...PROFILES.low, partUnits: 12, segmentUnits: 96 };
    if (isRunning(row)) rig.store.putShow({ ...row, timeline: { ...row.timeline, profile } });
    rig.restart();
    expect(rig.row.anew?.why).toMatch(/^what was stored of it does not fit/);
    expect(rig.epoch > (row.timeline?.epoch ?? "")).toBe(true);
  });

  test("a timeline that has waited in its store for 400 s is filled as well", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const { epoch } = rig;
    rig.jump(400_000);
    rig.restart();
    rig.talk(300);
    const list = await rig.list();
    expect(rig.epoch).toBe(epoch);
    expect(Date.now() - list.end).toBeLessThan(90 + 384);
    expect(await rig.peak()).toBeGreaterThan(-20);
  });
});

test("when the wall clock is set forward by 10 s, a request for the next part gets it and does not time out", async () => {
  const rig = new Rig();
  rig.show.open();
  rig.talk(3_000);
  const { msn = 0, index = 0 } = (await rig.list()).parts.at(-1) ?? {};
  // The request is for the part after the next: the first part that is made would release requests for the next one.
  const directives = { msn: msn + 1, part: index };
  const held = rig.show.read({ kind: "playlist", id: "show", epoch: rig.epoch, directives } as never, {});
  rig.jump(10_000);
  rig.talk(300);
  expect(await held).toMatchObject({ kind: "playlist", held: true });
});

describe("a wall clock that is set back by two minutes", () => {
  const STEP = 120_000;

  test("neither stalls the timeline nor leaves a gap in it, and sound goes on", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const before = await rig.list();
    rig.jump(-STEP);
    rig.talk(10_000);
    const after = await rig.list();
    expectOneClock(after);
    expect(after.end - before.end).toBeGreaterThan(9_500);
    expect(after.end - before.end).toBeLessThan(10_500);
    expect(await rig.peak()).toBeGreaterThan(-20);
    expect(rig.show.publishers.sessions).toEqual([]);
  });

  test("does neither if the object restarts meanwhile, and once it is set right the dates are true again", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const before = await rig.list();
    const { epoch } = rig;
    rig.jump(-STEP);
    rig.restart();
    rig.talk(10_000);
    const after = await rig.list();
    expect(after.end - before.end).toBeGreaterThan(9_500);
    rig.jump(STEP);
    rig.talk(10_000);
    const last = await rig.list();
    expectOneClock(last);
    expect(last.end - after.end).toBeLessThan(10_500);
    expect(Math.abs(Date.now() - last.end)).toBeLessThan(90 + 384 + 50);
    expect(rig.epoch).toBe(epoch);
  });

  test("by more than ten minutes makes a new epoch begin, whose dates are true", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const { epoch } = rig;
    rig.jump(-3_600_000);
    rig.talk(1_000);
    const list = await rig.list();
    expect(rig.epoch > epoch).toBe(true);
    expect(Math.abs(Date.now() - list.end)).toBeLessThan(90 + 384);
  });
});

test("a wall clock that is set back while the doors are closed does not make the next epoch an earlier one", async () => {
  const rig = new Rig();
  rig.show.open();
  const { epoch } = rig;
  await vi.advanceTimersByTimeAsync(31 * 60_000);
  expect(rig.row).toMatchObject({ state: "announced", timeline: null });
  rig.jump(-3_600_000);
  rig.show.open();
  expect(rig.epoch > epoch, `${rig.epoch} after ${epoch}`).toBe(true);
  expect(rig.store.index.timelines().at(-1)?.epoch).toBe(rig.epoch);
  expect(Math.abs(Date.now() - (await rig.list()).end), "its dates are true").toBeLessThan(90 + 384);
});

describe("a show that has neither host nor listener", () => {
  const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);
  const segment = (epoch: string) => ({ kind: "segment", id: "show", epoch, msn: 0 }) as const;

  test("closes after half an hour, whoever asks for its status; then there is no timer and no alarm", async () => {
    const rig = new Rig();
    rig.show.open();
    const { epoch } = rig;
    await minutes(29.9);
    await rig.peak();
    await rig.show.read({ kind: "multivariant", id: "show" }, { status: 9, audience: 9, segment: 9 });
    await rig.show.read(segment("another"), {});
    await rig.show.read({ kind: "init", id: "show", epoch }, {});
    expect(rig.row.state).toBe("open");
    expect(rig.alarm).toEqual(expect.any(Number));
    await minutes(0.2);
    expect(rig.row).toMatchObject({ state: "announced", timeline: null });
    expect([vi.getTimerCount(), rig.alarm]).toEqual([0, null]);
    expect(await rig.read(epoch)).toMatchObject({ status: 404, code: "not_started" });
    const next = rig.store.index.nextMsn();
    rig.show.open();
    expect(rig.epoch > epoch).toBe(true);
    expect([(await rig.list()).firstMsn, next > 900]).toEqual([next, true]);
    expect(await rig.read(epoch)).toMatchObject({ status: 410, code: "other_epoch" });
    expect(rig.restarts).toEqual([]);
  });

  test.each<[string, (rig: Rig) => unknown]>([
    ["a list", (rig) => rig.read()],
    ["a segment", (rig) => rig.show.read(segment(rig.epoch), {})],
  ])("stays open for half an hour after a read of %s", async (_, read) => {
    const rig = new Rig();
    rig.show.open();
    await minutes(20);
    await read(rig);
    await minutes(29.9);
    expect(rig.row.state).toBe("open");
    await minutes(0.2);
    expect(rig.row.state).toBe("announced");
  });

  test("closes an hour after a host came whom the SFU never brings, and gives the host up", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.addHost();
    await minutes(59.5);
    expect([rig.row.state, rig.show.publishers.sessions]).toEqual(["open", [HOST]]);
    await minutes(1);
    expect([rig.row.state, rig.show.publishers.sessions]).toEqual(["announced", []]);
    await minutes(1);
    expect([vi.getTimerCount(), rig.alarm]).toEqual([0, null]);
  });

  test("stays open for half an hour after its object was made anew", async () => {
    const rig = new Rig();
    rig.show.open();
    await minutes(29);
    rig.restart();
    await minutes(29);
    expect(rig.row.state).toBe("open");
    await minutes(1.1);
    expect(rig.row.state).toBe("announced");
  });
});

describe("a show that ends", () => {
  // The doors open 5,848 ms into the timeline, a segment takes 1,920 ms, and sound is in an access unit 25 ms later.
  test.each([
    [88, 8],
    [488, 8],
    [1_188, 8],
    [1_948, 8], // Segment 8 is finished, and there is nothing of the next one
    [1_988, 9],
  ])(
    "%d ms into segment 8: first all sound is listed, up to segment %d; within a part target one more segment, with the end",
    async (millis, last) => {
      const rig = new Rig();
      rig.show.open();
      rig.talk(8 * 1_920 - 5_848 + millis);
      const before = await rig.list();
      void rig.show.end();
      const closing = await rig.list();
      expect(closing.ended).toBe(false);
      expect(closing.end).toBeGreaterThanOrEqual(before.end);
      expect(closing.segments.at(-1)?.msn).toBe(last);
      const list = await rig.endedList();
      expect(list.segments.at(-1)).toMatchObject({
        msn: last + 1,
        duration: LAST_MS / 1000,
      });
      // Dates are whole milliseconds.
      expect(Math.round(list.end - closing.end)).toBe(LAST_MS);
    },
  );

  test("releases requests for its next part, and later those for the part after it", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(10_000);
    const { msn = 0, index = 0 } = (await rig.list()).parts.at(-1) ?? {};
    const wait = async (directives: Directives) => {
      const read = await rig.show.read(
        { kind: "playlist", id: "show", epoch: rig.epoch, directives } as never,
        {},
      );
      return [read.kind === "playlist" && readList(read.text).ended, Date.now() - NOW - 10_000];
    };
    const [next, later] = [wait({ msn, part: index + 1 }), wait({ msn: msn + 1, part: 0 })];
    void rig.show.end();
    expect(await next).toEqual([false, 0]);
    await vi.advanceTimersByTimeAsync(CLOSING_MS);
    expect(await later).toEqual([true, CLOSING_MS]);
  });

  test("ends its playlist at once if it has no parts", async () => {
    const rig = new Rig("economy");
    rig.show.open();
    rig.talk(20_000);
    void rig.show.end();
    expect((await rig.list()).ended).toBe(true);
  });

  test("has its playlist ended if its object is made anew in that moment", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(9_600);
    void rig.show.end();
    rig.restart();
    expect((await rig.list()).ended).toBe(true);
  });
});

test("an object that is made anew puts what R2 lacks of an ended show, and then needs no alarm before the removal", async () => {
  const rig = new Rig();
  rig.show.open();
  await listen(rig, 20_000);
  rig.takes = false;
  await listen(rig, 10_000);
  await rig.show.end();
  const last = (await rig.endedList()).segments.at(-1)?.msn ?? 0;
  expect(numbersOf(rig).at(-1)).toBeLessThan(last - 3);
  rig.restart();
  await rig.show.settle();
  expect(rig.alarm).toEqual(expect.any(Number));
  rig.takes = true;
  rig.puts.length = 0;
  rig.restart();
  await Promise.all([rig.show.settle(), vi.advanceTimersByTimeAsync(100)]);
  expect(numbersOf(rig).at(-1)).toBe(last);
  expect([rig.puts[0], rig.alarm]).toEqual([`show/${rig.epoch}/init.mp4`, removalAt(rig.row)]);
});

test.each([
  ["running", "open"],
  ["over", "ended"],
] as const)(
  "R2 gets all of a show that is %s and whose row is damaged, once it takes it",
  async (_, state) => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(20_000);
    const { epoch } = rig;
    rig.takes = false;
    rig.talk(10_000);
    if (state === "ended") await rig.show.end();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    rig.store.putShow({ ...rig.row, timeline: { epoch: 7 } } as never);
    await rig.recover();
    warn.mockRestore();
    expect(rig.row).toMatchObject({ state, anew: { why: "its row could not be read" } });
    expect(rig.epoch === "" || rig.epoch > epoch).toBe(true);
    rig.takes = true;
    await Promise.all([rig.show.settle(), vi.advanceTimersByTimeAsync(1_000)]);
    const indexed = rig.store.index
      .segments(epoch, 0, 1_000)
      .map(({ msn }) => keys.segment("show", epoch, msn));
    expect(indexed.length).toBeGreaterThan(15);
    expect(indexed.filter((key) => !rig.puts.includes(key))).toEqual([]);
  },
);

test("while a host is on, an alarm is set 20 to 30 s ahead, which brings the object back if it goes", () => {
  const rig = new Rig();
  rig.show.open();
  for (let seconds = 0; seconds < 15; seconds++) {
    rig.talk(1_000);
    const ahead = (rig.alarm ?? 0) - Date.now();
    expect(ahead).toBeGreaterThan(18_900);
    expect(ahead).toBeLessThanOrEqual(30_000);
  }
});

describe("the count of the reads that Origin has answered", () => {
  const count = async ({ show }: Rig) => {
    const { originReads } = (await show.describe("https://relay")) as { originReads: { total: number } };
    return originReads.total;
  };
  const answered = (rig: Rig, reads: number) =>
    rig.show.read({ kind: "multivariant", id: "show" }, { multivariant: reads });

  test("outlasts the object, before the end and after it", async () => {
    const rig = new Rig();
    rig.show.open();
    await answered(rig, 3);
    await listen(rig, 12_000);
    rig.restart();
    expect(await count(rig)).toBe(3);
    await listen(rig, 2_000);
    await answered(rig, 20);
    await rig.show.end();
    rig.restart();
    expect(await count(rig)).toBe(23);
    await answered(rig, 100);
    rig.restart();
    expect(await count(rig)).toBe(123);
  });

  test("begins anew with a timeline", async () => {
    const rig = new Rig();
    rig.show.open();
    await answered(rig, 3);
    rig.talk(1_000);
    rig.jump(690_000);
    rig.talk(1_000);
    expect(await count(rig)).toBe(0);
    await answered(rig, 5);
    expect(await count(rig)).toBe(5);
    await vi.advanceTimersByTimeAsync(31 * 60_000);
    expect(rig.row.state).toBe("announced");
    rig.show.open();
    expect(await count(rig)).toBe(0);
  });
});

describe("a show with a plan", () => {
  const HOUR = 3_600_000;
  const iso = (hours: number) => new Date(NOW + hours * HOUR).toISOString();
  const first = { kind: "multivariant", id: "show" } as const;

  test("has its object brought back when it opens, and opens then, also if that is late", async () => {
    const rig = new Rig("low", { opensAt: iso(1) });
    rig.show.doWhatIsDue();
    await rig.show.settle();
    expect([rig.row.state, rig.alarm]).toEqual(["announced", NOW + HOUR]);
    vi.setSystemTime(NOW + HOUR - 1);
    rig.show.doWhatIsDue();
    expect(rig.row.state).toBe("announced");
    vi.setSystemTime(NOW + HOUR + 60_000);
    rig.restart().doWhatIsDue();
    expect(rig.row.state).toBe("open");
    expect((await rig.list()).firstMsn).toBe(0);
  });

  test("opens once: after it was closed because nobody came, it stays closed", async () => {
    const rig = new Rig("low", { opensAt: iso(1) });
    vi.setSystemTime(NOW + HOUR);
    rig.show.doWhatIsDue();
    await vi.advanceTimersByTimeAsync(31 * 60_000);
    expect([rig.row.state, rig.row.opensAt, rig.alarm]).toEqual(["announced", null, null]);
    rig.restart().doWhatIsDue();
    expect(rig.row.state).toBe("announced");
  });

  test.each([
    ["somebody listens", true],
    ["nobody is there, and it rests", false],
  ])("ends at its time, where %s", async (_, listens) => {
    const rig = new Rig("low", { endsAt: iso(0.25) });
    rig.show.open();
    if (listens) await listen(rig, HOUR / 4 - 1_000);
    else await vi.advanceTimersByTimeAsync(HOUR / 4 - 1_000);
    expect(rig.row.state).toBe("open");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(rig.row.state).toBe("ended");
    expect(rig.row.endedAt).toBeGreaterThanOrEqual(NOW + HOUR / 4);
    expect(rig.row.endedAt).toBeLessThanOrEqual(NOW + HOUR / 4 + 1_100);
    await rig.show.settle();
    expect([vi.getTimerCount(), rig.alarm]).toEqual([0, removalAt(rig.row)]);
  });

  test("ends at its time even if its doors are closed", async () => {
    const rig = new Rig("low", { endsAt: iso(1) });
    await rig.show.settle();
    expect(rig.alarm).toBe(NOW + HOUR);
    vi.setSystemTime(NOW + HOUR);
    rig.restart().doWhatIsDue();
    expect(rig.row.state).toBe("ended");
  });

  test("ends the set time after its last host has left, also if the object is made anew meanwhile", async () => {
    const rig = new Rig("low", { endAfterMinutes: 15 });
    rig.show.open();
    await listen(rig, 20 * 60_000);
    expect(rig.row.state, "no host has been there yet").toBe("open");
    const { row } = rig;
    if (isRunning(row)) rig.store.putShow(goLive(row));
    rig.restart();
    await listen(rig, 10 * 60_000);
    rig.restart();
    await listen(rig, 4.9 * 60_000);
    expect(rig.row.state).toBe("live");
    await listen(rig, 12_000);
    expect(rig.row.state).toBe("ended");
  });

  test("opens for its first listener, who has a playlist at once", async () => {
    const rig = new Rig("low");
    expect(await rig.show.read({ kind: "status", id: "show", waits: false }, {})).toMatchObject({
      status: { state: "announced", autoOpen: true, line: null },
    });
    expect(await rig.show.read({ ...first, opens: false }, {})).toMatchObject({ code: "not_started" });
    expect(rig.row.state, "who asks how it is does not listen, nor does the edge").toBe("announced");
    expect(await rig.show.read(first, {})).toMatchObject({ kind: "multivariant" });
    expect(rig.row.state).toBe("open");
    expect((await rig.list()).segments).toHaveLength(3);
    expect(await rig.show.read({ kind: "status", id: "show", waits: false }, {})).toMatchObject({
      status: { state: "open", line: "silence" },
    });
  });

  test("does not open for a listener without autoOpen, nor after its end", async () => {
    const rig = new Rig("low", { autoOpen: false });
    expect(await rig.show.read(first, {})).toMatchObject({ code: "not_started" });
    await rig.show.end();
    const over = new Rig("low");
    await over.show.end();
    await over.show.read(first, {});
    expect([rig.row.state, over.row.state]).toEqual(["ended", "ended"]);
  });

  test("shows a new title in its playlist, also after its end", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.show.change({ title: "While it ran" });
    expect(await rig.show.read(first, {})).toMatchObject({ text: expect.stringContaining("While it ran") });
    await rig.show.end();
    rig.show.change({ title: "After its end" });
    expect(await rig.show.read(first, {})).toMatchObject({ text: expect.stringContaining("After its end") });
  });

  test("can be changed: its description, and when it opens", async () => {
    const rig = new Rig("low", { opensAt: iso(2) });
    expect(rig.show.change({ title: "Another", opensAt: iso(1), description: "Why" })).toBeNull();
    expect(rig.row).toMatchObject({ title: "Another", opensAt: iso(1), description: "Why", idleMinutes: 30 });
    expect(rig.alarm).toBe(NOW + HOUR);
    expect(rig.show.change({ endsAt: iso(1) })).toMatchObject({ status: 400 });
    expect(rig.row.endsAt).toBeNull();
    expect(rig.show.change({ opensAt: null })).toBeNull();
    expect(rig.alarm).toBeNull();
    expect(rig.show.change({ opensAt: iso(-1) })).toBeNull();
    expect(rig.row.state).toBe("open");
    expect(rig.show.change({ endsAt: iso(0.5) })).toBeNull();
    await listen(rig, HOUR / 2 + 2_000);
    expect(rig.row.state).toBe("ended");
  });
});

describe("the Directory is told of a show's state", () => {
  test("when it is created, opens, is closed because nobody is there, and ends", async () => {
    const rig = new Rig();
    expect(rig.told).toEqual(["announced"]);
    rig.show.open();
    expect(rig.told.at(-1)).toBe("open");
    await vi.advanceTimersByTimeAsync(31 * 60_000);
    expect(rig.told.slice(1)).toEqual(["open", "announced"]);
    await rig.show.end();
    expect(rig.told.slice(3)).toEqual(["ended"]);
  });

  test("when its object is made anew, and when a live timeline begins anew and waits for its first host again", () => {
    const rig = new Rig();
    rig.show.open();
    const { row } = rig;
    if (isRunning(row)) rig.store.putShow(goLive(row));
    rig.restart();
    rig.talk(1_000);
    expect(rig.told).toEqual(["announced", "open", "live"]);
    rig.jump(690_000);
    rig.talk(1_000);
    expect(rig.row.state).toBe("open");
    expect(rig.told.slice(3)).toEqual(["open"]);
  });

  test("when its stored timeline does not fit: it begins anew, or ends before it was taken up", () => {
    for (const starts of [true, false]) {
      const rig = new Rig();
      rig.show.open();
      rig.talk(3_000);
      const { row } = rig;
      const profile = { ...PROFILES.low, partUnits: 12, segmentUnits: 96 };
      if (isRunning(row)) rig.store.putShow({ ...goLive(row), timeline: { ...row.timeline, profile } });
      rig.restart({ starts });
      if (!starts) void rig.show.end();
      expect(rig.told.slice(2)).toEqual(["live", starts ? "open" : "ended"]);
    }
  });
});

describe("the replay", () => {
  const multivariant = (choice: object) => ({ kind: "multivariant", id: "show", ...choice }) as never;
  const rewind = (epoch: string, from: "live" | "open") =>
    ({ kind: "rewind", id: "show", epoch, from, directives: {} }) as never;
  const named = async (rig: Rig, choice: object = {}) => {
    const read = await rig.show.read(multivariant(choice), {});
    if (read.kind !== "multivariant") throw new Error(JSON.stringify(read));
    return /^([0-9a-z]+)\/(.+)$/m.exec(read.text)?.slice(1) ?? [];
  };
  const listed = async (rig: Rig, epoch: string, from: "live" | "open" = "live") => {
    const read = await rig.show.read(rewind(epoch, from), {});
    if (read.kind !== "playlist") throw new Error(JSON.stringify(read));
    return readList(read.text);
  };
  const live = (rig: Rig) => {
    rig.show.open();
    const { row } = rig;
    if (isRunning(row)) rig.store.putShow(goLive(row));
    rig.restart();
  };

  test("has all timelines of a show whose doors were closed and opened again, with continuous numbers", async () => {
    const rig = new Rig();
    live(rig);
    rig.talk(20_000);
    const first = rig.epoch;
    await vi.advanceTimersByTimeAsync(31 * 60_000);
    expect(rig.row.state).toBe("announced");
    const next = rig.store.index.nextMsn();
    rig.show.open();
    const second = rig.epoch;
    expect((await rig.list()).firstMsn).toBe(next);
    expect((await rig.list()).segments[0]?.name).toBe(`s${next}.m4s`);
    live(rig);
    rig.talk(20_000);
    expect(await named(rig)).toEqual([second, "audio.m3u8"]);
    expect(await named(rig, { dvr: "1" })).toEqual([second, "rewind.m3u8"]);
    await rig.show.end();
    vi.advanceTimersByTime(CLOSING_MS);
    expect(await named(rig)).toEqual([second, "rewind.m3u8"]);
    const list = await listed(rig, second);
    const own = list.segments.filter(({ name }) => /^s\d/.test(name));
    expect([list.ended, own.every(({ name, msn }) => name === `s${msn}.m4s`)]).toEqual([true, true]);
    expect(list.segments[0]?.name).toBe(`../${first}/s${rig.store.index.timelines()[0]?.liveFrom}.m4s`);
    expect((await listed(rig, second, "open")).segments[0]?.name).toBe(`../${first}/s0.m4s`);
    rig.restart();
    expect(await listed(rig, second)).toMatchObject({ text: list.text });
  });

  test("exists of a show which ended while its doors were closed, even before R2 has taken any of it", async () => {
    const rig = new Rig();
    rig.takes = false;
    live(rig);
    rig.talk(20_000);
    const { epoch } = rig;
    await vi.advanceTimersByTimeAsync(31 * 60_000);
    expect(rig.row.state).toBe("announced");
    await rig.show.end();
    expect([rig.row.state, rig.row.timeline]).toEqual(["ended", null]);
    vi.advanceTimersByTime(CLOSING_MS);
    for (const again of [false, true]) {
      if (again) rig.restart();
      expect(await named(rig)).toEqual([epoch, "rewind.m3u8"]);
      const list = await listed(rig, epoch);
      expect([list.ended, list.segments.length > 10]).toEqual([true, true]);
      for (const { msn } of list.segments)
        expect(await rig.show.read({ kind: "segment", id: "show", epoch, msn } as never, {})).toMatchObject({
          kind: "media",
        });
      expect(await rig.show.read({ kind: "init", id: "show", epoch } as never, {})).toMatchObject({
        kind: "media",
      });
    }
  });

  test("has the media of former timelines that R2 lacks, and refuses media that no timeline has", async () => {
    const rig = new Rig();
    rig.takes = false;
    live(rig);
    rig.talk(20_000);
    const { epoch } = rig;
    rig.jump(690_000);
    rig.talk(1_000);
    expect(rig.epoch > epoch).toBe(true);
    const ask = (msn: number, of = epoch) =>
      rig.show.read({ kind: "segment", id: "show", epoch: of, msn } as never, {});
    expect(await ask(3)).toMatchObject({ kind: "media" });
    expect(await rig.show.read({ kind: "init", id: "show", epoch } as never, {})).toMatchObject({
      kind: "media",
    });
    expect(await ask(999)).toMatchObject({ code: "other_epoch" });
    expect(await ask(3, "aaaaaaaa")).toMatchObject({ code: "other_epoch" });
    expect(
      await rig.show.read({ kind: "part", id: "show", epoch, msn: 3, index: 0 } as never, {}),
    ).toMatchObject({
      code: "other_epoch",
    });
  });

  test("is not delayed until it has three segments: before, the list from the doors' opening is named", async () => {
    const rig = new Rig();
    rig.show.open();
    expect(await named(rig, { dvr: "1" })).toEqual([rig.epoch, "rewind-open.m3u8"]);
    expect(await rig.show.read(rewind(rig.epoch, "live"), {})).toMatchObject({ code: "no_replay" });
    live(rig);
    rig.talk(2_000);
    // The first host has just been heard: a newcomer begins with the doors' opening.
    expect(await named(rig, { dvr: "1" })).toEqual([rig.epoch, "rewind-open.m3u8"]);
    rig.talk(6_000);
    expect(await named(rig, { dvr: "1" })).toEqual([rig.epoch, "rewind.m3u8"]);
    expect(await named(rig, { dvr: "1", from: "open" })).toEqual([rig.epoch, "rewind-open.m3u8"]);
    expect(await named(rig, { from: "open" })).toEqual([rig.epoch, "audio.m3u8"]);
  });

  test("keeps the silence before the first host while somebody plays all of it, which else is passed over", async () => {
    const firsts: number[] = [];
    for (const kind of ["rewind", "playlist"] as const) {
      const rig = new Rig();
      rig.show.open();
      const read = async () => {
        const target = { ...(rewind(rig.epoch, "open") as object), kind } as never;
        const answer = await rig.show.read(target, {});
        if (answer.kind !== "playlist") throw new Error(JSON.stringify(answer));
        return readList(answer.text);
      };
      expect((await read()).firstMsn).toBe(0);
      await vi.advanceTimersByTimeAsync(4 * 60_000);
      firsts.push((await read()).firstMsn);
    }
    expect(firsts).toEqual([0, expect.any(Number)]);
    expect(firsts[1]).toBeGreaterThan(100);
  });
});
