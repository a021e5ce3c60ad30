import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Sfu } from "../../src/ingest/sfu.ts";
import { ANSWER, FakeSfu, type Reaction } from "../kit/fake-sfu.ts";

/** The SFU calls for hosts who hear others: which calls are made, what counts in their replies, and what is tried again. */

let fake: FakeSfu;
let pulls: Sfu["pulls"];
beforeEach(async () => {
  fake = await FakeSfu.start();
  pulls = new Sfu(fake.url, "local", "secret").pulls;
});
afterEach(() => fake.close());

/** Reacts to the calls of one operation with these reactions, one after another, and then like a healthy SFU. */
function script(path: string, ...reactions: Reaction[]): void {
  fake.react = (call) => (call.path === path ? reactions.shift() : undefined);
}
const TRACKS = "/sessions/:id/tracks/new";
const fault = (status: number, code: string) => expect.objectContaining({ kind: "fault", status, code });
/** A reply of `tracks/new` with these items. */
const items = (...tracks: object[]): Reaction => ({ status: 200, json: { tracks } });

describe("pulling", () => {
  test("asks for remote tracks without a description, and returns the offer and the mid of each track", async () => {
    await pulls.open();
    expect(await pulls.pull("mine", ["one", "two"])).toEqual({
      kind: "offered",
      // The offer no longer contains "one", "two" or the session's own name.
      offer: [
        "v=0",
        "o=- 0 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=msid-semantic:WMS *",
        "a=ice-lite",
        ...[0, 1].flatMap((mid) => [
          "m=audio 9 UDP/TLS/RTP/SAVPF 111",
          `a=msid:talk-${mid} talk-${mid}`,
          `a=mid:${mid}`,
          "a=rtpmap:111 opus/48000/2",
          `a=ssrc:1000 cname:talk-${mid}`,
          `a=ssrc:1000 msid:talk-${mid} talk-${mid}`,
        ]),
        "",
      ].join("\r\n"),
      items: new Map([
        ["one", { kind: "mid", mid: "0" }],
        ["two", { kind: "mid", mid: "1" }],
      ]),
    });
    expect(fake.calls.slice(1).map(({ method, path, body }) => [method, path, body])).toEqual([
      [
        "POST",
        TRACKS,
        {
          tracks: [
            { location: "remote", sessionId: "one", trackName: "audio" },
            { location: "remote", sessionId: "two", trackName: "audio" },
          ],
        },
      ],
    ]);
  });

  test("assigns an item by its session, not by its position, and reports why the others are missing", async () => {
    script(TRACKS, {
      status: 200,
      json: {
        sessionDescription: { type: "offer", sdp: ANSWER },
        tracks: [
          { sessionId: "three", mid: "7" },
          { sessionId: "one", mid: "", errorCode: "empty_track_error" },
        ],
      },
    });
    expect(await pulls.pull("mine", ["one", "two", "three"])).toEqual({
      kind: "offered",
      offer: ANSWER,
      items: new Map<string, unknown>([
        ["one", fault(200, "empty_track_error")],
        ["two", fault(200, "no_item")],
        ["three", { kind: "mid", mid: "7" }],
      ]),
    });
  });

  test.each<[string, Reaction]>([
    ["at 200", items({ sessionId: "one", mid: "", errorCode: "not_found_track_error" })],
    ["as the whole call's", { status: 503, json: { tracks: [{ errorCode: "empty_track_error" }] } }],
  ])(
    "an error of every item, %s, is not an error of the session: there is just no offer",
    async (_, reaction) => {
      script(TRACKS, reaction);
      expect(await pulls.pull("mine", ["one"])).toMatchObject({ kind: "offered", offer: null });
    },
  );

  test.each<[string, Reaction, number, string]>([
    ["the connection is cut", "cut", 0, "unreachable"],
    ["it fails", { status: 500, json: {} }, 500, "unknown_error"],
    ["the session is over", { status: 410, json: { errorCode: "session_error" } }, 410, "session_error"],
    ["a track comes without an offer", items({ sessionId: "one", mid: "0" }), 200, "no_offer"],
    ["all of it is in error", { status: 200, json: { errorCode: "backend_error" } }, 200, "backend_error"],
    [
      "the SFU answers in place of offering",
      { status: 200, json: { sessionDescription: { type: "answer", sdp: ANSWER } } },
      200,
      "unexpected_reply",
    ],
  ])("is not tried again where %s", async (_, reaction, status, code) => {
    script(TRACKS, reaction);
    expect(await pulls.pull("mine", ["one"])).toEqual(fault(status, code));
    expect(fake.calls).toHaveLength(1);
  });
});

test("an answer is sent once, whatever the reply", async () => {
  expect(await pulls.answer("mine", "v=0\r\n")).toBeNull();
  script("/sessions/:id/renegotiate", "cut");
  expect(await pulls.answer("mine", "v=0\r\n")).toEqual(fault(0, "unreachable"));
  expect(fake.calls.map(({ method, path, body }) => [method, path, body])).toEqual(
    Array(2).fill([
      "PUT",
      "/sessions/:id/renegotiate",
      { sessionDescription: { type: "answer", sdp: "v=0\r\n" } },
    ]),
  );
});

test("making a session and closing tracks are tried once more where the first call got no reply", async () => {
  script("/sessions/new", "cut");
  expect(await pulls.open()).toEqual({ kind: "opened", session: fake.ids[0] });
  script("/sessions/new", "cut", { status: 503, json: {} });
  expect(await pulls.open()).toEqual(fault(503, "unknown_error"));
  script("/sessions/:id/tracks/close", { status: 500, json: {} });
  expect(await pulls.close("mine", ["0", "3"])).toBeNull();
  expect(fake.of("PUT /sessions/:id/tracks/close").map(({ body }) => body)).toEqual(
    Array(2).fill({ tracks: [{ mid: "0" }, { mid: "3" }], force: true }),
  );
  script("/sessions/:id/tracks/close", { status: 410, json: { errorCode: "session_error" } });
  expect(await pulls.close("mine", ["0"]), "of a session that is over there is nothing to close").toBeNull();
});
