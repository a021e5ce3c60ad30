import { expect, test } from "vitest";
import type { RtpPacket } from "werift";
import { Forward } from "../../../local/sfu/forward.ts";

/** How a publisher's RTP numbers change on their way to a client that hears it. */

function forwarding() {
  const sent: [number, number][] = [];
  const writeRtp = (packet: RtpPacket | Buffer) => {
    const { sequenceNumber, timestamp } = (packet as RtpPacket).header;
    sent.push([sequenceNumber, timestamp]);
  };
  const forward = new Forward({ writeRtp });
  const push = (ssrc: number, sequenceNumber: number, timestamp: number) =>
    forward.push({ ssrc, sequenceNumber, timestamp, marker: false, payload: Buffer.from([1]) });
  return { sent, push };
}

test("gaps, order and duplicates are passed on as they came", () => {
  const { sent, push } = forwarding();
  for (const n of [5, 7, 6, 6, 10]) push(1, n, n * 960);
  expect(sent).toEqual([5, 7, 6, 6, 10].map((n) => [n, n * 960]));
});

test("another source continues after the newest number, across both wraps", () => {
  const { sent, push } = forwarding();
  push(1, 65_534, 2 ** 32 - 960);
  push(1, 65_535, 0);
  push(1, 65_533, 2 ** 32 - 1920);
  push(2, 900, 70_000);
  push(2, 901, 70_960);
  push(3, 2, 5);
  expect(sent.slice(3)).toEqual([
    [0, 960],
    [1, 1920],
    [2, 2880],
  ]);
});
