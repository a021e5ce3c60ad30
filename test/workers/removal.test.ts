import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";
import { wavOf } from "../kit/wav.ts";

/** A broadcast is removed completely, by DELETE or by itself, whatever interrupts the removal, in the real runtime. */

const OBJECTS = 3_000;

let relay: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  const vars = { SFU_API: sfu.url };
  relay = await Runtime.start([{ name: "earshot", entry: "test/workers/removal-worker.ts", vars }], {
    opensStorage: true,
  });
});
afterAll(async () => {
  await relay.close();
  sfu.close();
});

/** Returns an ended show with {@link OBJECTS} objects in R2. */
async function recorded(slug: string): Promise<{ id: string; playbackUrl: string }> {
  const show = await relay.open({ slug, latency: "low" });
  await relay.api("POST", `/broadcasts/${show.id}/end`);
  for (let from = 0; from < OBJECTS; from += 50) {
    const names = Array.from({ length: 50 }, (_, n) => `${show.id}/mwq4yx3z/s${from + n}.m4s`);
    await Promise.all(names.map((name) => relay.putObject(name, new Uint8Array(64))));
  }
  return show;
}

const statusOf = async (id: string, method = "GET") => (await relay.api(method, `/broadcasts/${id}`)).status;
const listed = async () =>
  ((await (await relay.api("GET", "/broadcasts")).json()) as { broadcasts: { id: string }[] }).broadcasts.map(
    ({ id }) => id,
  );

test("DELETE removes all of 3,000 objects, and answers when they are gone", {
  timeout: 120_000,
}, async () => {
  const show = await recorded("three-thousand");
  const from = performance.now();
  expect(await statusOf(show.id, "DELETE")).toBe(204);
  console.log(`${OBJECTS} objects were deleted in ${Math.round(performance.now() - from)} ms.`);
  expect(await relay.countObjects(`${show.id}/`)).toBe(0);
  expect(await statusOf(show.id, "DELETE")).toBe(404);
  expect((await relay.create({ slug: "three-thousand" })).id).toBe(show.id);
});

test("a show that is removed while it is on blames R2 for nothing", async () => {
  const show = await relay.open({ slug: "on", latency: "low" });
  await sleep(3_000);
  expect(await statusOf(show.id, "DELETE")).toBe(204);
  expect(relay.log()).not.toContain(`R2 did not take a segment of ${show.id}`);
});

test("an interrupted removal goes on by itself: the broadcast is unknown at once, its name taken until the end", {
  timeout: 180_000,
}, async () => {
  const show = await recorded("cut");
  const from = performance.now();
  const answered = statusOf(show.id, "DELETE").catch(() => 0);
  await expect.poll(() => statusOf(show.id), { interval: 5, timeout: 10_000 }).toBe(404);
  const again = await relay.api("POST", "/broadcasts", { slug: "cut" });
  expect([again.status, ((await again.json()) as { error: { code: string } }).error.code]).toEqual([
    409,
    "being_removed",
  ]);
  expect(await statusOf(show.id)).toBe(404);
  expect([404, 410]).toContain((await fetch(show.playbackUrl)).status);
  await expect
    .poll(() => relay.countObjects(`${show.id}/`), { interval: 5, timeout: 10_000 })
    .toBeLessThan(OBJECTS);
  await relay.ask("earshot", `/cut/${show.id}`);
  const left = await relay.countObjects(`${show.id}/`);
  console.log(
    `The object was reset with ${left} of ${OBJECTS} objects left; DELETE had answered ${await answered}.`,
  );
  expect(left).toBeGreaterThan(0);
  // Nobody calls the object meanwhile: its alarm has to continue the removal.
  await expect.poll(() => relay.countObjects(`${show.id}/`), { timeout: 60_000, interval: 250 }).toBe(0);
  await expect.poll(() => listed(), { timeout: 10_000 }).not.toContain(show.id);
  expect(performance.now() - from).toBeLessThan(60_000);
  await expect.poll(() => statusOf(show.id, "DELETE"), { timeout: 10_000 }).toBe(404);
  expect((await relay.create({ slug: "cut" })).id).toBe(show.id);
});

