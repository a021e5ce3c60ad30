import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Secret } from "../../src/access/secret.ts";
import { type Publisher, Publishers } from "../../src/broadcast/publishers.ts";
import type { Store } from "../../src/broadcast/store.ts";
import { Sfu } from "../../src/ingest/sfu.ts";

/** The rows of a Broadcast's SQLite that publishers are in. */
class Rows {
  readonly all = new Map<string, Publisher>();
  publishers = () => [...this.all.values()];
  putPublisher = (publisher: Publisher) => void this.all.set(publisher.session, publisher);
  dropPublisher = (session: string) => void this.all.delete(session);
}

const OFFER = { sdp: "v=0\r\n", mid: "0" };
const PENDING = () => Response.json({ errorCode: "session_error" }, { status: 425 });

let rows: Rows;
/** What was asked of the SFU. */
let calls: string[];
/** What the SFU says when it is to dial. */
let dial: () => Response;
/** How long the SFU takes to answer an offer. */
let answerMillis: number;
let hasEnded: boolean;
const isOver = () => hasEnded;
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => {});
  rows = new Rows();
  calls = [];
  answerMillis = 0;
  hasEnded = false;
  dial = () => Response.json({ tracks: [{ adapterId: "adapter" }] });
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    const operation = String(url).split("/").slice(-2).join("/");
    calls.push(operation);
    if (operation === "sessions/new") return Response.json({ sessionId: `sfu${calls.length}` });
    if (operation === "tracks/new") {
      if (answerMillis > 0) await new Promise((resolve) => setTimeout(resolve, answerMillis));
      return Response.json({ sessionDescription: { type: "answer", sdp: "v=0\r\n" } });
    }
    return operation === "websocket/new" ? dial() : Response.json({});
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const make = () =>
  new Publishers(
    {
      store: rows as unknown as Store,
      sfu: new Sfu("http://sfu/v1", "app", "secret"),
      // Signing takes real time, which a fake clock does not wait for.
      secret: { sign: async () => new Uint8Array(32) } as unknown as Secret,
      later: () => {},
    },
    "show-aaaaaa",
    Date.now(),
  );

async function publish(publishers: Publishers): Promise<string> {
  const result = await publishers.publish(OFFER, "https://relay", isOver);
  if (result === "ended" || result.kind !== "accepted") throw new Error(JSON.stringify(result));
  return result.session;
}

/** Lets time pass, with the sweeps that the show's clock makes. */
async function pass(publishers: Publishers, millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += 1_000) {
    await vi.advanceTimersByTimeAsync(1_000);
    void publishers.sweep(Date.now());
  }
}

/** Lets time pass while these talk. */
async function talk(publishers: Publishers, millis: number, ...sessions: string[]): Promise<void> {
  for (let passed = 0; passed < millis; passed += 20) {
    for (const session of sessions) publishers.hear(session, Date.now());
    await vi.advanceTimersByTimeAsync(20);
  }
}

describe("a host that publishes while another", () => {
  test.each<[string, number, number]>([
    ["has connected for 4 s", 0, 4_000],
    ["has connected for 24 s", 0, 24_000],
    ["has a hiccup of 1.2 s", 5_000, 1_200],
    ["has been quiet for 5.5 s", 5_000, 5_500],
  ])("%s is mixed with it", async (_, talked, quiet) => {
    const publishers = make();
    const first = await publish(publishers);
    await talk(publishers, talked, first);
    await talk(publishers, quiet);
    const second = await publish(publishers);
    expect(publishers.sessions).toEqual([first, second]);
  });

  test.each<[string, number, number]>([
    ["has been quiet for 6 s", 5_000, 6_000],
    ["was never heard in 25 s", 0, 25_000],
  ])("%s takes its place", async (_, talked, quiet) => {
    const publishers = make();
    const first = await publish(publishers);
    await talk(publishers, talked, first);
    await talk(publishers, quiet);
    const second = await publish(publishers);
    expect(publishers.sessions).toEqual([second]);
    expect(calls.at(-1)).toBe("tracks/close");
  });

  test("was quiet and talks again before the SFU answers is mixed with it", async () => {
    const publishers = make();
    const first = await publish(publishers);
    await talk(publishers, 100, first);
    await talk(publishers, 6_000);
    answerMillis = 4_000;
    const second = publish(publishers);
    await talk(publishers, 4_100, first);
    expect(publishers.sessions).toEqual([first, await second]);
  });

  test("is dialled for after a restart is mixed with it", async () => {
    const first = await publish(make());
    await vi.advanceTimersByTimeAsync(60_000);
    const restarted = make();
    await talk(restarted, 10_000);
    const second = await publish(restarted);
    expect(restarted.sessions).toEqual([first, second]);
  });
});

