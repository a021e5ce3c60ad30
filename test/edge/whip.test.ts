import { expect, test } from "vitest";
import { created } from "../../src/edge/whip.ts";

/** The SFU's answer on its way to the publisher. */

/** What the publisher receives for an answer of these lines. */
async function handedOn(lines: readonly string[], end = "\r\n"): Promise<string[]> {
  const answer = lines.map((line) => line + end).join("");
  const response = created(answer, { path: "/whip/a/b", host: "Host", etag: "b", iceServers: [] });
  return (await response.text()).split(end).slice(0, -1);
}

test.each<[string, readonly string[], readonly string[]]>([
  ["alone in its line", ["a=ice-options:trickle"], []],
  [
    "of the session and of a medium",
    ["a=ice-options:trickle", "m=audio", "a=ice-options:trickle"],
    ["m=audio"],
  ],
  ["first of several", ["a=ice-options:trickle ice2"], ["a=ice-options:ice2"]],
  ["last of several", ["a=ice-options:ice2 rtp+ecn trickle"], ["a=ice-options:ice2 rtp+ecn"]],
  [
    "not there",
    ["a=ice-options:ice2 trickled", "a=x:trickle"],
    ["a=ice-options:ice2 trickled", "a=x:trickle"],
  ],
])(
  "the answer does not mention trickle ICE, for which there is no PATCH; it was %s",
  async (_, lines, expected) => {
    for (const end of ["\r\n", "\n"]) {
      expect(await handedOn(["v=0", ...lines, "a=mid:0"], end)).toEqual(["v=0", ...expected, "a=mid:0"]);
    }
  },
);
