import { afterAll, beforeAll, expect, test } from "vitest";
import * as offers from "../ingest/offers.ts";
import { FakeSfu } from "./fake-sfu.ts";
import { Host, tone } from "./host.ts";
import { Listener } from "./listener.ts";
import { Relay } from "./relay.ts";

let relay: Relay;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Relay.start(sfu.url);
});
afterAll(async () => {
  await relay.close();
  sfu.close();
});

const SECONDS = 60;

/**
 * From a part's last sample to its being listed, as a listener has it who asks for every part beforehand: the arrival of
 * the list that has the part, less the part's date and duration. By design it is the aligner's hold of 50 ms and the
 * encoder's lookahead of 43 ms; what comes on top is lateness.
 */
test("parts of a live show are listed on time", { timeout: 120_000 }, async () => {
  const show = await relay.create({ latency: "low" });
  const response = await fetch(show.whipUrl, {
    method: "POST",
    headers: { authorization: `Bearer ${show.hostKey}`, "content-type": "application/sdp" },
    body: offers.chromium,
  });
  const session = (response.headers.get("location") ?? "").split("/").at(-1) ?? "";
  const host = await Host.connect(await sfu.endpointOf(session));
  host.talk(tone(440));
  const listener = await Listener.join(show.playbackUrl);
  let { parts } = await listener.until(3, 0);
  const lateness: number[] = [];
  for (let n = 0; n < SECONDS / 0.384; n++) {
    const last = parts.at(-1);
    if (last === undefined) throw new Error("a live list has parts");
    const list = await listener.list(`_HLS_msn=${last.msn}&_HLS_part=${last.index + 1}`);
    ({ parts } = list);
    // Every part that is new in this list was listed by now.
    for (const part of parts.filter(({ date }) => date > last.date)) {
      lateness.push(list.readAt - part.date - 1000 * part.duration);
    }
  }
  host.leave();
  const sorted = lateness.toSorted((a, b) => a - b);
  const rank = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  console.log(
    `${sorted.length} parts, ms from last sample to listed: min ${Math.round(sorted[0] ?? 0)}, ` +
      `p50 ${rank(0.5)}, p99 ${rank(0.99)}, max ${rank(1)}`,
  );
  expect(sorted.length).toBeGreaterThan(SECONDS / 0.384 - 1);
  expect(sorted[0]).toBeGreaterThan(90);
  expect(rank(0.99)).toBeLessThan(120);
});