test("objects that R2 does not delete for a while are deleted once it does", {
  timeout: 60_000,
}, async () => {
  const { id } = await relay.open({ latency: "low" });
  await expect.poll(() => relay.countObjects(`${id}/`), { timeout: 10_000 }).toBeGreaterThan(1);
  await relay.ask("earshot", "/r2/fails");
  expect([await statusOf(id, "DELETE"), await statusOf(id, "DELETE")]).toEqual([202, 202]);
  expect(await statusOf(id)).toBe(404);
  expect(await listed()).not.toContain(id);
  await sleep(6_000);
  expect(await relay.countObjects(`${id}/`)).toBeGreaterThan(1);
  await relay.ask("earshot", "/r2/works");
  await expect.poll(() => relay.countObjects(`${id}/`), { timeout: 15_000 }).toBe(0);
  await expect.poll(() => statusOf(id, "DELETE"), { timeout: 5_000 }).toBe(404);
});

test("two simultaneous DELETE calls both get an answer, and nothing is left", {
  timeout: 60_000,
}, async () => {
  const { id } = await relay.open({ latency: "low" });
  await expect.poll(() => relay.countObjects(`${id}/`), { timeout: 10_000 }).toBeGreaterThan(1);
  const statuses = await Promise.all([statusOf(id, "DELETE"), statusOf(id, "DELETE")]);
  for (const status of statuses) expect([204, 404]).toContain(status);
  expect(statuses).toContain(204);
  expect(await relay.countObjects(`${id}/`)).toBe(0);
  expect(await relay.sql(id, "SELECT COUNT(*) AS rows FROM show")).toEqual([{ rows: 0 }]);
});

test("DELETE of a live show ends it without its farewell, and nothing of it comes back", {
  timeout: 60_000,
}, async () => {
  const show = await relay.create({ latency: "low", hold: "default", autoOpen: false });
  const spoken = wavOf({ rate: 44_100, channels: 2, bits: 16, seconds: 1.5 }, (t) => 0.5 * Math.sin(6e3 * t));
  const put = await relay.ask("earshot", `/api/broadcasts/${show.id}/announcements/after`, {
    method: "PUT",
    headers: { authorization: `Bearer ${relay.adminToken}` },
    body: spoken,
  });
  expect(put.status).toBe(200);
  const host = await Host.publish(show, sfu);
  host.talk(tone(2_000));
  const listener = await Listener.join(show.playbackUrl);
  await expect.poll(() => relay.stateOf(show.id)).toBe("live");
  await listener.list();
  expect(await statusOf(show.id, "DELETE")).toBe(204);
  // The farewell would take the announcement's length and 5 s.
  await sleep(6_500 + 3_000);
  expect(await relay.countObjects(`${show.id}/`)).toBe(0);
  expect(await relay.sql(show.id, "SELECT COUNT(*) AS rows FROM show")).toEqual([{ rows: 0 }]);
  expect(await listed()).not.toContain(show.id);
  expect(await statusOf(show.id)).toBe(404);
});

test("an ended show is removed by itself after its retainDays, but not if it is kept for ever", {
  timeout: 90_000,
}, async () => {
  const [over, kept] = [await relay.open({ retainDays: 1 }), await relay.open({ retainDays: null })];
  expect(await relay.describe(kept.id)).toMatchObject({ retainDays: null });
  for (const { id } of [over, kept]) {
    await relay.api("POST", `/broadcasts/${id}/end`);
    // Its end was long ago for an object that is made anew.
    const at = Date.now() - 400 * 86_400_000;
    await relay.sql(id, `UPDATE show SET json = json_set(json, '$.endedAt', ${at})`);
    await relay.evict("Broadcast", id);
  }
  // A change of the show sets the alarm anew; otherwise an object that was made anew does so half a minute later.
  for (const { id } of [over, kept]) await relay.api("PATCH", `/broadcasts/${id}`, { title: "Old" });
  await expect.poll(() => statusOf(over.id), { timeout: 40_000, interval: 200 }).toBe(404);
  await expect.poll(() => relay.countObjects(`${over.id}/`), { timeout: 20_000 }).toBe(0);
  await expect.poll(() => listed(), { timeout: 10_000 }).not.toContain(over.id);
  expect(await statusOf(kept.id)).toBe(200);
  expect(await listed()).toContain(kept.id);
});
