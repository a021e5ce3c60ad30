import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { encodePacket } from "../../local/sfu/packet.ts";
import { Secret } from "../../src/access/secret.ts";
import type { Dependencies } from "../../src/broadcast/dependencies.ts";
import { announce, goLive, isRunning, type ShowRow } from "../../src/broadcast/lifecycle.ts";
import { CLOSING_MS, type Read } from "../../src/broadcast/reads.ts";
import { Show } from "../../src/broadcast/show.ts";
import { Store } from "../../src/broadcast/store.ts";
import type { Changes } from "../../src/broadcast-api.ts";
import { Sfu } from "../../src/ingest/sfu.ts";
import { type Directives, type Latency, PROFILES } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";
import { readList } from "../kit/list.ts";
import { sqlite } from "../kit/sqlite.ts";

/** A show's life, restarts in the middle of it, and what rests while nobody is there. */

// Before anything is imported: the timeline imports what it leaves in dist/.
await vi.hoisted(async () => {
  const { buildAac } = await import("../../build/aac.mjs");
  await buildAac();
});
vi.mock("../../dist/aac.wasm", async () => {
  const { readFileSync } = await import("node:fs");
  const bytes = readFileSync(new URL("../../dist/aac.wasm", import.meta.url));
  return { default: new WebAssembly.Module(bytes) };
});

const NOW = Date.UTC(2026, 10, 25, 12);
const HOST = "host";
/** How long the last segment of a show with parts is, which is silence; milliseconds. */
const LAST_MS = 64;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A show on a fake clock, and its host. */
class Rig {
  readonly store = new Store(sqlite());
  readonly puts: string[] = [];
  /** Whether R2 takes what is put. */
  takes = true;
  readonly restarts: string[] = [];
  /** The states that the Directory was told of, one after the other. */
  readonly told: string[] = [];
  /** When the object is to be brought back. */
  alarm: number | null = null;
  show: Show;
  #sequenceNumber = 1;
  /** When the host sent its next packet, by its own clock, which nobody sets; milliseconds. */
  #sent = 0;

  constructor(latency: Latency = "low", details: Changes = {}) {
    this.store.putShow(
      announce({ ...DETAILS, ...details, id: "show", latency, bitrate: 128_000 }, Date.now()),
    );
    this.show = this.restart();
  }

  /** The object anew, from its store. */
  restart({ starts = true } = {}): Show {
    const now = Date.now();
    // Which sets the clock back to where it began.
    vi.clearAllTimers();
    vi.setSystemTime(now);
    const { row } = this;
    const put = async (key: string) => {
      if (!this.takes) throw new Error("the test's R2 takes nothing");
      this.puts.push(key);
      return {};
    };
    const dependencies: Dependencies = {
      store: this.store,
      bucket: { put } as unknown as R2Bucket,
      lifeboatUrl: null,
      sfu: new Sfu("http://127.0.0.1:9", "none", "none"),
      secret: new Secret("a secret for the test"),
      notice: { tell: ({ state }) => this.told.at(-1) !== state && this.told.push(state) },
      waitUntil: () => {},
      setAlarm: (time) => {
        this.alarm = time;
      },
      restart: (why) => this.restarts.push(why),
    };
    this.show = new Show(row, dependencies);
    if (starts) this.show.start();
    return this.show;
  }

  get row(): ShowRow {
    const stored = this.store.show("show");
    if (stored?.kind !== "whole") throw new Error("there is no show");
    return stored.row;
  }

  get epoch(): string {
    return this.row.timeline?.epoch ?? "";
  }

