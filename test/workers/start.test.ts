import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { publish } from "../../local/host/publisher.ts";
import { freePort } from "../kit/port.ts";
import { toneSource } from "../kit/tone.ts";
import {
  type Ended,
  folder,
  isOpen,
  START,
  StartCommand,
  startProxy,
  TELLS_PROCESSES,
} from "./start-command.ts";

/** `npm start` as a command: it starts, reports what is wrong, and leaves nothing behind. */

const state = folder();
let port: number;

beforeAll(async () => {
  port = await freePort();
});
afterAll(() => state[Symbol.dispose]());

/** Long enough for a machine on which all other files start runtimes at the same time. */
const LONG = { timeout: 60_000 };

const commands: StartCommand[] = [];
afterEach(() => {
  for (const command of commands.splice(0)) command.kill();
});

/** A program that runs the command as npm's shell does. */
const SHELL = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(START)}], { stdio: "inherit" })`;

function start(
  env: Readonly<Record<string, string>> = {},
  args?: readonly string[],
  path = state.path,
): StartCommand {
  const none = { ADMIN_TOKEN: "", UDP_PORTS: "", LOG: "", HOST: "", LIFEBOAT: "off" };
  const command = new StartCommand(path, { ...none, PORT: String(port), ...env }, args);
  commands.push(command);
  return command;
}

const token = (path = state.path) =>
  /^ADMIN_TOKEN="(.+)"$/m.exec(readFileSync(join(path, ".dev.vars"), "utf8"))?.[1];

/** Waits until it runs. How soon that is, is measured while nothing else runs (ready.test.ts). */
async function ready(command: StartCommand): Promise<void> {
  await expect.poll(() => command.out, LONG).toContain("Earshot is running");
}

/** Returns the demo broadcast, as the admin API at `origin` has it. */
async function demoAt(origin: string, adminToken: string): Promise<Record<string, string>> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const response = await fetch(`${origin}/api/broadcasts/demo`, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, string>;
}

/** The names of the files in which a relay keeps its shows. */
const filesOf = (path: string) =>
  readdirSync(join(path, ".wrangler", "earshot"), { encoding: "utf8", recursive: true });

/** Publishes to `url` until a host of the show is heard. */
async function expectHeard(
  url: string,
  { hostKey = "", statusUrl = "" }: Record<string, string>,
): Promise<void> {
  const publication = await publish({ url, key: hostKey, source: toneSource() });
  try {
    const hosts = async () => ((await (await fetch(statusUrl)).json()) as { hosts: number }).hosts;
    await expect.poll(hosts, { timeout: 20_000 }).toBe(1);
  } finally {
    await publication.close();
  }
}

/** Checks that nothing is left of a command that has ended: no process, no port, no file with secrets in it. */
async function expectNothingLeft(command: StartCommand): Promise<void> {
  await expect.poll(() => command.look()).toEqual([]);
  expect(await isOpen(command.host, port)).toBe(false);
  expect(
    readdirSync(join(state.path, ".wrangler", "earshot")).filter((name) => name.endsWith(".env")),
  ).toEqual([]);
}

describe("npm start", () => {
  test("ends when npm's shell ends, to which alone npm passes a signal on", { timeout: 90_000 }, async () => {
    const shell = start({ npm_lifecycle_event: "start" }, ["-e", SHELL]);
    await ready(shell);
    shell.child.kill("SIGKILL");
    await expect.poll(() => isOpen(shell.host, port), LONG).toBe(false);
    await expectNothingLeft(shell);
  });

  test("prints how to use it, and works behind a proxy", { timeout: 120_000 }, async () => {
    const command = start();
    await ready(command);
    const origin = `http://localhost:${port}`;
    const demo = await demoAt(origin, token() ?? "");
    for (const url of ["studioUrl", "listenUrl", "playbackUrl", "whipUrl"]) {
      expect(demo[url]).toMatch(`${origin}/`);
      expect(command.out).toContain(demo[url]);
    }
    expect(command.out).toContain(demo.hostKey);
    expect(command.out).toContain(`Bearer ${token()}`);
    expect(command.out).toContain("any free UDP port of 127.0.0.1\n");

    const proxy = await startProxy(`http://127.0.0.1:${port}`, "relay.example");
    await expectHeard(demo.whipUrl?.replace(origin, proxy.url) ?? "", demo);
    // Users see the proxy's name and its https; the relay sees neither, but the proxy's headers tell it.
    expect((await demoAt(proxy.url, token() ?? "")).studioUrl).toMatch(/^https:\/\/relay\.example\/studio\//);
    const page = async (url: string) => (await fetch(`${url}/studio/x`)).headers;
    expect((await page(proxy.url)).get("strict-transport-security")).toBe("max-age=31536000");
    expect((await page(origin)).get("strict-transport-security")).toBeNull();
    proxy.close();

    using elsewhere = folder();
    const other = await start({}, [START], elsewhere.path).ended;
    expect(other).toMatchObject({ code: 1, out: "Starting Earshot …\n" });
    expect(other.err).toBe(
      `Port ${port} is in use: stop what uses it, or start with another one (PORT=${port + 1} npm start).\n`,
    );
    // Two relays on one storage would write each other's shows.
    const before = filesOf(state.path);
    for (const args of [[START], [START, "--fresh"]]) {
      const second = await start({ PORT: String(await freePort()) }, args).ended;
      expect(second).toMatchObject({ code: 1, out: "Starting Earshot …\n" });
      expect(second.err).toBe(
        `Another relay is using ${join(".wrangler", "earshot")}, which has its shows. Stop that one, or start this one in a folder of its own.\n`,
      );
    }
    expect(filesOf(state.path)).toEqual(expect.arrayContaining(before));
    command.child.kill("SIGINT");
    expect(await command.ended).toMatchObject({ code: 0, err: "" });
    expect(command.out).toMatch(/Stopping …\n$/);
    await expectNothingLeft(command);
  });

  test("makes secrets of its own where .dev.vars is a copy of the example file, which has none", async () => {
    using copied = folder();
    copyFileSync(new URL("../../.dev.vars.example", import.meta.url), join(copied.path, ".dev.vars"));
    const command = start({}, [START], copied.path);
    await ready(command);
    const [, shown] = /Bearer (.*)/.exec(command.out) ?? [];
    expect(shown).toMatch(/^[\w-]{24}$/);
    expect(token(copied.path)).toBe(shown);
    command.child.kill("SIGINT");
    expect(await command.ended).toMatchObject({ code: 0, err: "" });
  });

  test("keeps a demo broadcast that has ended, and makes another", { timeout: 120_000 }, async () => {
    using own = folder();
    const origin = `http://localhost:${port}`;
    const first = start({ ADMIN_TOKEN: "mine" }, [START], own.path);
    await ready(first);
    const headers = { authorization: "Bearer mine" };
    expect((await fetch(`${origin}/api/broadcasts/demo/end`, { method: "POST", headers })).status).toBe(200);
    first.child.kill("SIGINT");
    await first.ended;
    const second = start({ ADMIN_TOKEN: "mine" }, [START], own.path);
    await ready(second);
    const { listenUrl = "", state } = await demoAt(origin, "mine");
    expect(state).toBe("ended");
    expect(second.out).toContain(`Replay     ${listenUrl}\n`);
    expect(second.out).toMatch(/Listen {5}\S+\/listen\/demo-2-/);
    second.child.kill("SIGINT");
    expect(await second.ended).toMatchObject({ code: 0, err: "" });
  });

  test("refuses an address that it can not serve on, in one sentence", async () => {
    const { code, out, err } = await start({ HOST: "localhost" }).ended;
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^HOST must be one IP address of this machine \(.*\), not "localhost"\.\n$/);
  });

  /** The signal comes once the runtime's leader is there, or once the leader has started the build or the runtime. */
  test.runIf(TELLS_PROCESSES).each([
    ["SIGINT", 1],
    ["SIGTERM", 2],
  ] as const)("%s during start-up, with %i processes there, leaves nothing behind", async (signal, count) => {
    const command = start();
    const starting = "Starting Earshot …\n";
    await expect.poll(() => command.out, { ...LONG, interval: 10 }).toBe(starting);
    await expect.poll(() => command.look().length, { ...LONG, interval: 10 }).toBeGreaterThanOrEqual(count);
    expect(command.out).toBe(starting);
    command.child.kill(signal);
    command.child.kill(signal); // people press it twice, and npm passes it on once more
    expect(await command.ended).toMatchObject({ code: 0, err: "" });
    await expectNothingLeft(command);
  });

  test("keeps its state, and stops when its terminal closes", { timeout: 120_000 }, async () => {
    const before = token();
    // Only on Linux do all of 127.0.0.0/8 belong to this machine.
    const host = process.platform === "linux" ? "127.0.0.2" : "127.0.0.1";
    const media = await freePort(host);
    const command = start({ HOST: host, UDP_PORTS: `${media}-${media}` });
    await ready(command);
    expect(token()).toBe(before);
    expect(command.out).toContain(`UDP ports ${media}-${media} of ${host}\n`);
    const demo = await demoAt(`http://${host}:${port}`, token() ?? "");
    await expectHeard(demo.whipUrl ?? "", demo);
    command.child.stdout?.destroy();
    command.child.stderr?.destroy();
    command.child.kill("SIGHUP");
    expect(((await command.ended) as Ended).code).toBe(0);
    await expectNothingLeft(command);
  });

  test.runIf(TELLS_PROCESSES)("says when the runtime ends by itself", { timeout: 120_000 }, async () => {
    const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
      all?.some(({ address }) => address === "::1"),
    );
    const command = start({ ADMIN_TOKEN: "mine", HOST: hasIpv6 ? "::1" : "127.0.0.1" });
    await ready(command);
    expect(command.out).toContain("Bearer mine");
    const demo = await demoAt(hasIpv6 ? `http://[::1]:${port}` : `http://127.0.0.1:${port}`, "mine");
    await expectHeard(demo.whipUrl ?? "", demo);
    const [leader = 0] = command.look();
    process.kill(leader, "SIGKILL");
    expect(await command.ended).toMatchObject({
      code: 1,
      err: "The runtime ended by itself (SIGKILL); run with LOG=1 to see why.\n",
    });
    await expectNothingLeft(command);
  });

  test.runIf(TELLS_PROCESSES)("leaves no runtime behind when it crashes", async () => {
    const relay = new URL("../../local/relay.ts", import.meta.url).href;
    const script = `
      import { startRelay } from ${JSON.stringify(relay)};
      process.once("SIGUSR2", () => { throw new Error("crash"); });
      await startRelay({ port: ${port}, persist: ".wrangler/earshot" });
    `;
    const command = start({}, ["--input-type=module", "--eval", script]);
    await expect.poll(() => command.look().length, LONG).toBeGreaterThan(0);
    command.child.kill("SIGUSR2");
    expect((await command.ended).err).toContain("Error: crash");
    await expectNothingLeft(command);
  });
});
