import { afterAll, beforeAll, expect, test } from "vitest";
import { type Own, startOwn } from "../../bench/load/own.ts";
import { openShow } from "../../bench/load/show.ts";

const START_MS = 60_000;

let own: Own;

beforeAll(async () => {
  own = await startOwn(0);
}, START_MS);

afterAll(() => own.stop());

test("a relay of the tool's own counts what reaches its objects, and nothing else", async () => {
  const { id } = await openShow(own, "economy");
  const before = await own.counts();
  for (const [name, status] of [
    [`${id}/index.m3u8`, 200],
    [`${id}/status.json`, 200],
    [`${id}/audience.json`, 200],
    ["no-such-show/index.m3u8", 404],
  ]) {
    const response = await fetch(`${own.url}/live/${name}`);
    expect(response.status).toBe(status);
  }
  const after = await own.counts();
  expect(after.broadcast - before.broadcast).toBe(2);
  expect(after.audience - before.audience).toBe(1);
});
