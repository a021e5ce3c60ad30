import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedBroadcast, Described } from "../kit/created.ts";
import { EARSHOT, EARSHOT_SECRET } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { chromium } from "../kit/offers.ts";
import { Runtime } from "../kit/runtime.ts";

/** Host keys and deployment secrets are replaced while shows are on. */

const SECOND = "the second secret of these tests";
const THIRD = "the third secret of these tests";

let relay: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }], { opensStorage: true });
});
afterAll(async () => {
  await relay.close();
  sfu.close();
});

/** Makes a WHIP call with a host key. */
function call(method: string, url: string, key: string): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/sdp" };
  return fetch(url, { method, headers, ...(method === "POST" && { body: chromium }) });
}

async function rotateKey({ id }: CreatedBroadcast): Promise<Described> {
  const response = await relay.api("POST", `/broadcasts/${id}/rotate-key`);
  expect(response.status).toBe(200);
  return (await response.json()) as Described;
}

describe("a host key that is replaced", () => {
  test("is refused: its hosts are cut off, the new key publishes, the show goes on", async () => {
    const show = await relay.open({ latency: "low" });
    const published = await call("POST", show.whipUrl, show.hostKey);
    const session = new URL(published.headers.get("location") ?? "", show.whipUrl).href;
    const endpoint = await sfu.endpointOf(session.split("/").at(-1) ?? "");
    const host = await Host.connect(endpoint);
    host.talk(tone(440));
    await expect.poll(async () => (await relay.describe(show.id)).hosts[0]?.heard).toBe(true);
    const closed = sfu.of("PUT /sessions/:id/tracks/close").length;

    const rotated = await rotateKey(show);
    expect(rotated.hostKey).toMatch(/^1\.[\w-]{22}$/);
    expect(rotated.studioUrl).toBe(show.studioUrl.replace(show.hostKey, rotated.hostKey));
    expect(rotated).toMatchObject({ hosts: [] });
    expect(await relay.describe(show.id)).toMatchObject({ hostKey: rotated.hostKey });

    expect((await host.farewell()).reason).toBe("the host key has been replaced");
    await expect.poll(() => sfu.of("PUT /sessions/:id/tracks/close").length).toBe(closed + 1);
    expect(await Host.dial(endpoint)).toBe(410);
    for (const [method, url] of [
      ["POST", show.whipUrl],
      ["GET", show.whipUrl],
      ["GET", session],
      ["DELETE", session],
    ] as const) {
      const refused = await call(method, url, show.hostKey);
      expect([refused.status, refused.headers.get("www-authenticate")], `${method} ${url}`).toEqual([
        401,
        'Bearer realm="earshot"',
      ]);
    }
    expect((await call("DELETE", session, rotated.hostKey)).status).toBe(404);

    expect((await call("GET", show.whipUrl, rotated.hostKey)).status).toBe(204);
    (await Host.publish(rotated, sfu)).talk(tone(440));
    await expect.poll(async () => (await relay.describe(show.id)).hosts[0]?.heard).toBe(true);
  });

  test("twice at once is two generations further on, and neither of the two former keys is accepted", async () => {
    const show = await relay.create();
    const keys = (await Promise.all([rotateKey(show), rotateKey(show)])).map(({ hostKey }) => hostKey);
    expect(keys.map((key) => key.slice(0, 2)).sort()).toEqual(["1.", "2."]);
    for (const key of [show.hostKey, ...keys])
      expect((await call("GET", show.whipUrl, key)).status).toBe(key.startsWith("2.") ? 204 : 401);
  });

  test("during the SFU's answer is refused, and nothing of its host is left", async () => {
    const show = await relay.create();
    let own: string | null = null;
    sfu.react = async ({ path, session }) => {
      if (path !== "/sessions/:id/tracks/new") return undefined;
      own = session;
      await rotateKey(show);
      return undefined;
    };
    try {
      expect((await call("POST", show.whipUrl, show.hostKey)).status).toBe(401);
    } finally {
      sfu.react = () => undefined;
    }
    await expect.poll(() => sfu.closed).toContain(own);
    expect(await relay.describe(show.id)).toMatchObject({ state: "announced", hosts: [] });
  });

  test("while its show is deleted leaves no half state", async () => {
    const slug = "half-state";
    const gone = { rows: 0 };
    for (const wait of [0, 1, 2, 4, 8]) {
      const show = await relay.open({ latency: "low", slug });
      const host = await Host.publish(show, sfu);
      // Deleting takes its time: the SFU is asked to close, and R2's objects are deleted. Keys are replaced all the
      // while.
      let isDeleted = false;
      const deleted = relay.api("DELETE", `/broadcasts/${show.id}`).finally(() => {
        isDeleted = true;
      });
      const rotations: Promise<Response>[] = [];
      while (!isDeleted) {
        rotations.push(relay.api("POST", `/broadcasts/${show.id}/rotate-key`));
        await sleep(wait);
      }
      expect((await deleted).status).toBe(204);
      for (const { status } of await Promise.all(rotations)) expect([200, 404]).toContain(status);
      expect((await host.farewell()).code).toBe(1000);
      expect((await relay.api("GET", `/broadcasts/${show.id}`)).status).toBe(404);
      expect(await relay.sql(show.id, "SELECT COUNT(*) AS rows FROM show")).toEqual([gone]);
      expect([...(await relay.storedObjects(`${show.id}/`)).keys()]).toEqual([]);
      // The next show of that name begins with the first key.
      const next = await relay.create({ slug });
      expect([next.id, next.hostKey]).toEqual([show.id, show.hostKey]);
      expect((await relay.api("DELETE", `/broadcasts/${next.id}`)).status).toBe(204);
    }
  });

  test("while its show ends leaves no half state: the show has ended and has one key, also when it is made anew", async () => {
    const show = await relay.open({ latency: "low" });
    await Host.publish(show, sfu);
    const [ended, ...rotations] = await Promise.all([
      relay.api("POST", `/broadcasts/${show.id}/end`),
      ...Array.from({ length: 8 }, () => rotateKey(show)),
    ]);
    expect(ended.status).toBe(200);
    const described = await relay.describe(show.id);
    expect(described).toMatchObject({ state: "ended", hosts: [] });
    expect(new Set(rotations.map(({ hostKey }) => hostKey)).size).toBe(8);
    expect(described.hostKey).toMatch(/^8\./);
    // The runtime evicts the object only when the timeouts of its calls to the SFU have passed.
    await sleep(15_000);
    await relay.evict("Broadcast", show.id);
    expect(await relay.describe(show.id)).toMatchObject({ state: "ended", hostKey: described.hostKey });
    expect((await call("GET", show.whipUrl, show.hostKey)).status).toBe(401);
  });

  test("stays replaced when the object is made anew", async () => {
    const show = await relay.create();
    const { hostKey } = await rotateKey(show);
    await relay.evict("Broadcast", show.id);
    expect((await relay.describe(show.id)).hostKey).toBe(hostKey);
    expect((await call("GET", show.whipUrl, show.hostKey)).status).toBe(401);
  });
});

