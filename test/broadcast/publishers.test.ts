import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Secret } from "../../src/access/secret.ts";
import type { PublisherRow } from "../../src/broadcast/publisher.ts";
import { Publishers } from "../../src/broadcast/publishers.ts";
import type { Store } from "../../src/broadcast/store.ts";
import type { JoiningHost, Offer } from "../../src/broadcast-api.ts";
import { Sfu } from "../../src/ingest/sfu.ts";
import { PROBLEMS, tooManyHosts } from "../../src/problem.ts";

/** WHIP sessions: which socket belongs to which session, which supersedes which, and when a host is given up. */

/** A fake of the store with only the publishers' rows. */
class Rows {
  readonly all = new Map<string, PublisherRow>();
  publishers = () => [...this.all.values()];
  putPublisher = (publisher: PublisherRow) => void this.all.set(publisher.session, publisher);
  dropPublisher = (session: string) => void this.all.delete(session);
}

const OFFER: Offer = { kind: "offer", sdp: "v=0\r\n", mid: "0" };
const SESSION_ERROR = () => Response.json({ tracks: [{ errorCode: "session_error" }] }, { status: 503 });
const PENDING = () => Response.json({ errorCode: "session_error" }, { status: 425 });

let rows: Rows;
/** The calls to the SFU. */
let calls: string[];
/** The SFU's answer when it is asked to dial. */
let dial: () => Response | Promise<Response>;
/** The endpoints that the SFU was asked to dial, in order. */
let endpoints: string[];
/** How long the SFU takes to answer an offer, ms. */
let answerMillis: number;
let hasEnded: boolean;
const terms = () => (hasEnded ? PROBLEMS.ended : ({ kind: "terms", maxHosts } as const));
/** How many hosts may be on. */
let maxHosts: number;
/** Returns a newcomer with a host's key. */
const by = (hostId = "host", takeover = false): JoiningHost => ({
  key: { hostId, generation: 0 },
  takeover,
  client: null,
});
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => {});
  rows = new Rows();
  calls = [];
  endpoints = [];
  answerMillis = 0;
  hasEnded = false;
  maxHosts = 8;
  dial = ATTACHED;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    const operation = String(url).split("/").slice(-2).join("/");
    calls.push(operation);
    if (operation === "sessions/new") return Response.json({ sessionId: `sfu${calls.length}` });
    if (operation === "tracks/new") {
      if (answerMillis > 0) await new Promise((resolve) => setTimeout(resolve, answerMillis));
      return Response.json({ sessionDescription: { type: "answer", sdp: "v=0\r\n" } });
    }
    if (operation !== "websocket/new") return Response.json({});
    endpoints.push(JSON.parse(String(init?.body)).tracks[0].endpoint);
    return Promise.race([dial(), timeout(init?.signal)]);
  });
  // The platform's own timeouts do not follow the fake clock.
  vi.spyOn(AbortSignal, "timeout").mockImplementation((millis) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), millis);
    return controller.signal;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Rejects as a call does that is not answered in time. */
const timeout = (signal?: AbortSignal | null) =>
  new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(new DOMException("", "TimeoutError")));
  });
const ATTACHED = () => Response.json({ tracks: [{ adapterId: "adapter" }] });

/** A socket that the SFU has dialled. */
class Socket {
  code: number | null = null;
  close(code: number): void {
    this.code = code;
  }
}
const connect = (publishers: Publishers, session: string, generation = 1, socket = new Socket()) =>
  publishers.connect(session, generation, socket as unknown as WebSocket) ? socket : null;
const lose = (publishers: Publishers, session: string, socket: Socket | null, code = 1006) =>
  publishers.disconnect(session, socket as unknown as WebSocket, code, Date.now());
const generations = () => endpoints.map((url) => Number(url.split("/")[6]));

const make = () =>
  new Publishers(
    {
      store: rows as unknown as Store,
      sfu: new Sfu("http://sfu/v1", "app", "secret"),
      // Signing takes real time, for which a fake clock does not wait.
      secret: { sign: async () => new Uint8Array(32) } as unknown as Secret,
      waitUntil: () => {},
    },
    "show-aaaaaa",
    Date.now(),
    (hostId) => hostId,
  );

async function publish(publishers: Publishers, joining = by()): Promise<string> {
  const result = await publishers.publish(OFFER, joining, "https://relay", terms);
  if (result.kind !== "accepted") throw new Error(JSON.stringify(result));
  return result.session;
}

/** Lets time pass, with the sweeps that the show's clock makes. */
async function pass(publishers: Publishers, millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += 1_000) {
    await vi.advanceTimersByTimeAsync(1_000);
    void publishers.sweep(Date.now());
  }
}

