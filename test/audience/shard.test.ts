import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Secret } from "../../src/access/secret.ts";
import { Growth } from "../../src/audience/growth.ts";
import { type Kept, type Report, Shard } from "../../src/audience/shard.ts";
import { SLOT_MS } from "../../src/audience/slots.ts";
import { Sightings } from "../../src/edge/sightings.ts";
import { random } from "../kit/random.ts";

/** Reports that come twice, late or never: a shard never counts more than was seen. */

const SHOW = "town-hall-abc123";
const T = 1_000_000_000 * SLOT_MS;
const secret = new Secret("0123456789abcdef0123456789abcdef");

beforeEach(() => {
  vi.useFakeTimers({ now: T, toFake: ["Date"] });
  const next = random(7);
  vi.spyOn(Math, "random").mockImplementation(() => next() / 2 ** 32);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/**
 * Isolates that report to a show's shards on a fake clock. Isolates and shards are the real ones; few isolates fill a shard
 * here.
 */
class World {
  readonly isolates: Sightings[] = [];
  readonly shards = new Map<string, { shard: Shard; passesAt: number | null; heardAt: number }>();
  /** Reports that each shard has received so far. */
  readonly load = new Map<string, number>();
  readonly #next = random(11);
  readonly #lost: number;
  readonly #kept: Promise<unknown>[] = [];
  #second = 0;

  constructor(lost = 0) {
    this.#lost = lost;
  }

  get now(): number {
    return T + 1000 * this.#second;
  }

  get top(): Shard {
    return this.#at(SHOW).shard;
  }

  /** The shards that received a report in the last 30 s. */
  get awake(): string[] {
    return [...this.shards].filter(([, { heardAt }]) => this.now - heardAt < 30_000).map(([name]) => name);
  }

  isolatesAre(count: number): void {
    while (this.isolates.length < count) this.isolates.push(new Sightings());
    this.isolates.length = count;
  }

  /** Lets `seconds` pass and calls `each` after every one. Each isolate has five listeners, each with an address of its own. */
  async run(seconds: number, each: () => void = () => {}): Promise<void> {
    for (const until = this.#second + seconds; this.#second < until; ) {
      this.#second += 1;
      vi.setSystemTime(this.now);
      const keep = (work: Promise<unknown>) => void this.#kept.push(work);
      const binding = {
        idFromName: (name: string) => name as unknown as DurableObjectId,
        get: (id: DurableObjectId) => ({
          report: (report: Report) => this.#deliver(String(id), report),
          forget: async () => {},
        }),
      };
      for (const [i, isolate] of this.isolates.entries()) {
        for (let listener = 0; listener < 5; listener += 1) {
          const address = `10.${i}.${listener}.1`;
          if ((this.#second + listener) % 2 !== 0) continue;
          const media = { names: [this.#second], mediaMs: 2000, share: 1, address };
          isolate.see(SHOW, `listener-${i}-${listener}`, address, secret, keep);
          isolate.deliver(SHOW, media, secret, keep);
        }
        isolate.report(SHOW, binding, keep);
      }
      await this.#settle();
      for (const [name, at] of this.shards) {
        if (at.passesAt === null || at.passesAt > this.now) continue;
        at.passesAt = null;
        const report = at.shard.report(name, SHOW, this.now);
        if (report === null) continue;
        const answer = await this.#deliver(SHOW, report).catch(() => null);
        if (answer === null) at.passesAt = this.now + SLOT_MS;
        else at.shard.answered(report, answer);
      }
      each();
    }
  }

  restart(name: string, kept: Kept | null = null): void {
    const shards = this.#at(name).shard.shards;
    const shard = new Shard(`boot ${name} ${this.now}`, this.now, kept, growth(shards, this.now));
    this.shards.set(name, { shard, passesAt: null, heardAt: this.now });
  }

  async #settle(): Promise<void> {
    while (this.#kept.length > 0) await Promise.all(this.#kept.splice(0));
  }

  /** Loses a fraction of the reports: half of them do not arrive, and of the others the answer is lost. */
  async #deliver(name: string, report: Report) {
    const luck = this.#next() / 2 ** 32;
    if (luck < this.#lost / 2) throw new Error("lost by the test");
    const at = this.#at(name);
    at.heardAt = this.now;
    this.load.set(name, (this.load.get(name) ?? 0) + 1);
    const answer = structuredClone(at.shard.take(structuredClone(report), this.now));
    if (report.up !== null) at.passesAt ??= this.now + SLOT_MS;
    if (luck < this.#lost) throw new Error("its answer lost by the test");
    return answer;
  }

  #at(name: string) {
    const known = this.shards.get(name);
    if (known !== undefined) return known;
    const shard = new Shard(`boot ${name}`, this.now, null, growth(1, this.now));
    const made = { shard, passesAt: null, heardAt: 0 };
    this.shards.set(name, made);
    return made;
  }
}

const growth = (count: number, ms: number) => new Growth(count, ms, 15, 10);

describe("a small show", () => {
  test("has one shard, which is its own root", async () => {
    const world = new World();
    world.isolatesAre(8);
    await world.run(90);
    expect([...world.shards.keys()]).toEqual([SHOW]);
    expect(world.top.figures(SHOW, world.now).now).toMatchObject({ listeners: 40, confidence: "high" });
    // Each isolate reports about once in eleven seconds.
    expect(world.load.get(SHOW)).toBeLessThanOrEqual(8 * 9);
  });

  test("is stored when no report is due for so long that its shard may sleep, and is the same when it wakes", async () => {
    const world = new World();
    world.isolatesAre(1);
    await world.run(70);
    let kept: Kept | null = null;
    let puts = 0;
    let slept = 0;
    for (let second = 0; second < 60; second += 1) {
      const before = world.load.get(SHOW) ?? 0;
      await world.run(1);
      if ((world.load.get(SHOW) ?? 0) > before) {
        kept = structuredClone(world.top.kept(world.now)) ?? kept;
        puts += 1;
      }
      const awake = world.top.figures(SHOW, world.now);
      if (second % 10 !== 9 || kept === null) continue;
      world.restart(SHOW, kept);
      slept += 1;
      expect(world.top.figures(SHOW, world.now)).toEqual(awake);
      expect(awake.now).toMatchObject({ listeners: 5, confidence: "high" });
    }
    expect([puts > 3, slept]).toEqual([true, 6]);
  });

  test("is stored once in ten seconds while reports are due sooner: not once for each report", async () => {
    const world = new World();
    world.isolatesAre(9);
    await world.run(60);
    let rows = 0;
    const from = world.load.get(SHOW) ?? 0;
    await world.run(100, () => {
      if (world.top.kept(world.now) !== null) rows += 1;
    });
    expect((world.load.get(SHOW) ?? 0) - from).toBeGreaterThan(60);
    expect(rows).toBeLessThanOrEqual(12);
  });
});

describe("a show that grows and shrinks", () => {
  test.each([0, 0.2])(
    "has shards by how many isolates report, and counts no listener and no second of media twice (%d of the reports lost)",
    { timeout: 60_000 },
    async (lost) => {
      const world = new World(lost);
      const course: [isolates: number, shards: number, most: number][] = [];
      for (const [isolates, seconds] of [
        [4, 90],
        [30, 90],
        [80, 100],
        [4, 260],
      ] as const) {
        world.isolatesAre(isolates);
        let most = 0;
        const before = course.at(-1)?.[0] ?? 0;
        await world.run(seconds, () => {
          const { now } = world.top.figures(SHOW, world.now);
          // Listeners who have left stay in the window for 40 s.
          const there = 5 * Math.max(isolates, before);
          expect(now.listeners, `${isolates} isolates`).toBeLessThanOrEqual(there * 1.016 + 1);
          expect(now.delivered ?? 0, `${isolates} isolates`).toBeLessThanOrEqual(there * 1.03 + 1);
          most = Math.max(most, world.top.shards);
        });
        const { now, settled } = world.top.figures(SHOW, world.now);
        course.push([isolates, world.top.shards, most]);
        const missing = lost > 0 ? 0.2 : 0.016;
        expect(Math.abs(now.listeners - 5 * isolates)).toBeLessThanOrEqual(Math.ceil(missing * 5 * isolates));
        if (lost > 0) continue;
        expect(now).toMatchObject({ confidence: "high" });
        expect(settled?.delivered).toBeCloseTo(5 * isolates, -0.5);
      }
      console.log(`isolates, shards, most shards: ${course.map((step) => step.join(" ")).join(", ")}`);
      expect(course.map(([, shards]) => shards)).toEqual([1, 4, 16, 1]);
      // Back at the start: one shard receives reports, and the others sleep.
      await world.run(40);
      // An isolate that has received no answer tries other shards.
      for (let n = 0; lost > 0 && n < 10 && world.awake.length > 1; n += 1) await world.run(40);
      expect(world.awake).toEqual([SHOW]);
    },
  );

  test("keeps its count while isolates change over to more shards", { timeout: 60_000 }, async () => {
    const world = new World();
    world.isolatesAre(30);
    await world.run(60);
    expect(world.top.shards).toBe(4);
    world.isolatesAre(80);
    await world.run(30);
    const doubts: string[] = [];
    await world.run(120, () => {
      const { now } = world.top.figures(SHOW, world.now);
      expect(now.listeners).toBeGreaterThanOrEqual(394);
      if (now.why !== undefined) doubts.push(now.why);
    });
    expect(world.top.shards).toBe(16);
    // The figure is uncertain only while the newcomers settle.
    expect(doubts.length).toBeLessThan(50);
  });

  test("is known again within one window when all its shards restart, and has as many shards as before", async () => {
    const world = new World();
    world.isolatesAre(30);
    await world.run(90);
    for (const name of world.shards.keys()) world.restart(name);
    expect(world.top.figures(SHOW, world.now).now.confidence).toBe("low");
    await world.run(50, () => expect(world.top.shards).toBe(4));
    expect(world.top.figures(SHOW, world.now).now).toMatchObject({ confidence: "high" });
    expect(Math.abs(world.top.figures(SHOW, world.now).now.listeners - 150)).toBeLessThanOrEqual(3);
  });
});

test("a shard that has received no report has nothing to store and nothing to report", () => {
  const shard = new Shard("boot", T, null, growth(1, T));
  expect(shard.kept(T)).toBeNull();
  expect(shard.report("it", SHOW, T)).toBeNull();
  expect(shard.show(T)).toBeNull();
  expect(shard.figures(SHOW, T)).toMatchObject({ now: { listeners: 0, confidence: "low" }, settled: null });
});
