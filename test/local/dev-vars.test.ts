import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { variableIn } from "../../local/dev-vars.ts";

/** The one reader of `.dev.vars`, by which `npm start`, `npm run demo` and `npm run hold` have the same admin token. */

test("the example file has all variables of a deployment, and no value for any", () => {
  const example = readFileSync(new URL("../../.dev.vars.example", import.meta.url), "utf8");
  for (const name of ["ADMIN_TOKEN", "EARSHOT_SECRET", "SFU_APP_ID", "SFU_APP_SECRET"]) {
    expect(example).toMatch(new RegExp(`^${name}=$`, "m"));
    expect(variableIn(example, name), name).toBeNull();
  }
});

test.each([
  ["ADMIN_TOKEN=abc", "abc"],
  ['ADMIN_TOKEN="abc"', "abc"],
  ["ADMIN_TOKEN='abc'", "abc"],
  ["ADMIN_TOKEN = abc \nOTHER=x", "abc"],
  ["ADMIN_TOKEN=abc # mine", "abc"],
  ['ADMIN_TOKEN="a#b"', "a#b"],
  ["ADMIN_TOKEN=abc=\r\nOTHER=x\r\n", "abc="],
  ["OTHER=x\n  ADMIN_TOKEN=abc", "abc"],
  ['ADMIN_TOKEN=\nOTHER=x\nADMIN_TOKEN="abc"\n', "abc"],
  ["ADMIN_TOKEN=\nOTHER=x", null],
  ['ADMIN_TOKEN=""\nOTHER=x', null],
  ["ADMIN_TOKEN=\r\nOTHER=x\r\n", null],
  ["# ADMIN_TOKEN=abc", null],
  ["MY_ADMIN_TOKEN=abc", null],
  ["", null],
])("%j has the admin token %j", (text, token) => {
  expect(variableIn(text, "ADMIN_TOKEN")).toBe(token);
});
