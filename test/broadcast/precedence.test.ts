import { expect, test } from "vitest";
import { type Candidate, precedence } from "../../src/broadcast/precedence.ts";

/** Which hosts give way to a newcomer, and how long a newcomer without a place has to wait. */

/** A host who is on: `ada talks`, `ben quiet 3000`, `cy connecting 200`; a second session of a host is `ada/2`. */
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
  ["nobody gives way while a place is free", ["ada talks", "ben quiet 25000", "cy connecting 60000"], 4, []],
  ["a host who is waited for stays while a place is free", ["ada lost 60000"], 2, []],
  [
    "the newcomer's own earlier session gives way, where it has long been quiet",
    ["new quiet 6000", "new/2 quiet 5900", "ben quiet 25000"],
    8,
    ["new"],
  ],
  [
    "a host quiet on its socket gives way before one without",
    ["ada lost 60000", "ben quiet 6000"],
    2,
    ["ben"],
  ],
  ["of two who have long been quiet only one", ["ada quiet 6000", "ben quiet 25000"], 2, ["ben"]],
  ["without a free place 1 s of quiet is enough", ["ada talks", "ben lost 1000"], 2, ["ben"]],
  ["the longest quiet host gives way", ["ada quiet 1500", "ben quiet 3000", "cy talks"], 3, ["ben"]],
  ["a connecting host has 5 s", ["ada talks", "ben connecting 5000"], 2, ["ben"]],
  ["a limit of one", ["ada quiet 1000"], 1, ["ada"]],
  [
    "as many as necessary give way, under a limit that was lowered",
    ["ada quiet 2000", "ben quiet 1000", "cy talks"],
    2,
    ["ada", "ben"],
  ],
])("%s", (_, places, limit, givingWay) => {
  expect(precedence(on(...places), limit, comes())).toEqual(room(...givingWay));
});

test("several people may use the first host's key, so none of its sessions gives way while a place is free", () => {
  expect(precedence(on("host quiet 25000"), 2, comes("host"))).toEqual(room());
});

test.each<[string, string[], number, number]>([
  ["a talking host may give way after a second of silence", ["ada talks", "ben talks"], 2, 1_000],
  ["a host who is quiet already gives way sooner", ["ada talks", "ben quiet 600"], 2, 400],
  ["a connecting host may take 5 s", ["ada connecting 1000"], 1, 4_000],
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
  ["the same host's own session gives way first", ["ada talks", "ben quiet 900", "new talks"], ["new"]],
  ["of two of its own, the longer quiet", ["new talks", "new/2 quiet 700", "ada quiet 900"], ["new/2"]],
  ["then the host who has been quiet the longest", ["ada talks", "ben quiet 600", "cy quiet 900"], ["cy"]],
  ["then the oldest: a hiccup is not quiet", ["ada talks", "ben quiet 400", "cy quiet 20"], ["ada"]],
  ["a host long quiet gives way as to anybody", ["ada talks", "new talks", "cy quiet 6000"], ["cy"]],
])("taking over: %s", (_, places, givingWay) => {
  expect(precedence(on(...places), 3, comes("new", true))).toEqual(room(...givingWay));
});
