import { expect, test } from "vitest";
import { type Candidate, precedence } from "../../src/broadcast/precedence.ts";

/** Whose place a newcomer gets, and how long one without a place has to wait. */

/** Somebody who is on: `ada talks`, `ben quiet 3000`, `cy connecting 200`; a second session of a host is `ada/2`. */
function place(text: string, index: number): Candidate {
  const [session = "", how, millis = "0"] = text.split(" ");
  return {
    session,
    hostId: session.split("/")[0] ?? "",
    quietMs: Number(millis),
    phase: how === "connecting" ? "connecting" : "heard",
    isAwaited: how === "lost",
    createdAt: 1_000 * index,
  };
}

const on = (...places: string[]) => places.map(place);
const comes = (hostId = "new", takeover = false) => ({ hostId, takeover });
const room = (...givingWay: string[]) => ({ kind: "room", givingWay });

test.each<[string, string[], number, string[]]>([
  ["where a place is free nobody goes", ["ada talks", "ben quiet 5999"], 3, []],
  ["who has been quiet for 6 s goes, where a place is free too", ["ada talks", "ben quiet 6000"], 3, ["ben"]],
  ["who is waited for stays while a place is free", ["ada lost 60000"], 2, []],
  ["in a crowd 1 s of quiet is enough, socket or none", ["ada talks", "ben lost 1000"], 2, ["ben"]],
  ["the longest quiet goes", ["ada quiet 1500", "ben quiet 3000", "cy talks"], 3, ["ben"]],
  ["who is connecting has 5 s", ["ada talks", "ben connecting 5000"], 2, ["ben"]],
  ["a limit of one", ["ada quiet 1000"], 1, ["ada"]],
  [
    "as many as have to, under a limit that was lowered",
    ["ada quiet 2000", "ben quiet 1000", "cy talks"],
    2,
    ["ada", "ben"],
  ],
])("%s", (_, places, limit, givingWay) => {
  expect(precedence(on(...places), limit, comes())).toEqual(room(...givingWay));
});

test.each<[string, string[], number, number]>([
  ["who talks may fall silent now, and gives way in a second", ["ada talks", "ben talks"], 2, 1_000],
  ["who has been quiet for a while gives way sooner", ["ada talks", "ben quiet 600"], 2, 400],
  ["who is connecting may take 5 s", ["ada connecting 1000"], 1, 4_000],
  [
    "two have to give way under a limit that was lowered",
    ["ada quiet 900", "ben quiet 200", "cy talks"],
    2,
    800,
  ],
])("no place is free: %s", (_, places, limit, untilMs) => {
  expect(precedence(on(...places), limit, comes())).toEqual({ kind: "full", untilMs });
});

test.each<[string, string[], string[]]>([
  ["the same host's session goes first", ["ada talks", "ben quiet 900", "new talks"], ["new"]],
  ["of two of the same host the longer quiet", ["new talks", "new/2 quiet 700", "ada quiet 900"], ["new/2"]],
  ["then who has been quiet the longest", ["ada talks", "ben quiet 600", "cy quiet 900"], ["cy"]],
  ["then the oldest: a hiccup is not quiet", ["ada talks", "ben quiet 400", "cy quiet 20"], ["ada"]],
  ["who has long been quiet goes as for anybody", ["ada talks", "new talks", "cy quiet 6000"], ["cy"]],
])("taking over: %s", (_, places, givingWay) => {
  expect(precedence(on(...places), 3, comes("new", true))).toEqual(room(...givingWay));
});