  /** Lets `millis` pass, of which the host talks throughout. */
  talk(millis: number): void {
    for (let passed = 0; passed < millis; passed += 20) {
      vi.advanceTimersByTime(20);
      this.#sent += 20;
      const payload = new Uint8Array(4 * 960).map((_, n) => (n % 2 === 0 ? 0 : n % 384 < 192 ? 30 : 226));
      const [sequenceNumber, timestamp] = [this.#sequenceNumber++, (this.#sent * 48) % 2 ** 32];
      this.show.hear(HOST, encodePacket({ sequenceNumber, timestamp, payload }));
    }
  }

  /** The wall clock jumps by so much in no time; the host goes on all the same for `slept`. */
  jump(millis: number, slept = 0): void {
    vi.setSystemTime(Date.now() + millis);
    this.#sent += slept;
    this.#sequenceNumber += slept / 20;
  }

  read(epoch = this.epoch): Promise<Read> | Read {
    return this.show.read({ kind: "playlist", id: "show", epoch, directives: {} } as never, {});
  }

  async list() {
    const read = await this.read();
    if (read.kind !== "playlist") throw new Error(JSON.stringify(read));
    const list = readList(read.text);
    const last = list.parts.at(-1) ?? list.segments.at(-1);
    if (last === undefined) throw new Error("the list is empty");
    return { ...list, end: last.date + 1000 * last.duration };
  }

  /** The list after its end, which comes a moment after the show's. */
  async endedList() {
    await vi.advanceTimersByTimeAsync(CLOSING_MS);
    const list = await this.list();
    expect(list.ended).toBe(true);
    return list;
  }

  async peak(): Promise<number> {
    const read = await this.show.read({ kind: "status", id: "show" } as never, {});
    if (read.kind !== "status") throw new Error(read.kind);
    return (read.status as { meter: { peakDb: number } }).meter.peakDb;
  }
}

/** Lets `millis` pass, in all of which a listener follows the show. */
async function listen(rig: Rig, millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += 1_000) {
    await vi.advanceTimersByTimeAsync(Math.min(1_000, millis - passed));
    await rig.read();
  }
}

/** The numbers of the segments that R2 has of a timeline. */
function numbersOf({ puts, epoch }: Rig): number[] {
  return puts.flatMap((key) =>
    key.includes(epoch) ? (/s(\d+)\.m4s$/.exec(key)?.slice(1).map(Number) ?? []) : [],
  );
}

/** Every segment's date is where the one before it ended. */
function expectOneClock({ segments }: { segments: readonly { date: number; duration: number }[] }): void {
  for (const [n, { date, duration }] of segments.slice(0, -1).entries()) {
    expect(segments[n + 1]?.date).toBeCloseTo(date + 1000 * duration, 6);
  }
}

test("who waits for a show that ends without having begun is told at once", async () => {
  const rig = new Rig();
  const waiting = rig.show.read({ kind: "status", id: "show", waits: true }, {});
  void rig.show.end();
  const told = await Promise.race([waiting, new Promise((resolve) => setImmediate(() => resolve("held")))]);
  expect(told).toMatchObject({ kind: "status", status: { state: "ended" } });
});

