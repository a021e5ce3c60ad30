import { expect, test } from "vitest";
import { bodyOf, PROBLEMS, type Problem, sfuUnavailable, tooManyHosts } from "../../src/problem.ts";
import { refusal, type Unopened } from "../../src/web/refusal.ts";

/** What a page makes of the answer to its offer, and tells the host. Only the relay's own refusals are for good. */

const answer = ({ status, ...problem }: Problem) =>
  new Response(JSON.stringify(bodyOf({ status, ...problem })), { status });

test.each<[Problem, Unopened["why"], string]>([
  [PROBLEMS.wrongHostKey, "refused", "The host key in this link is wrong. Ask for the studio link again."],
  [PROBLEMS.httpsRequired, "refused", PROBLEMS.httpsRequired.message],
  [PROBLEMS.unknownBroadcast, "refused", "There is no such broadcast."],
  [PROBLEMS.ended, "refused", "This broadcast has ended."],
  [tooManyHosts(8, 1), "full", "Every seat is taken: another host has to leave first."],
  [PROBLEMS.offerRefused, "refused", PROBLEMS.offerRefused.message],
  [PROBLEMS.restarting, "unreached", PROBLEMS.restarting.message],
  [sfuUnavailable("offers"), "unreached", sfuUnavailable("offers").message],
])("the relay's refusal %j is %s, and the host is told: %s", async (problem, why, reason) => {
  expect(await refusal(answer(problem))).toEqual({ kind: "unopened", why, reason });
});

test.each([
  [404, "<!doctype html>"],
  [403, "{}"],
  [401, ""],
  [409, '"full"'],
  [410, '{"error": "gone"}'],
  [502, "<h1>Bad gateway</h1>"],
])("another server's %i with the body %j is not for good", async (status, body) => {
  expect(await refusal(new Response(body, { status }))).toEqual({
    kind: "unopened",
    why: "unreached",
    reason: `The relay does not answer as it should (${status}).`,
  });
});

test("a relay's error of which this page knows nothing is shown by its status", async () => {
  const response = new Response('{"error": {"code": "new"}}', { status: 500 });
  expect(await refusal(response)).toMatchObject({ reason: "The relay refused the connection (500)." });
});
