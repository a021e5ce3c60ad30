import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodePacket } from "../../../local/sfu/packet.ts";
import { readProtobuf } from "../../kit/ear.ts";

/** The adapter's messages: their bytes, and what an independent reader gets back. */

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("an adapter message", () => {
  test.each([
    ["small numbers", 1, 960, [1, 2], "08" + "01" + "10" + "c007" + "2a" + "02" + "0102"],
    [
      "the largest numbers",
      0xffffffff,
      0xffffffff,
      [9],
      "08" + "ffffffff0f" + "10" + "ffffffff0f" + "2a" + "01" + "09",
    ],
    ["zeros, which proto3 leaves out", 0, 0, [7], "2a" + "01" + "07"],
    ["numbers past the wrap", 2 ** 32 + 1, 2 ** 32 + 2, [], "08" + "01" + "10" + "02"],
  ])("%s", (_, sequenceNumber, timestamp, payload, bytes) => {
    expect(hex(encodePacket({ sequenceNumber, timestamp, payload: Uint8Array.from(payload) }))).toBe(bytes);
  });

  test("of 20 ms of stereo has a two-byte length of 3840", () => {
    const message = encodePacket({ sequenceNumber: 1, timestamp: 1, payload: new Uint8Array(3840) });
    expect(hex(message.subarray(0, 7))).toBe("08011001" + "2a" + "801e");
    expect(message.length).toBe(7 + 3840);
  });

  test("is read back by an independent reader as it was written", () => {
    const uint32 = fc.integer({ min: 1, max: 0xffffffff });
    fc.assert(
      fc.property(
        uint32,
        uint32,
        fc.uint8Array({ minLength: 1, maxLength: 4_000 }),
        (sequenceNumber, timestamp, payload) => {
          const fields = readProtobuf(encodePacket({ sequenceNumber, timestamp, payload }));
          expect(fields).toEqual(
            new Map<number, unknown>([
              [1, sequenceNumber],
              [2, timestamp],
              [5, payload],
            ]),
          );
        },
      ),
    );
  });
});
