import { afterAll, beforeAll, describe, test } from "vitest";
import type { Event } from "../../src/events.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { follow } from "../kit/follower.ts";
import { Host, silence, tone } from "../kit/host.ts";
import { Runtime } from "../kit/runtime.ts";

/** The guard's warnings, as operators get them in the show's events and its description, in the real runtime. */

let relay: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
});
afterAll(async () => {
  await relay.close();
  sfu.close();
});

/**
 * Returns the warnings among a show's events, up to the one named `last`: "+kind" raised, "-kind" cleared, and the
 * host's name. It leaves out `host-gone`, which a machine that stalls for 3 s causes as well.
 */
async function warnings(show: CreatedBroadcast, last: string): Promise<string[]> {
  let said: string[] = [];
  const enough = (events: readonly Event[]) => {
    said = events.flatMap((event) => {
      if (!("raised" in event) || event.kind === "host-gone") return [];
      return `${event.raised ? "+" : "-"}${event.kind}${event.host === null ? "" : ` ${event.host.name}`}`;
    });
    return said.includes(last);
  };
  await follow(relay, show, enough, { millis: 30_000 });
  return said;
}

describe.concurrent("the guard", () => {
  test("reports a microphone that delivers digital zero, and its return", async ({ expect }) => {
    const show = await relay.create({ latency: "low" });
    const host = await Host.publish(show, sfu);
    host.talk(silence);
    expect(await warnings(show, "+microphone-dead Host")).toEqual(["+microphone-dead Host"]);
    const described = await relay.describe(show.id);
    expect(described.warnings).toEqual([{ kind: "microphone-dead", host: { hostId: "host", name: "Host" } }]);
    // The host's own studio gets the warning in the answer that says whose key it has.
    const asked = await fetch(show.whipUrl, { headers: { authorization: `Bearer ${show.hostKey}` } });
    expect(asked.headers.get("earshot-warnings")).toBe("microphone-dead");
    host.talk(tone(440));
    const both = ["+microphone-dead Host", "-microphone-dead Host"];
    expect(await warnings(show, "-microphone-dead Host")).toEqual(both);
    expect((await relay.describe(show.id)).warnings).toEqual([]);
    host.leave();
  });

  test("reports silence on the air, and clears it when the show has ended", async ({ expect }) => {
    const show = await relay.create({ latency: "low" });
    const host = await Host.publish(show, sfu);
    host.talk(tone(440));
    await expect
      .poll(async () => (await relay.describe(show.id)).hosts[0]?.heard, { timeout: 10_000 })
      .toBe(true);
    host.talk(tone(440, 0.0005));
    expect(await warnings(show, "+silence")).toEqual(["+silence"]);
    await relay.api("POST", `/broadcasts/${show.id}/end`);
    expect(await warnings(show, "-silence")).toEqual(["+silence", "-silence"]);
  });

  test("reports a host whose connection broke, and its return", async ({ expect }) => {
    const show = await relay.create({ latency: "low" });
    const host = await Host.publish(show, sfu);
    host.talk(tone(440));
    await expect
      .poll(async () => (await relay.describe(show.id)).hosts[0]?.heard, { timeout: 10_000 })
      .toBe(true);
    host.crash();
    expect(await warnings(show, "+host-lost Host")).toContain("+host-lost Host");
    const endpoint = sfu.endpoints.findLast((url) => url.includes(show.id));
    const again = await Host.connect(endpoint ?? "");
    again.talk(tone(440));
    expect(await warnings(show, "-host-lost Host")).toContain("-host-lost Host");
    again.leave();
  });
});
