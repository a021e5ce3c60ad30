import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../kit/runtime.ts";

/** Keys and tokens over plain http are refused wherever a network lies between, and nowhere else. */

const KEYED = [
  ["POST", "/api/broadcasts"],
  ["GET", "/api/broadcasts/demo"],
  ["POST", "/whip/demo-000000"],
  ["OPTIONS", "/whip/demo-000000"],
  ["GET", "/ingest/demo-000000/session/1/token"],
] as const;

let plain: Runtime;
let allowed: Runtime;

beforeAll(async () => {
  const relay = { name: "relay", entry: "src/worker.ts" };
  const tls = { name: "tls", entry: "test/workers/tls.ts", services: { RELAY: "relay" } };
  [plain, allowed] = await Promise.all([
    Runtime.start([relay, tls]),
    Runtime.start([{ ...relay, vars: { PLAIN_HTTP: "1" } }]),
  ]);
});
afterAll(() => Promise.all([plain.close(), allowed.close()]));

/** Sends a request with any Host header, which fetch does not allow. */
function ask(
  relay: Runtime,
  host: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${relay.url}${path}`, { method, headers: { ...headers, host } }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

describe("over plain http", () => {
  test.each(KEYED)("%s %s under a public name is refused", async (method, path) => {
    for (const headers of [{}, { "x-forwarded-proto": "https" }]) {
      const { status, body } = await ask(plain, "relay.example", method, path, headers);
      expect({ status, code: JSON.parse(body).error.code }).toEqual({ status: 403, code: "https_required" });
    }
  });

  test.each(["localhost:8787", "127.0.0.1", "127.1.2.3:80", "[::1]:8787"])(
    "%s is this machine, and is not refused",
    async (host) => {
      expect((await ask(plain, host, "GET", "/api/broadcasts/demo")).status).toBe(401);
    },
  );

  test.each(["localhost.example", "127.0.0.1.example", "127.example"])("%s is refused", async (host) => {
    expect((await ask(plain, host, "GET", "/api/broadcasts/demo")).status).toBe(403);
  });

  test("listeners are not refused: they have no keys", async () => {
    expect((await ask(plain, "relay.example", "GET", "/live/demo-000000/index.m3u8")).status).toBe(404);
  });

  test("nothing is refused where PLAIN_HTTP is set", async () => {
    expect((await ask(allowed, "192.0.2.1:8787", "GET", "/api/broadcasts/demo")).status).toBe(401);
  });
});

describe("over https", () => {
  test("a show's URLs are https ones, and browsers are told to stay with https", async () => {
    const headers = { authorization: `Bearer ${plain.adminToken}` };
    const made = await plain.ask("tls", "/api/broadcasts", { method: "POST", headers, body: "{}" });
    expect(made.status).toBe(201);
    expect(made.headers.get("strict-transport-security")).toBe("max-age=31536000");
    expect(await made.json()).toMatchObject({
      whipUrl: expect.stringMatching(/^https:\/\/relay\.example\//),
    });
    const own = await plain.api("POST", "/broadcasts", {});
    expect(own.headers.get("strict-transport-security")).toBeNull();
  });
});
