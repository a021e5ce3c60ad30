import { afterAll, beforeAll, describe, test } from "vitest";
import type { Event } from "../../src/events.ts";
import type { Created } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, silence, tone } from "../kit/host.ts";
import { Runtime } from "../kit/runtime.ts";

/** What the guard finds, as operators are told of it by the show's events and its description, in the real runtime. */

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

/** All warnings among a show's events, until `enough` of them have come: "+kind" raised, "-kind" cleared, and of whom. */
async function warnings({ id }: Created, enough: (said: readonly string[]) => boolean): Promise<string[]> {
  const off = new AbortController();
  const timer = setTimeout(() => off.abort(), 30_000);
  const headers = { authorization: `Bearer ${relay.adminToken}` };
  const response = await fetch(`${relay.url}/api/broadcasts/${id}/events`, { headers, signal: off.signal });
  const said: string[] = [];
  let text = "";
  try {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const messages = text.split("\n\n");
      text = messages.pop() ?? "";
      for (const message of messages) {
        const data = /^data: (.*)$/m.exec(message)?.[1];
        const event = data === undefined ? null : (JSON.parse(data) as Event);
        if (event !== null && "raised" in event)
          said.push(
            `${event.raised ? "+" : "-"}${event.kind}${event.host === null ? "" : ` ${event.host.name}`}`,
          );
      }
      if (enough(said)) break;
    }
  } catch (error) {
    if (!off.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    off.abort();
  }
  return said;
}

describe.concurrent("the guard", () => {
  test("tells of a microphone that delivers digital zero, and when it delivers sound again", async ({
    expect,
  }) => {
    const show = await relay.create({ latency: "low" });
    const host = await Host.publish(show, sfu);
    host.talk(silence);
    expect(await warnings(show, (said) => said.length > 0)).toEqual(["+microphone-dead Host"]);
    const described = await relay.describe(show.id);
    expect(described.warnings).toEqual([{ kind: "microphone-dead", host: { hostId: "host", name: "Host" } }]);
    // The host's own studio is told by the answer that says whose key it has.
    const asked = await fetch(show.whipUrl, { headers: { authorization: `Bearer ${show.hostKey}` } });
    expect(asked.headers.get("earshot-warnings")).toBe("microphone-dead");
    host.talk(tone(440));
    const both = ["+microphone-dead Host", "-microphone-dead Host"];
    expect(await warnings(show, (said) => said.length > 1)).toEqual(both);
    expect((await relay.describe(show.id)).warnings).toEqual([]);
    host.leave();
  });

  test("tells of silence on the air, and clears it when the show has ended", async ({ expect }) => {
    const show = await relay.create({ latency: "low" });
    const host = await Host.publish(show, sfu);
    host.talk(tone(440));
    await expect
      .poll(async () => (await relay.describe(show.id)).hosts[0]?.heard, { timeout: 10_000 })
      .toBe(true);
    host.talk(tone(440, 0.0005));
    expect(await warnings(show, (said) => said.length > 0)).toEqual(["+silence"]);
    await relay.api("POST", `/broadcasts/${show.id}/end`);
    expect(await warnings(show, (said) => said.length > 1)).toEqual(["+silence", "-silence"]);
  });

  test("tells of a host whose way broke, and of its return", async ({ expect }) => {
    const show = await relay.create({ latency: "low" });
    const host = await Host.publish(show, sfu);
    host.talk(tone(440));
    await expect
      .poll(async () => (await relay.describe(show.id)).hosts[0]?.heard, { timeout: 10_000 })
      .toBe(true);
    host.crash();
    expect(await warnings(show, (said) => said.length > 0)).toContain("+host-lost Host");
    const endpoint = sfu.endpoints.findLast((url) => url.includes(show.id));
    const again = await Host.connect(endpoint ?? "");
    again.talk(tone(440));
    expect(await warnings(show, (said) => said.includes("-host-lost Host"))).toContain("-host-lost Host");
    again.leave();
  });
});
