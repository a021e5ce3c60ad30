import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, test } from "vitest";
import { startSfu } from "../../../local/sfu/server.ts";
import { SfuCaller, startFront } from "../../kit/front.ts";

/** `npm run demo` as a command. */

let sfu: Awaited<ReturnType<typeof startSfu>>;
let front: Awaited<ReturnType<typeof startFront>>;
let relay: Server;
let port: number;

beforeAll(async () => {
  sfu = await startSfu({ port: 0, appId: "app", appSecret: "demo" });
  front = await startFront(new SfuCaller(sfu.url, "app", "demo"));
  relay = createServer((request, response) => {
    if (request.headers.authorization !== "Bearer admin") response.writeHead(401).end();
    else if (request.url !== "/api/broadcasts/demo") response.writeHead(404).end();
    else
      response.end(
        JSON.stringify({ id: "demo", whipUrl: front.url, hostKey: "key", listenUrl: "http://listen" }),
      );
  });
  await new Promise<void>((resolve) => relay.listen(0, "localhost", resolve));
  port = (relay.address() as AddressInfo).port;
});
afterAll(async () => {
  front.close();
  relay.close();
  await sfu.close();
});

/** Runs the demo. With `interrupt`, sends Ctrl-C once it publishes. */
function demo(args: readonly string[], env: Record<string, string> = {}, interrupt = false) {
  const child = spawn(process.execPath, ["local/host/demo.ts", ...args], {
    env: { ...process.env, PORT: String(port), ADMIN_TOKEN: "admin", ...env },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
    if (!interrupt || !out.includes("Publishing")) return;
    interrupt = false; // a second Ctrl-C would kill it
    setTimeout(() => child.kill("SIGINT"), 300);
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, out, err })),
  );
}

/** Arguments, environment, exit code, and the sentence on stderr. */
const FAILURES: readonly [string, string[], Record<string, string>, number, RegExp][] = [
  [
    "no relay",
    [],
    { PORT: "9" },
    1,
    /^The relay does not answer at http:\/\/localhost:9: start it with npm start\.\n$/,
  ],
  ["a wrong token", [], { ADMIN_TOKEN: "other" }, 1, /^The relay at \S+ does not take this ADMIN_TOKEN\.\n$/],
  ["no such broadcast", ["--broadcast", "none"], {}, 1, /^The relay at \S+ has no broadcast none\.\n$/],
  ["a URL without a key", ["--url", "http://x/whip"], {}, 2, /^--url needs the host key: --key KEY\.\n$/],
  ["a file that is not there", ["nothing.wav"], {}, 2, /^There is no file nothing\.wav\.\n$/],
  ["a file that is no WAV", ["package.json"], {}, 2, /^package\.json: It is not a WAV file\.\n$/],
  ["an unknown option", ["--loud"], {}, 2, /^Unknown option '--loud'\. Try npm run demo -- --help\.\n$/],
  ["a strange time", ["--seconds", "soon"], {}, 2, /^--seconds takes a number of seconds above 0\.\n$/],
];

describe.concurrent("npm run demo", () => {
  test("finds the relay, publishes for the given time, and ends its session", async ({ expect }) => {
    const { code, out, err } = await demo(["--seconds", "1"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Publishing the test signal to ${front.url}`);
    expect(out).toContain("Listen at  http://listen");
    expect(out).toMatch(/Ended after \d+ s\./);
  });

  test("ends cleanly on Ctrl-C", async ({ expect }) => {
    const { code, out, err } = await demo([], {}, true);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Ended after");
    await expect.poll(() => front.deleted.length).toBe(front.sessions.length);
  });

  test("publishes to a bare WHIP URL", async ({ expect }) => {
    expect(await demo(["--url", front.url, "--key", "k", "--seconds", "1"])).toMatchObject({
      code: 0,
      err: "",
    });
  });

  test.for(FAILURES)(
    "%s gives one sentence and an exit code",
    async ([, args, env, code, sentence], { expect }) => {
      const result = await demo(args, env);
      expect(result).toMatchObject({ code, out: "" });
      expect(result.err).toMatch(sentence);
    },
  );

  test("--help lists the options", async ({ expect }) => {
    const { code, out } = await demo(["--help"]);
    expect(code).toBe(0);
    for (const option of ["--broadcast", "--url", "--key", "--seconds", "FILE.wav"])
      expect(out).toContain(option);
  });
});
