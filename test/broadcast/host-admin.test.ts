import { expect, test, vi } from "vitest";
import { encodePacket } from "../../local/sfu/packet.ts";
import { handleHostAct } from "../../src/broadcast/host-admin.ts";
import type { HostRow } from "../../src/broadcast/host-row.ts";
import type { Life } from "../../src/broadcast/life.ts";
import { samples } from "../../src/media.ts";
import { Mix, PACKET_FRAMES } from "../kit/mix.ts";

/** What an operator is told of a host: how much of its sound is lost on the way. */

// Nothing is encoded here.
vi.mock("../../dist/aac.wasm", () => ({
  default: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
}));

const ROW: HostRow = {
  hostId: "host",
  name: "Host",
  muted: false,
  gainDb: 0,
  level: false,
  generation: 0,
  createdAt: 0,
};
const TONE = new Uint8Array(4 * PACKET_FRAMES).map((_, n) => (n % 2 === 0 ? 0 : n % 384 < 192 ? 30 : 226));

/**
 * Returns the loss of a host for 20 s. Of each slot of 20 ms, `number` returns the packet's sequence number; null: no packet
 * comes.
 */
async function lossOf(number: (slot: number) => number | null): Promise<number | null> {
  const { pipeline } = new Mix();
  for (let slot = 0; slot < 1_000; slot++) {
    const now = samples((slot + 1) * PACKET_FRAMES);
    const sequenceNumber = number(slot);
    if (sequenceNumber !== null)
      pipeline.hear(
        "session",
        encodePacket({ sequenceNumber, timestamp: slot * PACKET_FRAMES, payload: TONE }),
        now,
      );
    pipeline.advance(now, 48, "off");
  }
  const session = { session: "session", hostId: "host", heardAt: 1, state: { state: "heard" }, row: {} };
  const show = {
    life: { kind: "running", row: { id: "show" }, timeline: { pipeline } } as unknown as Life,
    cast: { of: () => ROW },
    publishers: { of: () => [session] },
    keyOf: async () => "key",
  };
  const answer = await handleHostAct(show as never, { kind: "look", hostId: "host" }, "https://relay");
  if (answer.kind !== "host") throw new Error(JSON.stringify(answer));
  return answer.host.loss;
}

test("a host who sends a packet every 400 ms while it is silent (Opus DTX) has lost nothing", async () => {
  let sent = 0;
  const isSilent = (slot: number) => slot % 200 >= 100 && slot % 20 !== 0;
  expect(await lossOf((slot) => (isSilent(slot) ? null : ++sent))).toBe(0);
});

test("a host of whose packets every tenth is missing has lost a tenth", async () => {
  expect(await lossOf((slot) => (slot % 10 === 9 ? null : slot + 1))).toBeCloseTo(0.1, 2);
});
