import { expect, test } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import { Secrets } from "../../src/access/secrets.ts";

/** Two secrets side by side, while one replaces the other. */

const [PRESENT, PREVIOUS, GONE] = ["the present secret", "the previous secret", "the secret before that"];
const idUnder = (secret: string) => mintId(new Secret(secret), "town-hall");

test("an id tells which secret made it: the present one, the previous one, or neither", async () => {
  const secrets = new Secrets(PRESENT, PREVIOUS);
  const [present, previous] = secrets.all;
  expect(await secrets.of(await idUnder(PRESENT))).toBe(present);
  expect(await secrets.of(await idUnder(PREVIOUS))).toBe(previous);
  expect(await secrets.of(await idUnder(GONE))).toBe(null);
  expect(secrets.present).toBe(present);
});

test.each([undefined, ""])("there is only one secret where the previous one is %j", async (none) => {
  const secrets = new Secrets(PRESENT, none);
  expect(secrets.all).toHaveLength(1);
  expect(await secrets.of(await idUnder(PREVIOUS))).toBe(null);
});

test("a secret that is too short is refused by the name of its variable", () => {
  expect(() => new Secrets("short", undefined)).toThrow("EARSHOT_SECRET must be");
  expect(() => new Secrets(PRESENT, "short")).toThrow("EARSHOT_SECRET_PREVIOUS must be");
});