/** Publishes, and connects the SFU's socket at once. */
async function goOn(publishers: Publishers): Promise<string> {
  const session = await publish(publishers);
  connect(publishers, session);
  return session;
}

/** Lets time pass while these sessions talk. */
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
    ["has been quiet for 25 s", 5_000, 25_000],
  ])("%s is mixed with it, since a place is free", async (_, talked, quiet) => {
    const publishers = make();
    const first = await goOn(publishers);
    await talk(publishers, talked, first);
    await talk(publishers, quiet);
    const second = await publish(publishers);
    expect(publishers.sessions).toEqual([first, second]);
    expect(calls).not.toContain("tracks/close");
  });

  test.each<[string, number, number]>([
    ["has been quiet for 6 s", 5_000, 6_000],
    ["was never heard in 25 s", 0, 25_000],
  ])("%s gives it its place, since no other is free", async (_, talked, quiet) => {
    maxHosts = 1;
    const publishers = make();
    const first = await goOn(publishers);
    await talk(publishers, talked, first);
    await talk(publishers, quiet);
    const second = await publish(publishers);
    expect(publishers.sessions).toEqual([second]);
    expect(calls.at(-1)).toBe("tracks/close");
  });

  test("was quiet and talks again before the SFU answers keeps its place, the only one", async () => {
    maxHosts = 1;
    const publishers = make();
    const first = await goOn(publishers);
    await talk(publishers, 100, first);
    await talk(publishers, 6_000);
    answerMillis = 4_000;
    const second = publishers.publish(OFFER, by(), "https://relay", terms);
    await talk(publishers, 4_100, first);
    expect(await second).toEqual(tooManyHosts(1, 1));
    expect(publishers.sessions).toEqual([first]);
  });

  test("has lost the SFU's socket for 60 s is mixed with it: the SFU may be away", async () => {
    const publishers = make();
    dial = () => Response.json({}, { status: 500 });
    const first = await publish(publishers);
    const socket = connect(publishers, first);
    await talk(publishers, 5_000, first);
    await lose(publishers, first, socket);
    await pass(publishers, 60_000);
    const second = await publish(publishers);
    expect(publishers.sessions).toEqual([first, second]);
  });

  test("waits to be dialled after a restart is mixed with it", async () => {
    const first = await publish(make());
    await vi.advanceTimersByTimeAsync(60_000);
    const restarted = make();
    await talk(restarted, 10_000);
    const second = await publish(restarted);
    expect(restarted.sessions).toEqual([first, second]);
  });
});

