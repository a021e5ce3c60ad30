import { expect, test } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secrets } from "../../src/access/secrets.ts";
import { KnownIds } from "../../src/edge/known-ids.ts";

/** Ids that have passed their check are not checked again. */

const secrets = new Secrets("the secret of this test", "the secret before it");
const [secret, previous] = secrets.all;

test("an id is known, with its secret, once it has passed its check and not before", async () => {
  for (const made of [secret, previous ?? secret]) {
    const known = new KnownIds();
    const id = await mintId(made, "town-hall");
    expect(known.secretOf(id)).toBeNull();
    expect(await known.learn(secrets, id)).toBe(made);
    expect(known.secretOf(id)).toBe(made);
  }
});

test("an invented id never becomes known, however often it is tried", async () => {
  const known = new KnownIds();
  const id = await mintId(secret, "town-hall");
  for (const invented of ["town-hall-aaaaaa", "town-hall", "", id.replace("town", "down")]) {
    for (let n = 0; n < 2; n++) expect(await known.learn(secrets, invented)).toBe(null);
    expect(known.secretOf(invented)).toBeNull();
  }
});

test("invented ids evict none; when there are too many, the id that was learnt first is evicted", async () => {
  const known = new KnownIds(2);
  const ids = await Promise.all(["one", "two", "three"].map((slug) => mintId(secret, slug)));
  const held = () => ids.map((id) => known.secretOf(id) !== null);
  for (const id of ids.slice(0, 2)) await known.learn(secrets, id);
  for (let n = 0; n < 10; n++) await known.learn(secrets, `nobody-${n}aaaaa`);
  expect(held()).toEqual([true, true, false]);
  await known.learn(secrets, ids[2] ?? "");
  expect(held()).toEqual([false, true, true]);
});