describe("a deployment's secret that is replaced", () => {
  /** Returns the state by the object's own account, even when no id of it is accepted. */
  const stateOf = ({ id }: CreatedBroadcast) => relay.stateOf(id);

  test("keeps its shows going while the old one is kept beside it, and ends them when it is not", {
    timeout: 120_000,
  }, async () => {
    const [old, announced] = [await relay.open({ latency: "low", slug: "hand-over" }), await relay.create()];
    await relay.restart({ EARSHOT_SECRET: SECOND, EARSHOT_SECRET_PREVIOUS: EARSHOT_SECRET });
    expect(await relay.describe(old.id)).toMatchObject({ state: "open", hostKey: old.hostKey });
    expect(await relay.describe("hand-over")).toMatchObject({ id: old.id });
    expect(await relay.describe(announced.id)).toMatchObject({ hostKey: announced.hostKey });
    expect((await fetch(old.playbackUrl)).status).toBe(200);
    const host = await Host.publish(old, sfu);
    host.talk(tone(440));
    await expect.poll(() => stateOf(old), { timeout: 20_000 }).toBe("live");
    expect(await rotateKey(old)).toMatchObject({ hostKey: expect.stringMatching(/^1\./) });

    const fresh = await relay.create({ slug: "hand-over" });
    expect(fresh.id).not.toBe(old.id);
    expect(await relay.describe("hand-over")).toMatchObject({ id: fresh.id });
    expect((await call("GET", fresh.whipUrl, fresh.hostKey)).status).toBe(204);

    await relay.restart({ EARSHOT_SECRET: SECOND });
    for (const url of [old.playbackUrl, old.statusUrl, old.whipUrl])
      expect((await fetch(url)).status, url).toBe(404);
    expect((await relay.api("GET", `/broadcasts/${old.id}`)).status).toBe(404);
    // Nobody calls the object; its own alarm brings it back within half a minute.
    const said = `${old.id} has ended: it was made under a secret`;
    await expect.poll(() => relay.log(), { timeout: 45_000 }).toContain(said);
    expect(await stateOf(old)).toBe("ended");
    expect(await relay.describe(fresh.id)).toMatchObject({ hostKey: fresh.hostKey });

    // Its data can be read and deleted once its secret is back.
    await relay.restart({ EARSHOT_SECRET: THIRD, EARSHOT_SECRET_PREVIOUS: EARSHOT_SECRET });
    expect(await relay.describe(old.id)).toMatchObject({ state: "ended" });
    expect((await relay.api("DELETE", `/broadcasts/${old.id}`)).status).toBe(204);
    expect([...(await relay.storedObjects(`${old.id}/`)).keys()]).toEqual([]);
    await relay.restart({ EARSHOT_SECRET });
  });
});
