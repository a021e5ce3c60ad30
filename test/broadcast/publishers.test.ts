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
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => {});
  rows = new Rows();
  calls = [];
  dial = () => Response.json({ tracks: [{ adapterId: "adapter" }] });
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    const operation = String(url).split("/").slice(-2).join("/");
    calls.push(operation);
    if (operation === "sessions/new") return Response.json({ sessionId: `sfu${calls.length}` });
    if (operation === "tracks/new")
      return Response.json({ sessionDescription: { type: "answer", sdp: "v=0\r\n" } });
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
  const result = await publishers.publish(OFFER, "https://relay", () => true, Date.now());
  if (result.kind !== "accepted") throw new Error(result.kind);
  return result.session;
}

/** Lets time pass, with the sweeps that the show's clock makes. */
async function pass(publishers: Publishers, millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += 1_000) {
    await vi.advanceTimersByTimeAsync(1_000);
    void publishers.sweep(Date.now());
  }
}

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