describe("where all eight places are taken", () => {
  async function full(): Promise<{ publishers: Publishers; hosts: string[] }> {
    const publishers = make();
    const hosts = [];
    for (let n = 0; n < 8; n++) hosts.push(await publish(publishers));
    return { publishers, hosts };
  }

  test("nobody loses the place by a ninth, who hears how many are on", async () => {
    const { publishers, hosts } = await full();
    await talk(publishers, 30_000, ...hosts);
    calls.length = 0;
    const result = await publishers.publish(OFFER, "https://relay", isOver);
    expect(result).toEqual({ kind: "crowded", limit: 8 });
    expect(calls).toEqual([]);
    expect(publishers.sessions).toEqual(hosts);
  });

  test("a host killed without a word is back within 3 s, in its own place", async () => {
    const { publishers, hosts } = await full();
    await talk(publishers, 5_000, ...hosts);
    hosts.splice(3, 1);
    await talk(publishers, 1_500, ...hosts);
    const back = await publish(publishers);
    expect(publishers.sessions).toEqual([...hosts, back]);
  });

  test("the longest quiet one goes, and no other", async () => {
    const { publishers, hosts } = await full();
    await talk(publishers, 5_000, ...hosts);
    const [, shorter = "", ...others] = hosts;
    await talk(publishers, 1_000, ...others, shorter);
    await talk(publishers, 2_000, ...others);
    const back = await publish(publishers);
    expect(publishers.sessions).toEqual([shorter, ...others, back]);
  });

  test("a host that publishes anew every 3 s, and dies each time, always may, and never costs another's place", async () => {
    const publishers = make();
    const others = [];
    for (let n = 0; n < 7; n++) others.push(await publish(publishers));
    for (let n = 0; n < 20; n++) {
      const again = await publish(publishers);
      await talk(publishers, 1_500, again, ...others);
      await talk(publishers, 1_500, ...others);
      expect(publishers.sessions).toEqual(expect.arrayContaining([...others, again]));
    }
  });

  test("of many who come at once no ninth stays, and the SFU is told so", async () => {
    const publishers = make();
    answerMillis = 1_000;
    const results = Array.from({ length: 10 }, () => publishers.publish(OFFER, "https://relay", isOver));
    await vi.advanceTimersByTimeAsync(1_100);
    const kinds = (await Promise.all(results)).map((result) => (result === "ended" ? result : result.kind));
    expect(kinds).toEqual([...Array(8).fill("accepted"), "crowded", "crowded"]);
    expect(publishers.sessions).toHaveLength(8);
    expect(calls.filter((call) => call === "tracks/close")).toHaveLength(2);
  });
});

test("a host whom the SFU answers after the show has ended is not taken: nothing is stored, the SFU is told", async () => {
  const publishers = make();
  answerMillis = 1_000;
  const result = publishers.publish(OFFER, "https://relay", isOver);
  await vi.advanceTimersByTimeAsync(500);
  hasEnded = true;
  await vi.advanceTimersByTimeAsync(600);
  expect(await result).toBe("ended");
  expect([publishers.sessions, rows.all.size]).toEqual([[], 0]);
  expect(calls.at(-1)).toBe("tracks/close");
});

describe("a host that never connects", () => {
  test("is given up once, after 25 s, and the SFU is asked nothing more", async () => {
    dial = PENDING;
    const publishers = make();
    const session = await publish(publishers);
    void publishers.attach(session);
    await pass(publishers, 23_000);
    expect(publishers.sessions).toEqual([session]);
    await pass(publishers, 5_000);
    expect(publishers.sessions).toEqual([]);
    expect(rows.all.size).toBe(0);
    expect(calls.at(-1)).toBe("tracks/close");
    const asked = calls.length;
    expect(asked).toBeLessThan(40);
    await pass(publishers, 60_000);
    expect(calls).toHaveLength(asked);
  });

  test("is asked for at once by an object that restarted meanwhile, and given up as well", async () => {
    dial = PENDING;
    await publish(make());
    calls.length = 0;
    const restarted = make();
    await pass(restarted, 3_000);
    expect(calls).toContain("websocket/new");
    await pass(restarted, 25_000);
    expect(restarted.sessions).toEqual([]);
    expect(calls.at(-1)).toBe("tracks/close");
  });
});

test("every host whose socket stayed away after a restart is asked for anew, all at the same time", async () => {
  const before = make();
  for (const session of [await publish(before), await publish(before)]) await before.attach(session);
  calls.length = 0;
  const restarted = make();
  await pass(restarted, 16_000);
  expect(calls).toEqual([]);
  await pass(restarted, 2_000);
  expect(calls).toEqual(["websocket/new", "websocket/new"]);
  expect([...rows.all.values()].map(({ generation }) => generation)).toEqual([2, 2]);
});
