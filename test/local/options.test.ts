import { describe, expect, test } from "vitest";
import { readOptions } from "../../local/options.ts";

/** What `npm start` reads from the command line and the environment. */

describe("the options of npm start", () => {
  test.each([
    ["none", {}, { port: 8787, host: "127.0.0.1" }],
    ["empty ones", { PORT: "", HOST: "", UDP_PORTS: "", LOG: "" }, { port: 8787, host: "127.0.0.1" }],
    ["a port", { PORT: "65535" }, { port: 65_535 }],
    ["an IPv4 address", { HOST: "127.0.0.2" }, { host: "127.0.0.2" }],
    ["an IPv6 address", { HOST: "::1" }, { host: "::1" }],
    ["a range", { UDP_PORTS: "40000-40100" }, { udpPorts: [40_000, 40_100] }],
    ["a copy", {}, { lifeboat: { port: 8788 } }],
    ["a copy of its own relay", { PORT: "9000", LIFEBOAT: "" }, { lifeboat: { port: 9_001 } }],
    ["no copy", { LIFEBOAT: "off" }, { lifeboat: null }],
    ["no port for a copy", { PORT: "65535" }, { lifeboat: null }],
    [
      "a copy behind a proxy",
      { LIFEBOAT: "https://copy.example.org/" },
      { lifeboat: { port: 8788, url: "https://copy.example.org" } },
    ],
    ["a range of one", { UDP_PORTS: "1-1" }, { udpPorts: [1, 1] }],
  ])("%s", (_, env, options) => {
    expect(readOptions([], env)).toMatchObject(options);
  });

  test.each([
    "localhost",
    "relay.example",
    "0.0.0.0",
    "::",
    "0:0::0",
    "::ffff:0.0.0.0",
    "fe80::1%eth0",
    "1.2.3",
  ])("HOST=%s is refused with one sentence that lists the machine's addresses", (host) => {
    expect(() => readOptions([], { HOST: host })).toThrow(
      /^HOST must be one IP address of this machine \(127\.0\.0\.1.*\), not ".*"\.$/,
    );
  });

  test.each(["0", "65536", "-1", "80.5", "0x50", "1e3", "http"])(
    "PORT=%s is refused with one sentence",
    (port) => {
      expect(() => readOptions([], { PORT: port })).toThrow(
        `PORT must be a number from 1 to 65535, not "${port}".`,
      );
    },
  );

  test.each(["40100-40000", "0-0", "0-10", "70000-80000", "40000", "40000-", "a-b", "40000-99999"])(
    "UDP_PORTS=%s is refused with one sentence",
    (range) => {
      expect(() => readOptions([], { UDP_PORTS: range })).toThrow(
        `UDP_PORTS must be two ports from 1 to 65535, the lower one first, such as 40000-40100, not "${range}".`,
      );
    },
  );

  test("an invalid URL of a copy is refused with one sentence, and npm run dev has no copy", () => {
    for (const url of ["on", "copy.example.org", "https://copy.example.org/folder", "8788"])
      expect(() => readOptions([], { LIFEBOAT: url })).toThrow(
        `LIFEBOAT must be off, or the URL at which port 8788 is reached, such as https://copy.example.org, not "${url}".`,
      );
    expect(readOptions(["--dev"], {}).lifeboat).toBeNull();
  });

  test("an unknown argument is refused with one sentence", () => {
    expect(() => readOptions(["--loud"], {})).toThrow("Unknown option '--loud'. Try npm start -- --help.");
  });
});
