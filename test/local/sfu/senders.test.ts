import { describe, expect, test } from "vitest";
import { classes } from "werift";
import { Senders } from "../../../local/sfu/senders.ts";
import { binding } from "./binding.ts";

/** Which datagrams a media socket takes: who has shown the ICE password, and what is taken from anybody else. */

const PASSWORD = "the-password-of-22-chr";
const CHECK = binding({ password: PASSWORD }).bytes;
const RTP = Buffer.from("806f000100000001deadbeef00", "hex");
const ALERT = Buffer.from("15fefd000000000000000000020100", "hex");

const CLIENT = ["192.0.2.7", 5_000] as const;
const anywhere = () => true;

/** A socket of which one client has shown the password, and another has not. */
function connected(): Senders {
  const senders = new Senders(() => PASSWORD, anywhere);
  expect(senders.takes(RTP, ...CLIENT)).toBe(false);
  expect(senders.takes(CHECK, ...CLIENT)).toBe(true);
  return senders;
}

test.each([
  ["the client", ...CLIENT, true],
  ["the client's address, another port", CLIENT[0], 5_001, false],
  ["another address, the client's port", "192.0.2.8", CLIENT[1], false],
])("sound and DTLS from %s", (_, address, port, expected) => {
  const senders = connected();
  expect([RTP, ALERT].map((data) => senders.takes(data, address, port))).toEqual([expected, expected]);
});

const tampered = Buffer.from(CHECK);
tampered[tampered.length - 10] = (tampered.at(-10) ?? 0) ^ 1;

describe("STUN that is not the client's check is dropped, and its sender not remembered", () => {
  test.each<[string, Buffer]>([
    ["without a password", binding().bytes],
    ["with a wrong password", binding({ password: "another-password-of-it" }).bytes],
    ["with a changed byte", tampered],
    ["cut short", CHECK.subarray(0, -8)],
    ["an answer", binding({ password: PASSWORD, messageClass: classes.RESPONSE }).bytes],
    ["an error", binding({ password: PASSWORD, messageClass: classes.ERROR }).bytes],
    ["an indication", binding({ password: PASSWORD, messageClass: classes.INDICATION }).bytes],
    ["longer than 1,500 bytes", binding({ password: PASSWORD, username: "u".repeat(1_500) }).bytes],
  ])("%s", (_, data) => {
    const senders = connected();
    expect(senders.takes(data, "192.0.2.8", 5_000)).toBe(false);
    expect(senders.takes(RTP, "192.0.2.8", 5_000)).toBe(false);
    expect(senders.takes(RTP, ...CLIENT)).toBe(true);
  });
});

test("unsigned STUN is dropped from the client's address as well", () => {
  expect(connected().takes(binding().bytes, ...CLIENT)).toBe(false);
});

test("a client that moves to another address is heard there from its next check on", () => {
  const senders = connected();
  expect(senders.takes(RTP, "198.51.100.1", 6_000)).toBe(false);
  expect(senders.takes(CHECK, "198.51.100.1", 6_000)).toBe(true);
  expect(senders.takes(RTP, "198.51.100.1", 6_000)).toBe(true);
});

test("of more than 32 senders, the one is forgotten that has not checked for longest", () => {
  const senders = connected();
  for (let port = 1; port <= 31; port++) senders.takes(CHECK, "192.0.2.9", port);
  expect(senders.takes(CHECK, ...CLIENT)).toBe(true);
  expect(senders.takes(RTP, "192.0.2.9", 1)).toBe(true);
  senders.takes(CHECK, "192.0.2.9", 32);
  const ports = [1, 2, 31, 32];
  expect(ports.map((port) => senders.takes(RTP, "192.0.2.9", port))).toEqual([false, true, true, true]);
  expect(senders.takes(RTP, ...CLIENT)).toBe(true);
});

test("after an ICE restart only the new password counts, and known senders are heard on", () => {
  let password = PASSWORD;
  const senders = new Senders(() => password, anywhere);
  expect(senders.takes(CHECK, ...CLIENT)).toBe(true);
  password = "the-next-password-of-it";
  expect(senders.takes(CHECK, "192.0.2.8", 5_000)).toBe(false);
  expect(senders.takes(binding({ password }).bytes, "192.0.2.8", 5_000)).toBe(true);
  expect(senders.takes(RTP, ...CLIENT)).toBe(true);
});

test("an address that is not welcome is not heard, whatever it signs", () => {
  const senders = new Senders(
    () => PASSWORD,
    (address) => address === CLIENT[0],
  );
  expect(senders.takes(CHECK, "192.0.2.8", 5_000)).toBe(false);
  expect(senders.takes(RTP, "192.0.2.8", 5_000)).toBe(false);
  expect(senders.takes(CHECK, ...CLIENT)).toBe(true);
});