describe("a show whose object is there, and whose timeline has not been taken up yet", () => {
  async function standing() {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const before = await rig.list();
    rig.restart({ starts: false });
    return { rig, before };
  }

  test("has nothing to read, and is described all the same", async () => {
    const { rig } = await standing();
    rig.talk(100);
    expect(await rig.read()).toMatchObject({ code: "not_started" });
    expect(await rig.show.describe("https://relay")).toMatchObject({ state: "open", listingMs: null });
  });

  test("ends where its last part did, and that is what can be read", async () => {
    const { rig, before } = await standing();
    vi.setSystemTime(Date.now() + 60_000);
    void rig.show.end();
    expect(rig.row).toMatchObject({ state: "ended", timeline: { epoch: rig.epoch } });
    const list = await rig.endedList();
    expect(list.end).toBeGreaterThanOrEqual(before.end);
    expect(list.end).toBeLessThan(before.end + 384 + LAST_MS);
  });

  test("has its key replaced, and goes on by the new one", async () => {
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
    "has a whole first list at once, %s",
    async (latency) => {
      const rig = new Rig(latency);
      rig.show.open();
      const list = await rig.list();
      expect(list.segments).toHaveLength(3);
      expectOneClock(list);
      // It ends where a list that has run for long ends: the playout delay and what the encoder takes before now.
      expect(NOW - list.end).toBeGreaterThan(85);
      expect(NOW - list.end).toBeLessThan(90);
      await vi.advanceTimersByTimeAsync(10_000);
      const later = await rig.list();
      const [part, segment] = [latency === "low" ? 384 : 640, latency === "economy" ? 3_840 : 0];
      expect(NOW + 10_000 - later.end).toBeLessThan(90 + part + segment);
      expect(rig.restarts).toEqual([]);
    },
  );

  test("wakes up for whole parts while there is no host, and at once for the first packet of one", async () => {
    const rig = new Rig("balanced");
    rig.show.open();
    const timers = vi.spyOn(globalThis, "setTimeout");
    // Those of the clock: what waits for R2 has a limit of its own, which is longer.
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
    "and whoever comes finds it as one that somebody has followed all the time, %s",
    async (latency) => {
      const [rig, twin] = [new Rig(latency), new Rig(latency)];
      for (const one of [rig, twin]) one.show.open();
      for (const millis of [12_000, 27_300, 4_400, 61_000, 299_000, 0, 301_000, 900_000]) {
        await listen(twin, millis);
        const lists = [await rig.read(), await twin.read()];
        expect(lists[0], `${millis} ms`).toEqual(lists[1]);
        const [own, others] = [rows(rig), rows(twin)];
        expect(own).toEqual(others.slice(-own.length));
        const first = own.find(({ index }) => index === 0);
        const read = { kind: "part", id: "show", epoch: rig.epoch, msn: first?.msn, index: 0 } as never;
        expect(await rig.show.read(read, {})).toMatchObject({ bytes: first?.bytes });
        for (const one of [rig, twin]) expectOneClock(await one.list());
      }
      // And goes on at its pace from then on. What was made late, because nobody needed it, does not count as late.
      for (const one of [rig, twin]) await listen(one, 7_000);
      expect(await rig.read()).toEqual(await twin.read());
      const { listingMs } = (await rig.show.describe("https://relay")) as {
        listingMs: { max: number };
      };
      expect(listingMs.max).toBeLessThan(100);
      expect([...rig.restarts, ...twin.restarts]).toEqual([]);
    },
  );

  test("nothing of it runs meanwhile but once in five minutes, nor is any of its silence put to R2 but what lists have", async () => {
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
    // What is listed then, R2 has, each segment once.
    const numbers = numbersOf(rig);
    expect(new Set(numbers).size).toBe(numbers.length);
    const { segments } = await rig.list();
    await vi.advanceTimersByTimeAsync(3_000);
    for (const { msn } of segments) expect(numbersOf(rig)).toContain(msn);
    timers.mockRestore();
  });

  test("an alarm would bring it back if its object went meanwhile, and the timeline goes on", async () => {
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

  test("a host is heard from the first packet on; once one has been, R2 misses nothing, however long nobody is there", async () => {
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

  test("nothing is passed over that R2 has not got before", async () => {
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

  test("ended in it, it ends at that moment, and closed in it, at its time", async () => {
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

describe("an object that did not run for a while, and goes on", () => {
  test("690 s: a new epoch begins at once, which has the host's sound from the first moment on", async () => {
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

  test("690 s of which it rested: who reads next finds a new epoch, whose first list is whole", async () => {
    const rig = new Rig();
    rig.show.open();
    await vi.advanceTimersByTimeAsync(60_000);
    const { epoch } = rig;
    rig.jump(690_000);
    expect(await rig.read(epoch)).toMatchObject({ kind: "problem", status: 410 });
    expect(rig.epoch > epoch).toBe(true);
    expect((await rig.list()).segments).toHaveLength(3);
    expect(rig.restarts).toEqual([]);
    // The old clock is gone with its timeline: one alone drives the new.
    await listen(rig, 5_000);
    expect(vi.getTimerCount()).toBe(1);
  });

  test("590 s: filled with silence within a second, and the host is heard from the first moment on", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(3_000);
    const { epoch } = rig;
    const start = await rig.list();
    rig.jump(590_000, 590_000);
    const before = performance.now();
    rig.talk(300);
    const took = performance.now() - before;
    console.log(`590 s of silence took ${took.toFixed(0)} ms`);
    expect(took).toBeLessThan(1_000);
    expect(rig.epoch).toBe(epoch);
    const list = await rig.list();
    expectOneClock(list);
    expect(Date.now() - list.end).toBeLessThan(90 + 384);
    // The list has moved on by as much as the clock.
    const moved = (list.segments.at(-1)?.msn ?? 0) - (start.segments.at(-1)?.msn ?? 0);
    expect(moved).toBeGreaterThan(590_000 / 1_920 - 2);
    expect(await rig.peak()).toBeGreaterThan(-20);
  });

  test("a timeline whose stored segments are not its profile's begins anew, also where none was open", async () => {
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

  test("nor does it where the object restarts meanwhile; and set right again, the dates are true again", async () => {
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

  test("by more than ten minutes, a new epoch begins whose dates are true", async () => {
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

describe("a show that has neither host nor listener", () => {
  const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);
  const segment = (epoch: string) => ({ kind: "segment", id: "show", epoch, msn: 0 }) as const;

  test("closes after half an hour, whoever asks how it is; then there is no timer and no alarm", async () => {
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
  ])("stays open half an hour from when somebody read %s", async (_, read) => {
    const rig = new Rig();
    rig.show.open();
    await minutes(20);
    await read(rig);
    await minutes(29.9);
    expect(rig.row.state).toBe("open");
    await minutes(0.2);
    expect(rig.row.state).toBe("announced");
  });

  test("stays open half an hour from when its object was made anew", async () => {
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
  test.each([0, 400, 1_100, 1_900])(
    "%d ms into a segment: all that was said is listed, and within a part target one more segment, with the list's end",
    async (millis) => {
      const rig = new Rig();
      rig.show.open();
      rig.talk(9_600 + millis);
      const before = await rig.list();
      const { msn, index } = before.parts.at(-1) ?? { msn: 0, index: 0 };
      void rig.show.end();
      const closing = await rig.list();
      expect([closing.ended, closing.end - before.end]).toEqual([false, expect.any(Number)]);
      expect(closing.end).toBeGreaterThanOrEqual(before.end);
      // A segment that was just finished is the last but one; any other is closed where it is.
      const isWhole = index === 4 && closing.end === before.end;
      expect(closing.segments.at(-1)?.msn).toBe(
        isWhole ? msn : Math.max(msn, closing.parts.at(-1)?.msn ?? 0),
      );
      const list = await rig.endedList();
      expect(list.segments.at(-1)).toMatchObject({
        msn: (closing.segments.at(-1)?.msn ?? 0) + 1,
        duration: LAST_MS / 1000,
      });
      // Dates are whole milliseconds.
      expect(Math.round(list.end - closing.end)).toBe(LAST_MS);
    },
  );

  test("lets those go who wait for its next part, and again those who wait for what comes after it", async () => {
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

  test("without parts ends its list at once", async () => {
    const rig = new Rig("economy");
    rig.show.open();
    rig.talk(20_000);
    void rig.show.end();
    expect((await rig.list()).ended).toBe(true);
  });

  test("and is made anew in that moment has its list ended", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.talk(9_600);
    void rig.show.end();
    rig.restart();
    expect((await rig.list()).ended).toBe(true);
  });
});

test("what R2 did not take before the end, the object that is made anew gets to it, and then needs no alarm", async () => {
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
  await rig.show.settle();
  expect(numbersOf(rig).at(-1)).toBe(last);
  expect([rig.puts[0], rig.alarm]).toEqual([`show/${rig.epoch}/init.mp4`, null]);
});

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

  test("has its object brought back when it opens, and opens then, also where that is late", async () => {
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

  test("opens once: closed for want of anybody, it stays closed", async () => {
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
    expect([rig.row.state, rig.row.endedAt]).toEqual(["ended", expect.closeTo(NOW + HOUR / 4, -4)]);
    await rig.show.settle();
    expect([vi.getTimerCount(), rig.alarm]).toEqual([0, null]);
  });

  test("ends at its time though its doors are closed", async () => {
    const rig = new Rig("low", { endsAt: iso(1) });
    await rig.show.settle();
    expect(rig.alarm).toBe(NOW + HOUR);
    vi.setSystemTime(NOW + HOUR);
    rig.restart().doWhatIsDue();
    expect(rig.row.state).toBe("ended");
  });

  test("ends so long after its last host has left, also where the object is made anew meanwhile", async () => {
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

  test("opens for its first listener, who has a list at once", async () => {
    const rig = new Rig("low");
    expect(await rig.show.read({ kind: "status", id: "show", waits: false }, {})).toMatchObject({
      status: { state: "announced", autoOpen: true, line: null },
    });
    expect(rig.row.state, "who asks how it is does not listen").toBe("announced");
    expect(await rig.show.read(first, {})).toMatchObject({ kind: "multivariant" });
    expect(rig.row.state).toBe("open");
    expect((await rig.list()).segments).toHaveLength(3);
    expect(await rig.show.read({ kind: "status", id: "show", waits: false }, {})).toMatchObject({
      status: { state: "open", line: "silence" },
    });
  });

  test("does not where it is not to, nor after its end", async () => {
    const rig = new Rig("low", { autoOpen: false });
    expect(await rig.show.read(first, {})).toMatchObject({ code: "not_started" });
    await rig.show.end();
    const over = new Rig("low");
    await over.show.end();
    await over.show.read(first, {});
    expect([rig.row.state, over.row.state]).toEqual(["ended", "ended"]);
  });

  test("has another title for who reads its playlist, also after its end", async () => {
    const rig = new Rig();
    rig.show.open();
    rig.show.change({ title: "While it ran" });
    expect(await rig.show.read(first, {})).toMatchObject({ text: expect.stringContaining("While it ran") });
    await rig.show.end();
    rig.show.change({ title: "After its end" });
    expect(await rig.show.read(first, {})).toMatchObject({ text: expect.stringContaining("After its end") });
  });

  test("can be changed: what is said of it, and when it opens", async () => {
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

  test("when its object is made anew, and when a timeline that was live begins anew and waits for its first host again", () => {
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

  test("when it has begun anew because its store did not fit, before the object was made and at the end", () => {
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

  test("has all timelines of a show whose doors were closed and opened again, whose numbers go on", async () => {
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

  test("is that of a show which ended while its doors were closed, before R2 has taken any of it too", async () => {
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

  test("gives media of former timelines that R2 has not taken, and refuses what none has", async () => {
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

  test("is not held back from who asks before its first three segments, but given once they are there", async () => {
    const rig = new Rig();
    rig.show.open();
    expect(await named(rig, { dvr: "1" })).toEqual([rig.epoch, "rewind-open.m3u8"]);
    expect(await rig.show.read(rewind(rig.epoch, "live"), {})).toMatchObject({ code: "no_replay" });
    live(rig);
    rig.talk(2_000);
    // Its first host has just been heard: who comes now begins with the doors' opening.
    expect(await named(rig, { dvr: "1" })).toEqual([rig.epoch, "rewind-open.m3u8"]);
    rig.talk(6_000);
    expect(await named(rig, { dvr: "1" })).toEqual([rig.epoch, "rewind.m3u8"]);
    expect(await named(rig, { dvr: "1", from: "open" })).toEqual([rig.epoch, "rewind-open.m3u8"]);
    expect(await named(rig, { from: "open" })).toEqual([rig.epoch, "audio.m3u8"]);
  });
});