describe("when all eight places are taken", () => {
  async function full(): Promise<{ publishers: Publishers; hosts: string[] }> {
    const publishers = make();
    const hosts = [];
    for (let n = 0; n < 8; n++) hosts.push(await publish(publishers));
    return { publishers, hosts };
  }

  test("a ninth host gets no place, and is told how many are on", async () => {
    const { publishers, hosts } = await full();
    await talk(publishers, 30_000, ...hosts);
    calls.length = 0;
    const result = await publishers.publish(OFFER, by(), "https://relay", terms);
    expect(result).toEqual(tooManyHosts(8, 1));
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

  test("an object that was just made anew has heard nobody yet: a ninth host gets no place in its first 5 s", async () => {
    const { publishers, hosts } = await full();
    await talk(publishers, 30_000, ...hosts);
    const again = make();
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await again.publish(OFFER, by(), "https://relay", terms)).toEqual(tooManyHosts(8, 1));
    await vi.advanceTimersByTimeAsync(200);
    await publish(again);
    expect(again.sessions.slice(0, 7)).toEqual(hosts.slice(1));
  });

  test("the host who has been quiet the longest gives way, and no other", async () => {
    const { publishers, hosts } = await full();
    await talk(publishers, 5_000, ...hosts);
    const [, shorter = "", ...others] = hosts;
    await talk(publishers, 1_000, ...others, shorter);
    await talk(publishers, 2_000, ...others);
    const back = await publish(publishers);
    expect(publishers.sessions).toEqual([shorter, ...others, back]);
  });

  test("a host who publishes anew every 3 s and dies each time is always let in, and never costs another's place", async () => {
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
    const results = Array.from({ length: 10 }, () => publishers.publish(OFFER, by(), "https://relay", terms));
    await vi.advanceTimersByTimeAsync(1_100);
    const kinds = (await Promise.all(results)).map((result) =>
      result.kind === "problem" ? result.code : result.kind,
    );
    expect(kinds).toEqual([...Array(8).fill("accepted"), "too_many_hosts", "too_many_hosts"]);
    expect(publishers.sessions).toHaveLength(8);
    expect(calls.filter((call) => call === "tracks/close")).toHaveLength(2);
  });
});

describe("a newcomer that takes over", () => {
  test("takes the place of its own host's older session when all places are taken by talking hosts", async () => {
    maxHosts = 3;
    const publishers = make();
    const ada = await publish(publishers, by("ada"));
    const ben = await publish(publishers, by("ben"));
    const cy = await publish(publishers, by("cy"));
    await talk(publishers, 2_000, ada, ben, cy);
    const refused = await publishers.publish(OFFER, by("ben"), "https://relay", terms);
    expect(refused).toEqual(tooManyHosts(3, 1));
    const again = await publish(publishers, by("ben", true));
    expect(publishers.sessions).toEqual([ada, cy, again]);
    expect(publishers.has(again, "ben")).toBe(true);
    expect(publishers.has(again, "ada")).toBe(false);
  });

  test("takes nobody's place while one is free", async () => {
    const publishers = make();
    const first = await publish(publishers);
    await talk(publishers, 2_000, first);
    const second = await publish(publishers, by("host", true));
    expect(publishers.sessions).toEqual([first, second]);
  });
});

test("a lowered limit ends no session, and newcomers come in only under it", async () => {
  const publishers = make();
  const hosts = [];
  for (const hostId of ["a", "b", "c", "d"]) hosts.push(await publish(publishers, by(hostId)));
  await talk(publishers, 2_000, ...hosts);
  maxHosts = 2;
  expect(publishers.sessions).toEqual(hosts);
  expect(await publishers.publish(OFFER, by("e"), "https://relay", terms)).toEqual(tooManyHosts(2, 1));
  // Two hosts fall silent, but three would have to.
  const [, b = "", , d = ""] = hosts;
  await talk(publishers, 2_000, b, d);
  expect(await publishers.publish(OFFER, by("e"), "https://relay", terms)).toMatchObject({ status: 409 });
  await talk(publishers, 2_000, d);
  const last = await publish(publishers, by("e"));
  expect(publishers.sessions).toEqual([d, last]);
});

test("the sessions of one host can be ended, and no other's", async () => {
  const publishers = make();
  await publish(publishers, by("ada"));
  const ben = await publish(publishers, by("ben"));
  await publish(publishers, by("ada"));
  publishers.dropAll("the host key has been replaced", "ada");
  expect(publishers.sessions).toEqual([ben]);
  expect([...rows.all.keys()]).toEqual([ben]);
  publishers.dropAll("the show has ended");
  expect(publishers.sessions).toEqual([]);
});

test("a host whom the SFU answers after the show's end is refused: nothing is stored, and the SFU is told", async () => {
  const publishers = make();
  answerMillis = 1_000;
  const result = publishers.publish(OFFER, by(), "https://relay", terms);
  await vi.advanceTimersByTimeAsync(500);
  hasEnded = true;
  await vi.advanceTimersByTimeAsync(600);
  expect(await result).toEqual(PROBLEMS.ended);
  expect([publishers.sessions, rows.all.size]).toEqual([[], 0]);
  expect(calls.at(-1)).toBe("tracks/close");
});

describe("a host that never connects", () => {
  test.each<[string, () => Response]>([
    ["425", PENDING],
    ["503 and a session error of the item", SESSION_ERROR],
  ])("is given up once, after 25 s of %s, and the SFU gets no more calls", async (_, answer) => {
    dial = answer;
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

  test("is asked for at once by an object that was restarted meanwhile, and given up as well", async () => {
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

describe("a slow SFU", () => {
  const slow = (millis: number) => () =>
    new Promise<Response>((resolve) => setTimeout(() => resolve(ATTACHED()), millis));
  const hanging = () => new Promise<never>(() => {});

  test("that answers after 6.5 s has attached the host: nothing is asked twice, and the adapter's id is known", async () => {
    dial = slow(6_500);
    const publishers = make();
    const session = await publish(publishers);
    void publishers.attach(session);
    await pass(publishers, 4_000);
    const socket = connect(publishers, session);
    await talk(publishers, 30_000, session);
    expect(generations()).toEqual([1]);
    expect([socket?.code, rows.all.get(session)?.adapter]).toEqual([null, "adapter"]);
    await publishers.drop(session, "the host has left");
    expect(calls.slice(-2)).toEqual(["websocket/close", "tracks/close"]);
  });

  test("that never answers has attached the host whose socket is there, and the host stays on the air", async () => {
    dial = hanging;
    const publishers = make();
    const session = await publish(publishers);
    void publishers.attach(session);
    await pass(publishers, 10_000);
    const socket = connect(publishers, session);
    await talk(publishers, 600_000, session);
    expect(publishers.sessions).toEqual([session]);
    expect([socket?.code, generations()]).toEqual([null, [1]]);
    // The adapter's id is not known, so only the track can be closed.
    await publishers.drop(session, "the host has left");
    expect(calls.filter((call) => call === "websocket/close")).toEqual([]);
  });

  test("is asked for another adapter after every try whose outcome is unknown", async () => {
    const answers = [
      hanging,
      () => Response.json({}, { status: 500 }),
      PENDING,
      () => Promise.reject(new TypeError("connection reset")),
      () => Response.json({ tracks: [{ adapterId: "adapter" }] }),
    ];
    dial = () => (answers.shift() ?? hanging)();
    const publishers = make();
    const session = await publish(publishers);
    void publishers.attach(session);
    await pass(publishers, 60_000);
    // Only "not yet" is sure to leave no adapter behind.
    expect(generations().slice(0, 5)).toEqual([1, 2, 3, 3, 4]);
  });
});

describe("an SFU that is being asked to dial", () => {
  beforeEach(() => {
    dial = PENDING;
  });

  test("is not asked a second time in the meantime", async () => {
    const publishers = make();
    const session = await publish(publishers);
    void publishers.attach(session);
    await vi.advanceTimersByTimeAsync(10);
    const asked = endpoints.length;
    void publishers.attach(session);
    await vi.advanceTimersByTimeAsync(10);
    expect([asked, endpoints.length]).toEqual([1, 1]);
  });

  test("is asked for the same adapter again, even if a socket came and went in the meantime", async () => {
    const publishers = make();
    const session = await publish(publishers);
    void publishers.attach(session);
    await vi.advanceTimersByTimeAsync(1);
    await lose(publishers, session, connect(publishers, session));
    await pass(publishers, 22_000);
    expect(new Set(generations())).toEqual(new Set([1]));
    expect(endpoints.length).toBeGreaterThan(3);
  });
});

describe("an adapter of a try that seemed to have failed", () => {
  async function third(): Promise<{ publishers: Publishers; session: string }> {
    const answers = [500, 500];
    dial = () => (answers.length > 0 ? Response.json({}, { status: answers.pop() ?? 0 }) : ATTACHED());
    const publishers = make();
    const session = await publish(publishers);
    void publishers.attach(session);
    await pass(publishers, 2_000);
    expect(generations()).toEqual([1, 2, 3]);
    return { publishers, session };
  }

  test("may connect late, while nothing newer has, and gives way to a newer one", async () => {
    const { publishers, session } = await third();
    const [one, two, three] = [1, 2, 3].map((generation) => connect(publishers, session, generation));
    expect([one?.code, two?.code, three?.code]).toEqual([1000, 1000, null]);
  });

  test("never supersedes a newer one: not while that is connected, not while it is dialled again, not after a restart", async () => {
    const { publishers, session } = await third();
    const newest = connect(publishers, session, 3);
    expect(connect(publishers, session, 2)).toBeNull();
    await lose(publishers, session, newest);
    expect(connect(publishers, session, 1)).toBeNull();
    expect(newest?.code).toBeNull();
    const restarted = make();
    expect(connect(restarted, session, 2)).toBeNull();
    expect(connect(restarted, session, 3)).not.toBeNull();
  });

  test("belongs to nobody if it was never asked for", async () => {
    const { publishers, session } = await third();
    expect(connect(publishers, session, 4)).toBeNull();
  });
});

describe("an SFU that is away", () => {
  const away = () => Response.json({}, { status: 503 });
  const stateOf = (publishers: Publishers, session: string) =>
    publishers.all.find((publisher) => publisher.session === session)?.state;

  test("for an hour costs no host its session: each is heard again within 16 s of the SFU's return", async () => {
    const publishers = make();
    const session = await publish(publishers);
    const published = Date.now();
    expect(stateOf(publishers, session)).toEqual({ state: "connecting", since: published });
    void publishers.attach(session);
    const socket = connect(publishers, session);
    await vi.advanceTimersByTimeAsync(1_000);
    const heard = Date.now();
    await talk(publishers, 3_000, session);
    expect(stateOf(publishers, session)).toEqual({ state: "heard", since: heard });

    dial = away;
    const lost = Date.now();
    await lose(publishers, session, socket);
    await pass(publishers, 3_600_000);
    expect(stateOf(publishers, session)).toEqual({ state: "reattaching", since: lost });
    expect(endpoints.length).toBeLessThan(260);

    dial = ATTACHED;
    const asked = endpoints.length;
    await pass(publishers, 16_000);
    expect(endpoints.length).toBe(asked + 1);
    const back = Date.now();
    connect(publishers, session, generations().at(-1));
    publishers.hear(session, back);
    expect(stateOf(publishers, session)).toEqual({ state: "heard", since: back });
  });

  test("is asked no more once the host has left, or the SFU says that the session is over", async () => {
    const publishers = make();
    const [leaves, expires] = [await publish(publishers), await publish(publishers)];
    dial = away;
    for (const session of [leaves, expires]) void publishers.attach(session);
    await pass(publishers, 120_000);
    await publishers.drop(leaves, "the host has left");
    dial = () => Response.json({ errorCode: "session_error" }, { status: 410 });
    await pass(publishers, 16_000);
    expect(publishers.sessions).toEqual([]);
    expect(rows.all.size).toBe(0);
    const asked = calls.length;
    await pass(publishers, 120_000);
    expect(calls).toHaveLength(asked);
  });

  test("does not make a restart give up its host", async () => {
    const session = await goOn(make());
    dial = away;
    const restarted = make();
    expect(stateOf(restarted, session)).toEqual({ state: "reattaching", since: Date.now() });
    await pass(restarted, 300_000);
    expect(restarted.sessions).toEqual([session]);
  });
});

test("after a restart, a new adapter is requested for every host whose socket is not dialled within a second", async () => {
  const before = make();
  for (const session of [await publish(before), await publish(before)]) await before.attach(session);
  endpoints = [];
  const restarted = make();
  await pass(restarted, 2_000);
  expect(generations()).toEqual([2, 2]);
  await pass(restarted, 10_000);
  expect(generations()).toEqual([2, 2]);
});

test("a lost socket is requested anew after 17 s: the SFU itself dials it again for 15 s", async () => {
  const publishers = make();
  const session = await publish(publishers);
  await publishers.attach(session);
  const socket = connect(publishers, session);
  await lose(publishers, session, socket);
  await pass(publishers, 16_000);
  expect(generations()).toEqual([1]);
  await pass(publishers, 2_000);
  expect(generations()).toEqual([1, 2]);
});

describe("a socket without packets", () => {
  async function quiet(publishers: Publishers): Promise<{ session: string; socket: Socket | null }> {
    const session = await publish(publishers);
    await publishers.attach(session);
    const socket = connect(publishers, session);
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      publishers.hear(session, Date.now());
      void publishers.sweep(Date.now());
    }
    await pass(publishers, 29_000);
    expect([socket?.code, generations()]).toEqual([null, [1]]);
    return { session, socket };
  }

  test("for 30 s is dead: the SFU is asked for another one, and says if the session is over", async () => {
    const publishers = make();
    const { session, socket } = await quiet(publishers);
    await pass(publishers, 3_000);
    expect([socket?.code, generations()]).toEqual([1011, [1, 2]]);
    const back = connect(publishers, session, 2);
    dial = () => Response.json({ errorCode: "session_error" }, { status: 410 });
    await pass(publishers, 32_000);
    expect([back?.code, publishers.sessions]).toEqual([1011, []]);
  });

  test("is dialled again by an SFU that is there after all, and its host stays", async () => {
    const publishers = make();
    const { session } = await quiet(publishers);
    await pass(publishers, 1_000);
    const again = connect(publishers, session);
    publishers.hear(session, Date.now());
    await pass(publishers, 20_000);
    expect([
      again?.code,
      generations(),
      publishers.all.find((publisher) => publisher.session === session)?.state.state,
    ]).toEqual([null, [1], "heard"]);
  });
});

describe("a wall clock that is set back by an hour", () => {
  const setBack = () => vi.setSystemTime(Date.now() - 3_600_000);

  test("does not delay the request for a lost socket", async () => {
    const publishers = make();
    const session = await publish(publishers);
    await publishers.attach(session);
    await lose(publishers, session, connect(publishers, session));
    setBack();
    await pass(publishers, 16_000);
    expect(generations()).toEqual([1]);
    await pass(publishers, 3_000);
    expect(generations()).toEqual([1, 2]);
  });

  test("does not make a socket without packets last longer than half a minute", async () => {
    const publishers = make();
    const session = await publish(publishers);
    await publishers.attach(session);
    const socket = connect(publishers, session);
    publishers.hear(session, Date.now());
    setBack();
    await pass(publishers, 30_000);
    expect([socket?.code, generations()]).toEqual([null, [1]]);
    await pass(publishers, 4_000);
    expect([socket?.code, generations()]).toEqual([1011, [1, 2]]);
  });
});
