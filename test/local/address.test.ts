import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { httpOrigin } from "../../local/address.ts";
import { startRelay } from "../../local/relay.ts";
import { startSfu } from "../../local/sfu/server.ts";
import { SfuCaller } from "../kit/front.ts";
import { listen } from "../kit/port.ts";
import { bareOffer } from "./sfu/shape.ts";

/** Which addresses the stand-in accepts and announces, and its error texts for the others. */

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** The first of `count` consecutive UDP ports that were free a moment ago. */
async function freeRange(host: string, count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const sockets = Array.from({ length: count }, () => createSocket(host.includes(":") ? "udp6" : "udp4"));
    const bound = await Promise.all(
      sockets.map(
        (socket, i) =>
          new Promise<boolean>((resolve) => {
            socket.once("error", () => resolve(false));
            socket.bind(first + i, host, () => resolve(true));
          }),
      ),
    );
    for (const socket of sockets) socket.close();
    if (bound.every(Boolean)) return first;
  }
}

/** Publishes `times` times at once on a stand-in of its own. */
async function publish(host: string, udpPortRange: readonly [number, number] | undefined, times: number) {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const server = await startSfu({
    port: 0,
    host,
    appId: "app",
    appSecret: "s",
    log,
    ...(udpPortRange && { udpPortRange }),
  });
  cleanups.push(() => server.close());
  const sfu = new SfuCaller(server.url, "app", "s");
  const offer = await bareOffer();
  const replies = await Promise.all(
    Array.from({ length: times }, async () => {
      const mid = /^a=mid:(\S+)/m.exec(offer)?.[1] ?? "";
      return sfu.newTrack(await sfu.newSession(), offer, mid);
    }),
  );
  const candidates = replies.flatMap(({ json }) => {
    const sdp: string = json.sessionDescription?.sdp ?? "";
    return Array.from(sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/gm), ([, at, port]) => [
      at,
      Number(port),
    ]);
  });
  return { replies, candidates, lines, url: server.url };
}

describe("the address of the stand-in", () => {
  const here = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
  // On Linux all of 127.0.0.0/8 is this machine, though no interface lists it.
  if (process.platform === "linux") here.push("127.0.0.2");

  test.each(["127.0.0.1", "127.0.0.2", "::1"].filter((host) => here.includes(host)))(
    "%s is announced to publishers",
    async (host) => {
      const { candidates, url } = await publish(host, undefined, 1);
      expect(candidates).toEqual([[host, expect.any(Number)]]);
      // The API is for this machine alone.
      expect(new URL(url).hostname).toBe("127.0.0.1");
    },
  );

  test("is in brackets in a URL where it is IPv6", () => {
    expect([httpOrigin("::1", 8787), httpOrigin("127.0.0.2", 80), httpOrigin("localhost", "1")]).toEqual([
      "http://[::1]:8787",
      "http://127.0.0.2:80",
      "http://localhost:1",
    ]);
  });

  test("that is not this machine's is refused with one sentence", async () => {
    await expect(startRelay({ host: "203.0.113.77", persist: "nowhere" })).rejects.toThrow(
      /^HOST must be an address of this machine \(127\.0\.0\.1.*\), not 203\.0\.113\.77\.$/,
    );
  });

  test("with a port in use is refused with one sentence", async () => {
    const server = createServer();
    const port = await listen(server);
    cleanups.push(() => server.close());
    await expect(startRelay({ port, persist: "nowhere" })).rejects.toThrow(
      `Port ${port} is in use: stop what`,
    );
  });
});

describe("a range of UDP ports", () => {
  test.each([1, 3])(
    "of %i serves as many simultaneous publishers, and no other port is used",
    async (count) => {
      const first = await freeRange("127.0.0.1", count);
      const { candidates } = await publish("127.0.0.1", [first, first + count - 1], count);
      expect(candidates.map(([, port]) => port).sort()).toEqual(
        Array.from({ length: count }, (_, i) => first + i),
      );
    },
  );

  test("that is used up is reported to the publisher and on the console", async () => {
    const first = await freeRange("127.0.0.1", 2);
    const { replies, lines } = await publish("127.0.0.1", [first, first + 1], 3);
    const why = `none of the UDP ports ${first} to ${first + 1} is free on 127.0.0.1; each publisher takes one`;
    expect(replies.filter(({ status }) => status !== 200)).toEqual([
      {
        status: 503,
        json: {
          errorCode: "transport_unavailable_error",
          errorDescription: `The transport could not be set up: ${why}.`,
        },
      },
    ]);
    expect(lines).toContain(`sfu: the negotiation failed: ${why}.`);
  });
});
