import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host } from "../kit/host.ts";
import { decodeTimes, Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/** Shows as other deploys, or accidents, may have left them in their objects' storage. */

const AU = 1024;
/** A profile with numbers that no deploy has had yet. */
const FOREIGN = { latency: "low", partUnits: 12, segmentUnits: 96, targetDuration: 3, lowLatency: true };

/** Changes of a running show's row, made before its object is made anew. */
const CHANGES = {
  old: "json_remove(json, '$.keyGeneration', '$.anew', '$.timeline.profile')",
  unfitting: `json_set(json, '$.timeline.profile', json('${JSON.stringify(FOREIGN)}'))`,
  refused: "json_set(json, '$.bitrate', 1)",
  damaged: "json_set(json, '$.timeline.epoch', 7)",
  garbage: "'garbage'",
} as const;

interface Stored {
  readonly show: CreatedBroadcast;
  readonly listener: Listener;
}

let relay: Runtime;
let sfu: FakeSfu;
const shows = new Map<string, Stored>();
/** Returns the show whose row was changed under that name. */
const shown = (name: keyof typeof CHANGES | "parts" | "ended parts") => shows.get(name) as Stored;
let foreign: CreatedBroadcast;
let hosted: CreatedBroadcast;

beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }], { opensStorage: true });
  const names = [...Object.keys(CHANGES), "parts", "ended parts"];
  for (const [name, stored] of await Promise.all(names.map(async (name) => [name, await running()] as const)))
    shows.set(name, stored);
  for (const [name, row] of Object.entries(CHANGES))
    await change(shown(name as keyof typeof CHANGES).show, row);
  await call("POST", shown("ended parts").show, "/end");
  for (const name of ["parts", "ended parts"] as const)
    await relay.sql(shown(name).show.id, "UPDATE part SET at = at + 7, duration = 1 WHERE msn = 1");
  foreign = await relay.create({ latency: "low" });
  const timeline = JSON.stringify({ epoch: "mwq4yx3z", startedAt: Date.now(), profile: FOREIGN });
  await change(foreign, `json_set(json, '$.state', 'open', '$.timeline', json('${timeline}'))`);
  hosted = await relay.open({ latency: "low" });
  // The host sends nothing: a host who is heard makes the show live, and its row would be written anew.
  await Host.publish(hosted, sfu);
  await change(hosted, "'garbage'");
  await relay.restart();
}, 60_000);
afterAll(async () => {
  await relay.close();
  sfu.close();
});

/** Opens a show and waits until it has listed three segments and a part. */
async function running(): Promise<Stored> {
  const show = await relay.open({ latency: "low", title: "Stored" });
  const listener = await Listener.join(show.playbackUrl);
  await listener.until(3, 0);
  return { show, listener };
}

const change = ({ id }: CreatedBroadcast, row: string) => relay.sql(id, `UPDATE show SET json = ${row}`);
const stateOf = async ({ id }: CreatedBroadcast) => (await relay.describe(id)).state;

/** Makes a call of the API, which has to succeed. */
async function call(method: string, { id }: CreatedBroadcast, action = ""): Promise<void> {
  const response = await relay.api(method, `/broadcasts/${id}${action}`);
  expect(response.ok, `${method} ${action}: ${response.status}`).toBe(true);
}

async function expectDeletable(show: CreatedBroadcast): Promise<void> {
  await call("DELETE", show);
  expect((await relay.api("GET", `/broadcasts/${show.id}`)).status).toBe(404);
  expect([...(await relay.storedObjects(`${show.id}/`)).keys()]).toEqual([]);
}

describe("a stored show", { timeout: 60_000 }, () => {
  test("of the first deploys, whose rows have fewer fields, goes on where it was", async () => {
    const { show, listener } = shown("old");
    expect(await relay.describe(show.id)).toMatchObject({ state: "open", hostKey: show.hostKey, anew: null });
    const again = await Listener.join(show.playbackUrl);
    expect(again.epoch).toBe(listener.epoch);
    expect((await again.list()).firstMsn).toBe(0);
    await call("POST", show, "/end");
    await expectDeletable(show);
  });

  test("whose parts do not fit begins a new epoch, and the API says so", async () => {
    const { show, listener } = shown("unfitting");
    expect(await relay.describe(show.id)).toMatchObject({
      state: "open",
      title: "Stored",
      hostKey: show.hostKey,
      anew: { at: expect.any(Number), why: expect.stringMatching(/^what was stored of it does not fit/) },
    });
    await expect.poll(() => relay.log()).toContain(`The timeline of ${show.id} begins anew`);
    const again = await Listener.join(show.playbackUrl);
    expect(again.epoch > listener.epoch).toBe(true);
    expect((await again.until(3, 0)).text).toContain("PART-TARGET=0.384\n");
    await call("POST", show, "/end");
    expect(await stateOf(show)).toBe("ended");
    await expectDeletable(show);
  });

  test("with a bit rate that the encoder refuses goes on at the standard one", async () => {
    const { show } = shown("refused");
    expect(await relay.describe(show.id)).toMatchObject({ state: "open", bitrate: 128_000 });
    await call("POST", show, "/end");
    await expectDeletable(show);
  });

  test.each([
    ["the epoch can not be read", "damaged", "Stored", "open"],
    ["nothing can be read", "garbage", "Untitled show", "announced"],
  ] as const)("of which %s can be described, opened, ended and deleted like any other", async (...is) => {
    const [, name, title, state] = is;
    const { show } = shown(name);
    const why = "its row could not be read";
    expect(await relay.describe(show.id)).toMatchObject({ id: show.id, title, state, anew: { why } });
    await expect.poll(() => relay.log()).toContain(`The timeline of ${show.id} can not go on`);
    await call("POST", show, "/open");
    // At least three segments were there before.
    expect((await (await Listener.join(show.playbackUrl)).list()).firstMsn).toBeGreaterThanOrEqual(3);
    await call("POST", show, "/end");
    expect(await stateOf(show)).toBe("ended");
    await expectDeletable(show);
  });

  test("of which nothing can be read goes on in a new epoch if it has hosts", async () => {
    expect(await relay.describe(hosted.id)).toMatchObject({ state: "open", hosts: [{}] });
    await expectDeletable(hosted);
  });

  test.each([
    ["running", "parts", "open"],
    ["ended", "ended parts", "ended"],
  ] as const)("that is %s, with garbage for parts, can be read and deleted", async (_, name, state) => {
    const { show } = shown(name);
    expect(await stateOf(show)).toBe(state);
    await expectDeletable(show);
  });

  test("keeps the numbers of its profile to its end, even if a deploy has others under that name", async () => {
    for (const round of [0, 1]) {
      const listener = await Listener.join(foreign.playbackUrl);
      expect(listener.epoch).toBe("mwq4yx3z");
      const { text } = await listener.until(3, 0);
      expect(text).toContain("#EXT-X-TARGETDURATION:3\n");
      expect(text).toContain("PART-TARGET=0.256\n");
      expect(text).toContain("#EXTINF:2.048,\n");
      expect(decodeTimes(await listener.bytes("s1.m4s"))).toEqual(
        Array.from({ length: 8 }, (_, index) => (96 + 12 * index) * AU),
      );
      if (round === 0) await relay.restart();
    }
    await call("POST", foreign, "/end");
    const { text } = await (await Listener.join(foreign.playbackUrl)).list();
    expect(text).toContain("#EXT-X-TARGETDURATION:3\n");
    await expectDeletable(foreign);
  });
});
