import { expect, test } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import { Known } from "../../src/edge/known.ts";

const secret = new Secret("the secret of this test");

test("an id is known once it has passed its check, not before", async () => {
  const known = new Known();
  const id = await mintId(secret, "town-hall");
  expect(known.has(id)).toBe(false);
  expect(await known.learn(secret, id)).toBe(true);
  expect(known.has(id)).toBe(true);
});

test("what was invented is not, however often it is tried", async () => {
  const known = new Known();
  const id = await mintId(secret, "town-hall");
  for (const invented of ["town-hall-aaaaaa", "town-hall", "", id.replace("town", "down")]) {
    for (let n = 0; n < 2; n++) expect(await known.learn(secret, invented)).toBe(false);
    expect(known.has(invented)).toBe(false);
  }
});

test("inventions push nothing out; the id that was learnt first goes when there are too many", async () => {
  const known = new Known(2);
  const ids = await Promise.all(["one", "two", "three"].map((slug) => mintId(secret, slug)));
  const held = () => ids.map((id) => known.has(id));
  for (const id of ids.slice(0, 2)) await known.learn(secret, id);
  for (let n = 0; n < 10; n++) await known.learn(secret, `nobody-${n}aaaaa`);
  expect(held()).toEqual([true, true, false]);
  await known.learn(secret, ids[2] ?? "");
  expect(held()).toEqual([false, true, true]);
});
