import { expect, test } from "vitest";
import { refusal } from "../../src/web/refusal.ts";

/** What a page tells a host whom the relay has refused. */

test.each([
  [401, null, "The host key in this link is wrong. Ask for the studio link again."],
  [
    409,
    { error: { message: "8 hosts are on already." } },
    "Every seat is taken: another host has to leave first.",
  ],
  [503, { error: { message: "The operator has to mend it." } }, "The operator has to mend it."],
  [503, null, "The relay refused the connection (503)."],
  [502, "<h1>Bad gateway</h1>", "The relay refused the connection (502)."],
  [500, { error: {} }, "The relay refused the connection (500)."],
])("a %i with the body %j is shown as: %s", async (status, body, told) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  expect(await refusal(new Response(text, { status }))).toBe(told);
});
