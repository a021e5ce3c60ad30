import { expect, test } from "vitest";
import { publish } from "../../../local/host/publisher.ts";
import { startSfu } from "../../../local/sfu/server.ts";
import { Ear } from "../../kit/ear.ts";
import { SfuCaller, startFront } from "../../kit/front.ts";
import { toneSource } from "../../kit/tone.ts";

/** Publishers come and go, and none of their sockets stay open. */

/** The number of UDP sockets that this process holds open. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "UDPWrap").length;
}

test("twenty publishers come and go, and no UDP socket of theirs stays open", async () => {
  const server = await startSfu({ port: 0, appId: "app", appSecret: "churn" });
  const sfu = new SfuCaller(server.url, "app", "churn");
  const front = await startFront(sfu);
  const cycle = async (graceful: boolean) => {
    const ear = await Ear.start();
    const publication = await publish({ url: front.url, key: "key", source: toneSource() });
    const sessionId = publication.sessionUrl.split("/").at(-1) ?? "";
    expect((await sfu.newAdapter(sessionId, ear.url)).status).toBe(200);
    await expect.poll(() => ear.heard.length).toBeGreaterThan(2);
    expect(sockets()).toBeGreaterThan(0);
    await publication.close(graceful);
    if (graceful) await expect.poll(() => ear.closes.length).toBe(1);
    ear.close();
  };
  await cycle(true); // from here on everything exists that is made once and kept (wasm, certificates)
  const before = sockets();
  for (const crowd of [5, 5, 5, 4]) {
    await Promise.all(Array.from({ length: crowd }, (_, i) => cycle(i !== 2)));
  }
  expect(front.sessions).toHaveLength(20);
  const ended = async () => {
    const replies = await Promise.all(front.sessions.map((id) => sfu.call("GET", `/sessions/${id}`)));
    return replies.filter(({ status }) => status === 410).length;
  };
  await expect.poll(ended, { timeout: 20_000 }).toBe(20);
  expect(sockets()).toBe(before);
  front.close();
  await server.close();
  await expect.poll(() => sockets()).toBe(0);
});
