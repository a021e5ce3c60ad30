import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FIRST_HOST } from "../../src/access/keys.ts";
import { Talks, type Voice } from "../../src/broadcast/talks.ts";
import type { TalkAnswer, TalkCall } from "../../src/broadcast-api.ts";
import { Sfu } from "../../src/ingest/sfu.ts";
import type { Problem } from "../../src/problem.ts";
import type { TalkTrack } from "../../src/talk.ts";
import { FakeSfu, type Reaction } from "../kit/fake-sfu.ts";

/** Talk sessions: who is told of whom, one change at a time, and when a session is over. */

let sfu: FakeSfu;
let voices: Voice[];
let work: Promise<void>[];
let talks: Talks;
beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  sfu = await FakeSfu.start();
  voices = [];
  work = [];
  const { pulls } = new Sfu(sfu.url, "local", "secret");
  talks = new Talks(
    pulls,
    (later) => void work.push(later),
    () => voices,
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  sfu.close();
});

const on = (name: string, hostId = name, isHeard = true): Voice => ({
  isHeard,
  session: `whip-${name}`,
  sfuSession: `sfu-${name}`,
  hostId,
  name,
});
/** Looks at the sessions; times are given by the tests. */
const look = (now = 0) => talks.refresh(now);

/** The host of each talk session. */
const owners = new Map<string, string>();

/** Puts these hosts on, and begins a talk session of the first. */
function begin(...names: string[]): Promise<string> {
  voices = names.map((name) => on(name));
  look();
  return beginOf(`whip-${names[0]}`, names[0] ?? "");
}

async function beginOf(session: string, hostId: string): Promise<string> {
  const answer = await talks.talk({ kind: "begin", session }, hostId, 0);
  if (answer.kind !== "begun") throw new Error(codeOf(answer));
  owners.set(answer.talk, hostId);
  return answer.talk;
}

/** Sends a talk session's call with its owner's key. */
const ask = (asked: Exclude<TalkCall, { kind: "begin" }>, now = 0) =>
  talks.talk(asked, owners.get(asked.talk) ?? "", now);

async function others(talk: string, since: number | null = null) {
  const answer = await ask({ kind: "others", talk, since });
  if (answer.kind !== "others") throw new Error(answer.kind);
  return answer;
}

async function publicationsOf(talk: string): Promise<string[]> {
  return (await others(talk)).others.map(({ publication }) => publication);
}

const pull = (talk: string, publications: readonly string[], now = 0) =>
  ask({ kind: "tracks", talk, publications }, now);
const answer = (talk: string, mutation: string, now = 0) =>
  ask({ kind: "answer", talk, mutation, answer: "v=0\r\n" }, now);

async function offered(talk: string, publications: readonly string[], now = 0) {
  const offer = await pull(talk, publications, now);
  if (offer.kind !== "offer") throw new Error(codeOf(offer));
  return offer;
}

/** Pulls publications and answers the offer. */
async function hear(talk: string, publications: readonly string[]): Promise<readonly TalkTrack[]> {
  const { mutation, tracks } = await offered(talk, publications);
  expect(await answer(talk, mutation)).toEqual({ kind: "done" });
  return tracks;
}

