import { expect, test } from "vitest";
import { refuseReceiver } from "../../src/edge/receiver.ts";

/** To which URLs a webhook may send events. */

test.each<[string, string, string]>([
  ["no URL", "hooks", "https://relay.example"],
  ["no text", "", "https://relay.example"],
  ["another scheme", "ftp://hooks.example/x", "https://relay.example"],
  ["a script", "javascript:alert(1)", "https://relay.example"],
  ["a name in it", "https://me@hooks.example/x", "https://relay.example"],
  ["a password in it", "https://:word@hooks.example/x", "https://relay.example"],
  ["too long", `https://hooks.example/${"x".repeat(2_048)}`, "https://relay.example"],
  ["the relay", "https://relay.example/x", "https://relay.example"],
  ["the relay by plain http", "http://relay.example/x", "https://relay.example"],
  ["the relay by another port", "https://relay.example:8443/x", "https://relay.example"],
  ["the relay with the root's dot", "https://relay.example./x", "https://relay.example"],
  ["the relay in capitals", "https://RELAY.example/x", "https://relay.example"],
  ["the relay on this machine", "http://127.0.0.1:8787/x", "http://127.0.0.1:8787"],
  ["the relay on this machine, by its name", "http://localhost:8787/x", "http://127.0.0.1:8787"],
  ["the relay on this machine, by another address", "http://127.9.9.9:8787/x", "http://127.0.0.1:8787"],
  ["the relay on this machine, by a short address", "http://0x7f.1:8787/x", "http://127.0.0.1:8787"],
  ["the relay on this machine, by IPv6", "http://[::1]:8787/x", "http://127.0.0.1:8787"],
  ["the relay on this machine, by IPv4 in IPv6", "http://[::ffff:127.0.0.1]:8787/x", "http://127.0.0.1:8787"],
  ["the relay on this machine, by the unspecified address", "http://0.0.0.0:8787/x", "http://127.0.0.1:8787"],
  ["loopback, where the relay was reached by its name", "http://localhost:8787/x", "http://studio.lan:8787"],
])("refuses %s", (_, url, relay) => {
  const problem = refuseReceiver(url, new URL("/api/broadcasts/x/webhook", relay));
  expect(problem).toMatchObject({ status: 422, message: expect.stringContaining('The field "url"') });
});

test.each<[string, string, string]>([
  ["another name", "https://hooks.example/x?y=1", "https://relay.example"],
  ["a name that is a part of the relay's name", "https://example/x", "https://relay.example"],
  ["another program on this machine", "http://127.0.0.1:9000/x", "http://127.0.0.1:8787"],
  [
    "another program on this machine, where the relay has a name",
    "http://studio.lan:9000/x",
    "http://studio.lan:8787",
  ],
])("allows %s", (_, url, relay) => {
  expect(refuseReceiver(url, new URL("/api/broadcasts/x/webhook", relay))).toBeNull();
});
