import { setTimeout as sleep } from "node:timers/promises";
import { createDecoder } from "libopus-wasm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RtpPacket } from "werift";
import { startSfu } from "../../../local/sfu/server.ts";
import { SfuCaller } from "../../kit/front.ts";
import { followTone, LEFT_HZ } from "../../kit/tone.ts";
import { Puller } from "./puller.ts";
import { connectShape } from "./shape.ts";

/** Sessions that hear others: the publishers' RTP reaches them complete, on one connection while publishers come and go. */

let server: Awaited<ReturnType<typeof startSfu>>;
let sfu: SfuCaller;
beforeAll(async () => {
  server = await startSfu({ port: 0, appId: "app", appSecret: "pulls" });
  sfu = new SfuCaller(server.url, "app", "pulls");
});
afterAll(() => server.close());

/** The step from each packet's sequence number to the next. */
const steps = (packets: readonly RtpPacket[]) =>
  packets
    .slice(1)
    .map(({ header }, n) => (header.sequenceNumber - (packets[n]?.header.sequenceNumber ?? 0)) & 0xffff);

test("two publishers are heard completely, one leaves and another comes, all on one connection", async () => {
  const [ada, ben] = await Promise.all([connectShape(sfu, {}), connectShape(sfu, {})]);
  const puller = await Puller.start(sfu);
  const [first = "", second = ""] = await puller.pull(ada.sessionId, ben.sessionId);
  await expect.poll(() => puller.heard.get(second)?.length ?? 0).toBeGreaterThan(50);
  const heard = (mid: string) => puller.heard.get(mid) ?? [];

  // Each has the SSRC and payload type of its section in the offer, not the publisher's, and no packet is missing.
  for (const mid of [first, second]) {
    const section = puller.offer.split(/^(?=m=)/m).find((text) => text.includes(`a=mid:${mid}\r\n`)) ?? "";
    const ssrc = Number(/^a=ssrc:(\d+)/m.exec(section)?.[1]);
    const type = Number(/^a=rtpmap:(\d+) opus/im.exec(section)?.[1]);
    expect(new Set(heard(mid).map(({ header }) => header.ssrc))).toEqual(new Set([ssrc]));
    expect(new Set(heard(mid).map(({ header }) => header.payloadType))).toEqual(new Set([type]));
    expect(new Set(steps(heard(mid)))).toEqual(new Set([1]));
  }
  const decoder = await createDecoder({ channels: 2, sampleRate: 48_000 });
  const pcm = heard(first).flatMap(({ payload }) => [...decoder.decode(payload)]);
  decoder.free();
  const tone = followTone(Int16Array.from(pcm.slice(10 * 1920)), 0, LEFT_HZ);
  expect(tone).toMatchObject({ silent: 0, jumps: 0 });
  expect(Math.abs(tone.amplitude / 12_000 - 1)).toBeLessThan(0.05);

  // Closing one track silences only that one.
  expect((await puller.drop(first)).json.tracks).toEqual([{ mid: first }]);
  expect((await puller.drop(first)).json.tracks[0].errorCode).toBe("close_track_error");
  await sleep(100);
  const closed = heard(first).length;
  const eve = await connectShape(sfu, {});
  const [third = ""] = await puller.pull(eve.sessionId);
  expect(third).not.toBe(first);
  await expect.poll(() => heard(third).length).toBeGreaterThan(25);
  expect(heard(first).length).toBe(closed);
  expect(new Set(steps(heard(second)))).toEqual(new Set([1]));
  const { json } = await sfu.call("GET", `/sessions/${puller.sessionId}`);
  expect(json.tracks).toEqual([
    { location: "remote", mid: first, sessionId: ada.sessionId, trackName: "mic", status: "inactive" },
    { location: "remote", mid: second, sessionId: ben.sessionId, trackName: "mic", status: "active" },
    { location: "remote", mid: third, sessionId: eve.sessionId, trackName: "mic", status: "active" },
  ]);
  await Promise.all([ada, ben, eve, puller].map((end) => end.close()));
});

test("a publisher that does not exist is an error in its item, and the others are offered", async () => {
  const ada = await connectShape(sfu, {});
  const puller = await Puller.start(sfu);
  const { status, json } = await puller.ask(ada.sessionId, "0".repeat(32));
  expect(status).toBe(200);
  expect(json.tracks).toMatchObject([{ mid: "0" }, { mid: "", errorCode: "not_found_track_error" }]);
  const alone = await Puller.start(sfu);
  const none = await alone.ask("0".repeat(32));
  expect(none).toMatchObject({ status: 200, json: { requiresImmediateRenegotiation: false } });
  expect(none.json.sessionDescription).toBeUndefined();
  await Promise.all([ada, puller, alone].map((end) => end.close()));
});

test("there is no second offer before the first is answered, and an answer to anything else is refused", async () => {
  const ada = await connectShape(sfu, {});
  const puller = await Puller.start(sfu);
  const { json } = await puller.ask(ada.sessionId);
  expect(await puller.ask(ada.sessionId)).toMatchObject({ status: 406 });
  const answer = await puller.answerTo(json.sessionDescription.sdp);
  expect(await puller.renegotiate("v=0\r\n")).toMatchObject({ status: 406 });
  expect(await puller.renegotiate(answer.replaceAll("a=mid:0", "a=mid:7"))).toMatchObject({ status: 406 });
  expect(await puller.renegotiate(answer)).toEqual({ status: 200, json: {} });
  expect(await puller.renegotiate(answer)).toMatchObject({ status: 406 });
  await Promise.all([ada.close(), puller.close()]);
});
