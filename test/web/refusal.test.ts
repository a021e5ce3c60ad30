import { expect, test } from "vitest";
import { bodyOf, PROBLEMS, type Problem, sfuUnavailable, tooManyHosts } from "../../src/problem.ts";
import { afterUnopened, refusal, type Unopened, WRONG_KEY } from "../../src/web/refusal.ts";

/** What a page makes of the answer to its offer, and tells the host. Only the relay's own refusals are for good. */

const answer = ({ status, ...problem }: Problem) =>
  new Response(JSON.stringify(bodyOf({ status, ...problem })), { status });

test.each<[Problem, Unopened["why"], string]>([
  [PROBLEMS.wrongHostKey, "refused", WRONG_KEY],
  [PROBLEMS.httpsRequired, "refused", PROBLEMS.httpsRequired.message],
  [PROBLEMS.unknownBroadcast, "refused", "There is no such broadcast."],
  [PROBLEMS.ended, "refused", "This broadcast has ended."],
  [tooManyHosts(8, 1), "full", "Every place is taken: another host has to leave first."],
  [PROBLEMS.offerRefused, "refused", PROBLEMS.offerRefused.message],
  [PROBLEMS.restarting, "unreached", PROBLEMS.restarting.message],
  [sfuUnavailable("offers"), "unreached", sfuUnavailable("offers").message],
])("the relay's refusal %j is %s, and the host is told: %s", async (problem, why, reason) => {
  expect(await refusal(answer(problem))).toMatchObject({ why, reason });
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
    retryAfterMs: null,
  });
});

test("a relay's error of which this page knows nothing is shown by its status", async () => {
  const response = new Response('{"error": {"code": "new"}}', { status: 500 });
  expect(await refusal(response)).toMatchObject({ reason: "The relay refused the connection (500)." });
});

test("a full show's refusal says when a place may be free", async () => {
  const { status, headers, ...problem } = tooManyHosts(8, 4);
  const response = new Response(JSON.stringify(bodyOf({ status, headers, ...problem })), { status, headers });
  expect(await refusal(response)).toMatchObject({ why: "full", retryAfterMs: 4_000 });
});

test.each<[Unopened["why"], number | null, string, string]>([
  ["unreached", null, "joins", "again"],
  ["unreached", 3_000, "was on", "again"],
  ["refused", null, "was on", "fail"],
  ["refused", 1_000, "joins", "fail"],
  ["full", 1_000, "was on", "again"],
  ["full", 1_000, "joins", "wait 1000"],
  ["full", 1_000, "has waited", "fail"],
  ["full", null, "joins", "fail"],
  ["full", 60_000, "joins", "fail"],
])(
  "after %s with Retry-After %s ms, what follows for a host that %s is: %s",
  (why, retryAfterMs, host, step) => {
    const unopened: Unopened = { kind: "unopened", why, reason: "", retryAfterMs };
    const next = afterUnopened(unopened, host === "was on", host === "has waited");
    expect(next.kind === "wait" ? `wait ${next.millis}` : next.kind).toBe(step);
  },
);
