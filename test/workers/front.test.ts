import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../local/bundle.ts";
import { socketAt } from "../../local/socket.ts";
import { freePort } from "../kit/port.ts";

/**
 * The front that `npm start` puts before the Worker (local/front-worker.ts): which client addresses and schemes it
 * passes on. Behind it is a Worker that reports what it sees.
 */

/** An address of this machine that is not loopback, like that of a proxy elsewhere. */
const FAR = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

let port: number;
/** The port of a front that is told that it is served on {@link FAR}. */
let portAtFar: number;
const fronts: Miniflare[] = [];

beforeAll(async () => {
  port = await start("127.0.0.1");
  portAtFar = await start(FAR ?? "");
});
afterAll(() => Promise.all(fronts.map((front) => front.dispose())));

/** Starts a front that is told that it is served on `ownAddress`. Returns its port. */
async function start(ownAddress: string): Promise<number> {
  // Listens on all addresses of this machine, since tests use more than one.
  const port = await freePort("0.0.0.0");
  const modules = await bundle("local/front-worker.ts", {
    "earshot-worker": join(import.meta.dirname, "echo.ts"),
  });
  const hsts = { "strict-transport-security": "max-age=1" };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "front",
      compatibilityDate: "2026-11-17",
      modulesRoot: "/",
      modules: modules.map(({ name, bytes }) => ({ type: "ESModule", path: `/${name}`, contents: bytes })),
      bindings: { WORKER_FIRST: ["/live/"], OWN_ADDRESS: ownAddress },
      serviceBindings: { PAGES: () => new Response("a page", { headers: hsts }) as never },
      unsafeBindings: [socketAt(`0.0.0.0:${port}`)],
      host: "127.0.0.1",
      port: 0,
    }),
  );
  fronts.push(miniflare);
  await miniflare.ready;
  return port;
}

/** Sends a GET from one of this machine's addresses to the same address. */
function ask(from: string, path: string, headers: Record<string, string> = {}, at = port) {
  return new Promise<{ body: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const options = { host: from, port: at, path, localAddress: from, agent: false, headers };
    const asked = request(options, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ body, headers: response.headers }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

const seen = async (from: string, headers: Record<string, string> = {}, at = port) =>
  JSON.parse((await ask(from, "/live/x", { host: "relay.example", ...headers }, at)).body);

describe("the front before the Worker", () => {
  test("passes on the client's address", async () => {
    expect(await seen("127.0.0.1")).toEqual({ url: "http://relay.example/live/x", address: "127.0.0.1" });
  });

  test("trusts the headers of a proxy on this machine", async () => {
    const headers = { "cf-connecting-ip": "192.0.2.1", "x-forwarded-proto": "https" };
    expect(await seen("127.0.0.1", headers)).toEqual({
      url: "https://relay.example/live/x",
      address: "192.0.2.1",
    });
  });

  test.runIf(FAR !== undefined)(
    "trusts a proxy on this machine that connects to the relay's own address",
    async () => {
      const headers = { "cf-connecting-ip": "192.0.2.1", "x-forwarded-proto": "https" };
      expect(await seen(FAR ?? "", headers, portAtFar)).toEqual({
        url: "https://relay.example/live/x",
        address: "192.0.2.1",
      });
    },
  );

  test.runIf(FAR !== undefined)("trusts no other client's headers", async () => {
    const headers = { "cf-connecting-ip": "192.0.2.1", "x-forwarded-proto": "https" };
    // Any request may say that it wants to become a WebSocket (RFC 6455 section 4.1).
    const upgrade = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    for (const more of [{}, upgrade]) {
      const asSeen = { url: "http://relay.example/live/x", address: FAR };
      expect(await seen(FAR ?? "", { ...headers, ...more })).toEqual(asSeen);
    }
  });

  test.each([
    ["relay.example", { "x-forwarded-proto": "https" }, "max-age=1"],
    ["relay.example", {}, undefined],
    ["localhost:8443", { "x-forwarded-proto": "https" }, undefined],
    ["127.0.0.1:8443", { "x-forwarded-proto": "https" }, undefined],
  ])("pages of %s with %j tell browsers to stay with https: %s", async (host, headers, hsts) => {
    const page = await ask("127.0.0.1", "/studio/x", { host, ...headers });
    expect({ body: page.body, hsts: page.headers["strict-transport-security"] }).toEqual({
      body: "a page",
      hsts,
    });
  });
});
