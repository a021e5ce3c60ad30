import { expect, test } from "vitest";
import { bodyOf, PROBLEMS, type Problem } from "../../src/problem.ts";
import { AUDIBLE_HEADER, NAME_HEADER, WARNINGS_HEADER } from "../../src/session-state.ts";
import { readLook } from "../../src/web/look.ts";

/** What the studio makes of the answer about its session: a session is gone only if the relay itself says so. */

const answer = (problem: Problem) =>
  new Response(JSON.stringify(bodyOf(problem)), { status: problem.status });

test.each([PROBLEMS.noSession, PROBLEMS.wrongHostKey, PROBLEMS.unknownBroadcast, PROBLEMS.ended])(
  "where the relay answers %j, the session is gone",
  async (problem) => {
    expect(await readLook(answer(problem))).toEqual({ kind: "gone", code: problem.code });
  },
);

test.each<[string, Response]>([
  ["another server's 404", new Response("<!doctype html>", { status: 404 })],
  ["another server's 401", new Response("{}", { status: 401 })],
  ["a page of another server", new Response("<!doctype html>")],
  ["the relay's 503", answer(PROBLEMS.restarting)],
])("%s says nothing about the session", async (_, response) => {
  expect(await readLook(response)).toEqual({ kind: "unknown" });
});

test("the relay's answer about a session is read", async () => {
  const headers = {
    [NAME_HEADER]: "Ada%20L.",
    [WARNINGS_HEADER]: "clipping, not-known-here",
    [AUDIBLE_HEADER]: "muted",
  };
  expect(await readLook(new Response(null, { status: 204, headers }))).toEqual({
    kind: "there",
    name: "Ada L.",
    warnings: ["clipping"],
    audible: "muted",
  });
});