/** Resolves only if the promise settles within a second, so not to what the relay holds by its clock. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("it did not come within a second")), 1_000);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const codeOf = (given: TalkAnswer | Problem) => ("code" in given ? given.code : given.kind);

describe("the list of the others", () => {
  test("has everybody but oneself, under names that are neither the SFU's nor the WHIP sessions'", async () => {
    const talk = await begin("ada", "ben", "eve");
    const told = await others(talk);
    expect(told.others.map(({ name }) => name)).toEqual(["ben", "eve"]);
    expect(new Set(told.others.map(({ publication }) => publication)).size).toBe(2);
    expect(JSON.stringify(told)).not.toMatch(/sfu-|whip-/);
  });

  test("leaves out another session of the same host, but not another holder of the shared key", async () => {
    voices = [on("ada"), on("ada2", "ada"), on("ada3", "ada", false), on("one", "host"), on("two", "host")];
    look();
    const names = async (session: string, hostId: string) =>
      (await others(await beginOf(session, hostId))).others.map(({ name }) => name);
    expect(await names("whip-ada", "ada")).toEqual(["one", "two"]);
    expect(await names("whip-one", "host")).toEqual(["ada", "ada2", "two"]);
    expect(await names("whip-ada3", "ada"), "of a session that nobody has heard yet").toEqual(["one", "two"]);
  });

  test("is sent at once to a studio with another list, and held for one with the present list until it changes", async () => {
    const talk = await begin("ada", "ben");
    const { revision } = await others(talk);
    expect((await others(talk, revision - 1)).revision).toBe(revision);
    let told = false;
    const held = others(talk, revision).then((list) => {
      told = true;
      return list;
    });
    look();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toBe(false);
    voices = [...voices, on("eve")];
    look();
    expect((await soon(held)).others.map(({ name }) => name)).toEqual(["ben", "eve"]);
  });

  test("is held for 20 s, but no longer than until the same studio asks again", async () => {
    vi.useFakeTimers();
    const talk = await begin("ada", "ben");
    const { revision } = await others(talk);
    const done: string[] = [];
    void others(talk, revision).then(() => done.push("first"));
    void others(talk, revision).then(() => done.push("second"));
    await vi.advanceTimersByTimeAsync(19_999);
    expect(done).toEqual(["first"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toEqual(["first", "second"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("says whether the microphone of the studio's own session squeals, at once, and of no other session", async () => {
    voices = [on("ada", FIRST_HOST), on("ada2", FIRST_HOST), on("ben")];
    look();
    const talk = await beginOf("whip-ada", FIRST_HOST);
    const sameKey = await beginOf("whip-ada2", FIRST_HOST);
    const of = await beginOf("whip-ben", "ben");
    const { revision, squeals } = await others(talk);
    expect(squeals).toBe(false);
    const held = others(talk, revision);
    talks.squeal(new Set(["whip-ada"]));
    talks.squeal(new Set(["whip-ada"]));
    expect(await soon(held)).toMatchObject({ revision: revision + 1, squeals: true });
    for (const other of [sameKey, of]) expect((await others(other)).squeals).toBe(false);
    talks.squeal(new Set());
    expect((await others(talk)).squeals).toBe(false);
  });

  test("keeps a publication's name as long as it is on, and has another when it comes back", async () => {
    const talk = await begin("ada", "ben");
    const [before] = await publicationsOf(talk);
    voices = [on("ada"), { ...on("ben"), name: "Benedict" }];
    look();
    expect(await publicationsOf(talk)).toEqual([before]);
    voices = [on("ada")];
    look();
    voices = [on("ada"), on("ben")];
    look();
    expect(await publicationsOf(talk)).not.toEqual([before]);
  });
});

test("a session of another host can not be used, whether it publishes or hears", async () => {
  const talk = await begin("ada", "ben");
  expect(codeOf(await talks.talk({ kind: "begin", session: "whip-ada" }, "ben", 0))).toBe("no_session");
  for (const asked of [
    { kind: "others", talk, since: null },
    { kind: "end", talk },
  ] as const)
    expect(codeOf(await talks.talk(asked, "ben", 0))).toBe("no_talk");
  expect(codeOf(await ask({ kind: "others", talk, since: null }))).toBe("others");
});

describe("a change", () => {
  test("is a request, an offer and its answer; the SFU's session is made for the first", async () => {
    const talk = await begin("ada", "ben", "eve");
    expect(sfu.calls).toEqual([]);
    const [ben = "", eve = ""] = await publicationsOf(talk);
    expect(await hear(talk, [ben])).toEqual([{ publication: ben, mid: "0" }]);
    expect(await hear(talk, [ben, eve])).toEqual([
      { publication: ben, mid: "0" },
      { publication: eve, mid: "1" },
    ]);
    expect(sfu.calls.map(({ path }) => path)).toEqual([
      "/sessions/new",
      "/sessions/:id/tracks/new",
      "/sessions/:id/renegotiate",
      "/sessions/:id/tracks/new",
      "/sessions/:id/renegotiate",
    ]);
    const track = { location: "remote", sessionId: "sfu-eve", trackName: "audio" };
    expect(sfu.calls[3]?.body).toEqual({ tracks: [track] });
    expect(await ask({ kind: "close", talk, publications: [ben] })).toEqual({ kind: "done" });
    expect(sfu.calls[5]?.body).toEqual({ tracks: [{ mid: "0" }], force: true });
    expect(await offered(talk, [eve])).toMatchObject({ offer: null });
  });

  test("waits for the one before: nothing else is allowed while an answer is due, nor an answer to another offer", async () => {
    const talk = await begin("ada", "ben", "eve");
    const [ben = "", eve = ""] = await publicationsOf(talk);
    const first = pull(talk, [ben]);
    expect(codeOf(await pull(talk, [eve]))).toBe("talk_busy");
    const { mutation } = (await first) as { mutation: string };
    expect(codeOf(await pull(talk, [eve]))).toBe("talk_busy");
    expect(codeOf(await ask({ kind: "close", talk, publications: [ben] }))).toBe("talk_busy");
    expect(codeOf(await answer(talk, "another"))).toBe("other_mutation");
    expect(codeOf(await answer(talk, mutation))).toBe("done");
    expect(codeOf(await answer(talk, mutation))).toBe("other_mutation");
    expect(codeOf(await pull(talk, [eve]))).toBe("offer");
  });

  test("has to be answered within 15 s of the request, or the session is over", async () => {
    const talk = await begin("ada", "ben");
    const publications = await publicationsOf(talk);
    const { mutation } = await offered(talk, publications, 1_000);
    expect(codeOf(await answer(talk, mutation, 16_001))).toBe("no_talk");
    await Promise.all(work);
    expect(sfu.closed).toEqual([sfu.ids[0]]);
    const again = await begin("ada", "ben");
    const next = await offered(again, await publicationsOf(again), 1_000);
    expect(codeOf(await answer(again, next.mutation, 16_000))).toBe("done");
  });

  test("in which one track is not there yet brings the others, and says who has gone", async () => {
    const talk = await begin("ada", "ben", "eve");
    const [ben = "", eve = ""] = await publicationsOf(talk);
    sfu.react = ({ path, body }) =>
      path === "/sessions/:id/tracks/new"
        ? sfu.offered(body.tracks, { "sfu-ben": "not_found_track_error" })
        : undefined;
    expect(await hear(talk, [ben, eve, "nobody"])).toEqual([
      { publication: ben, error: "not-yet" },
      { publication: eve, mid: "0" },
      { publication: "nobody", error: "gone" },
    ]);
    expect(await offered(talk, [ben])).toMatchObject({ offer: null });
    sfu.react = () => undefined;
    expect(await hear(talk, [ben])).toEqual([{ publication: ben, mid: "1" }]);
  });

  test("brings at most eight tracks at a time", async () => {
    const names = ["ada", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    const talk = await begin(...names);
    const publications = await publicationsOf(talk);
    await hear(talk, publications.slice(0, 8));
    const refused = await pull(talk, publications.slice(8));
    expect(refused).toMatchObject({
      code: "too_many_tracks",
      message: expect.stringContaining("at most 8 "),
    });
    await ask({ kind: "close", talk, publications: publications.slice(0, 1) });
    expect(await hear(talk, publications.slice(8))).toHaveLength(1);
  });
});

describe("a session is over", () => {
  const RENEGOTIATE = "/sessions/:id/renegotiate";
  const TRACKS = "/sessions/:id/tracks/new";

  test.each<[string, string, Reaction]>([
    ["a request is not answered", TRACKS, "cut"],
    ["a request fails", TRACKS, { status: 500, json: {} }],
    ["the SFU's session is over", TRACKS, { status: 410, json: { errorCode: "session_error" } }],
    ["an answer is not acknowledged", RENEGOTIATE, "cut"],
    [
      "an answer is refused",
      RENEGOTIATE,
      { status: 406, json: { errorCode: "invalid_session_description" } },
    ],
  ])("where %s, and the call is not repeated", async (_, path, reaction) => {
    const talk = await begin("ada", "ben");
    const publications = await publicationsOf(talk);
    sfu.react = (call) => (call.path === path ? reaction : undefined);
    const offer = await pull(talk, publications);
    const last = offer.kind === "offer" ? await answer(talk, offer.mutation) : offer;
    expect(codeOf(last)).toBe("talk_over");
    expect(codeOf(await pull(talk, publications))).toBe("no_talk");
    expect(sfu.calls.filter((call) => call.path === path)).toHaveLength(1);
  });

  test("but not when the SFU can not make one: the request may be repeated", async () => {
    const talk = await begin("ada", "ben");
    const publications = await publicationsOf(talk);
    sfu.react = ({ path }) => (path === "/sessions/new" ? { status: 503, json: {} } : undefined);
    const refused = await pull(talk, publications);
    expect(refused).toMatchObject({ code: "sfu_unavailable" });
    expect(refused).toHaveProperty("message", expect.stringContaining("not taking talk sessions now"));
    expect(console.warn).toHaveBeenCalledWith("The SFU refused a talk session: 503 unknown_error");
    sfu.react = () => undefined;
    expect(await hear(talk, publications)).toHaveLength(1);
  });

  test("when its host has gone, when the host makes another, and when its studio ends it", async () => {
    for (const end of [
      () => {
        voices = [on("ben")];
        look();
      },
      () => beginOf("whip-ada", "ada"),
      (talk: string) => ask({ kind: "end", talk }),
    ]) {
      const talk = await begin("ada", "ben");
      await hear(talk, await publicationsOf(talk));
      const { revision } = await others(talk);
      const held = ask({ kind: "others", talk, since: revision });
      sfu.closed.length = 0;
      await end(talk);
      await Promise.all(work);
      expect(sfu.closed).toEqual([sfu.ids.at(-1)]);
      expect(codeOf(await soon(held))).toBe("no_talk");
    }
  });

  test("when its studio has not been heard of for a minute", async () => {
    const talk = await begin("ada", "ben");
    await hear(talk, await publicationsOf(talk));
    look(60_000);
    expect((await publicationsOf(talk)).length).toBe(1);
    look(60_001);
    await Promise.all(work);
    expect(sfu.closed).toEqual([sfu.ids[0]]);
  });

  test("when its description has reached 48 sections", async () => {
    const talk = await begin("ada", "ben");
    const publications = await publicationsOf(talk);
    for (let round = 0; round < 48; round++) {
      await hear(talk, publications);
      await ask({ kind: "close", talk, publications });
    }
    expect(codeOf(await pull(talk, publications))).toBe("talk_over");
  });
});
