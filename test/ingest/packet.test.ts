import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodePacket } from "../../local/sfu/packet.ts";
import { readPacket } from "../../src/ingest/packet.ts";

/** The SFU's messages, and anything else that may arrive on its socket. */

const U32 = 0xffff_ffff;
const bytes = (...values: number[]) => Uint8Array.from(values);

describe("a packet", () => {
  test("is read from golden bytes", () => {
    // 1: varint 300, 2: varint 4294967295, 5: four bytes (protobuf encoding, worked by hand).
    const message = bytes(0x08, 0xac, 0x02, 0x10, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x2a, 4, 1, 2, 3, 4);
    expect(readPacket(message)).toEqual({
      kind: "packet",
      sequenceNumber: 300,
      timestamp: U32,
      payload: bytes(1, 2, 3, 4),
    });
  });

  test("is read without the fields that are zero, which proto3 leaves out", () => {
    expect(readPacket(bytes(0x2a, 4, 1, 2, 3, 4))).toMatchObject({ sequenceNumber: 0, timestamp: 0 });
  });

  test("is read with its fields in any order, and with the last of a repeated one", () => {
    const message = bytes(0x2a, 4, 9, 9, 9, 9, 0x10, 5, 0x08, 1, 0x08, 2, 0x2a, 4, 1, 2, 3, 4);
    expect(readPacket(message)).toEqual({
      kind: "packet",
      sequenceNumber: 2,
      timestamp: 5,
      payload: bytes(1, 2, 3, 4),
    });
  });

  test("is read with unknown fields of every wire type", () => {
    const unknown = [
      ...[0x18, 0x80, 0x01], // 3, varint
      ...[0x21, 1, 2, 3, 4, 5, 6, 7, 8], // 4, 64 bits
      ...[0x35, 1, 2, 3, 4], // 6, 32 bits
      ...[0x82, 0x01, 3, 7, 7, 7], // 16, bytes
    ];
    expect(readPacket(bytes(...unknown, 0x08, 7, 0x2a, 4, 1, 2, 3, 4, ...unknown))).toEqual({
      kind: "packet",
      sequenceNumber: 7,
      timestamp: 0,
      payload: bytes(1, 2, 3, 4),
    });
  });

  test("is a view into its message, which may itself be a view", () => {
    const buffer = bytes(99, 0x08, 1, 0x2a, 4, 1, 2, 3, 4, 99);
    const packet = readPacket(buffer.subarray(1, 9));
    expect(packet).toMatchObject({ payload: bytes(1, 2, 3, 4) });
    expect((packet as { payload: Uint8Array }).payload.buffer).toBe(buffer.buffer);
  });

  test("is read as the stand-in writes it, for every value of its fields", () => {
    const u32 = fc.oneof(fc.nat({ max: U32 }), fc.constantFrom(0, 127, 128, 2 ** 28, 2 ** 31, U32));
    fc.assert(
      fc.property(
        u32,
        u32,
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        (sequenceNumber, timestamp, part) => {
          const payload = new Uint8Array(part.length * 4).fill(part[0] ?? 0);
          expect(readPacket(encodePacket({ sequenceNumber, timestamp, payload }))).toEqual({
            kind: "packet",
            sequenceNumber,
            timestamp,
            payload,
          });
        },
      ),
    );
  });

  test.each([1, 480, 960, 2_880, 5_760])("of %i sample frames is read", (frames) => {
    const payload = new Uint8Array(frames * 4);
    expect(readPacket(encodePacket({ sequenceNumber: 1, timestamp: 1, payload }))).toHaveProperty("payload");
  });
});

describe("a message that is no packet is garbage", () => {
  const whole = encodePacket({ sequenceNumber: 300, timestamp: 70_000, payload: new Uint8Array(400) });

  test("when a packet is cut off anywhere", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(readPacket(whole.subarray(0, length)), `the first ${length} bytes`).toMatchObject({
        kind: "garbage",
      });
    }
    expect(readPacket(whole)).toMatchObject({ kind: "packet" });
  });

  test.each([
    ["nothing", bytes(), "empty"],
    ["no payload", bytes(0x08, 1), "empty"],
    ["an empty payload", bytes(0x2a, 0), "empty"],
    ["one byte of payload", bytes(0x2a, 1, 1), "odd-length"],
    ["half a sample frame", bytes(0x2a, 6, 1, 2, 3, 4, 5, 6), "odd-length"],
    ["field number 0", bytes(0x02, 1, 1, 0x2a, 4, 1, 2, 3, 4), "malformed"],
    ["a group (wire type 3)", bytes(0x1b, 0x2a, 4, 1, 2, 3, 4), "malformed"],
    ["wire type 6", bytes(0x2e, 0x2a, 4, 1, 2, 3, 4), "malformed"],
    ["wire type 7", bytes(0x2f, 4, 1, 2, 3, 4), "malformed"],
    [
      "a varint of 11 bytes",
      bytes(0x08, ...Array<number>(10).fill(0xff), 1, 0x2a, 4, 1, 2, 3, 4),
      "malformed",
    ],
    ["a length beyond the end", bytes(0x2a, 5, 1, 2, 3, 4), "malformed"],
    ["a length of 2^63", bytes(0x2a, ...Array<number>(9).fill(0xff), 0x7f), "malformed"],
    ["JSON", new TextEncoder().encode('{"sequenceNumber":1}'), "malformed"],
  ])("when it is %s", (_, message, why) => expect(readPacket(message)).toEqual({ kind: "garbage", why }));

  test("when it has more than 120 ms of sound, or is longer than any packet", () => {
    const packet = (length: number) =>
      encodePacket({ sequenceNumber: 1, timestamp: 1, payload: new Uint8Array(length) });
    expect(readPacket(packet(120 * 192))).toHaveProperty("payload");
    expect(readPacket(packet(120 * 192 + 4))).toEqual({ kind: "garbage", why: "oversized" });
    expect(readPacket(packet(32 * 1024))).toEqual({ kind: "garbage", why: "oversized" });
    expect(readPacket(new Uint8Array(1_000_000))).toEqual({ kind: "garbage", why: "oversized" });
  });

  test("and reading any bytes never throws: what passes has a whole number of sample frames", () => {
    const noise = fc.uint8Array({ maxLength: 200 });
    const damaged = fc
      .tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 30 }))
      .map(([at, value, from]) => {
        const copy = whole.slice(from);
        copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(noise, damaged), (message) => {
        const packet = readPacket(message);
        if (packet.kind === "garbage") return;
        expect(packet.payload.length % 4).toBe(0);
        expect(packet.payload.length).toBeGreaterThan(0);
        for (const value of [packet.sequenceNumber, packet.timestamp]) {
          expect(Number.isInteger(value) && value >= 0 && value <= U32).toBe(true);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
