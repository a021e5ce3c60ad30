import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Ended, folder, freePort, isOpen, StartCommand, TELLS_PROCESSES } from "./start-command.ts";

const HOST = "127.0.0.1";
const state = folder();
let port: number;

beforeAll(async () => {
  port = await freePort(HOST);
});
afterAll(() => state[Symbol.dispose]());

const commands: StartCommand[] = [];
afterEach(() => {
  for (const command of commands.splice(0)) command.kill();
});

function start(env: Readonly<Record<string, string>> = {}): StartCommand {
  const none = { ADMIN_TOKEN: "", UDP_PORTS: "", LOG: "", HOST: "" };
  const command = new StartCommand(state.path, { ...none, PORT: String(port), ...env });
  commands.push(command);
  return command;
}

const token = () => /^ADMIN_TOKEN="(.+)"$/m.exec(readFileSync(join(state.path, ".dev.vars"), "utf8"))?.[1];

async function ready(command: StartCommand): Promise<void> {
  await expect.poll(() => command.out, { timeout: 15_000 }).toContain("Earshot is running");
}

/** Nothing may be left of a command that has ended: no process, no port, no file with secrets in it. */
async function expectNothingLeft(command: StartCommand): Promise<void> {
  await expect.poll(() => command.look(), { timeout: 2_000 }).toEqual([]);
  expect(await isOpen(HOST, port)).toBe(false);
  expect(
    readdirSync(join(state.path, ".wrangler", "earshot")).filter((name) => name.endsWith(".env")),
  ).toEqual([]);
}

describe("npm start", () => {
  test("is ready within 15 s, and tells how to use it", { timeout: 30_000 }, async () => {
    const command = start();
    await ready(command);
    const origin = `http://localhost:${port}`;
    const headers = { authorization: `Bearer ${token()}` };
    const response = await fetch(`${origin}/api/broadcasts/demo`, { headers });
    expect(response.status).toBe(200);
    const demo = (await response.json()) as Record<string, string>;
    for (const url of ["studioUrl", "listenUrl", "playbackUrl", "whipUrl"]) {
      expect(demo[url]).toMatch(`${origin}/`);
      expect(command.out).toContain(demo[url]);
    }
    expect(command.out).toContain(demo.hostKey);
    expect(command.out).toContain(`Bearer ${token()}`);

    const second = await start().ended;
    expect(second).toMatchObject({ code: 1, out: "Starting Earshot …\n" });
    expect(second.err).toBe(
      `Port ${port} is in use: stop what uses it, or start with another one (PORT=${port + 1} npm start).\n`,
    );
    command.child.kill("SIGINT");
    expect(await command.ended).toMatchObject({ code: 0, err: "" });
    expect(command.out).toMatch(/Stopping …\n$/);
    await expectNothingLeft(command);
  });

  /** When the signal comes: once the runtime's leader is there, and once it has started the runtime. */
  test.runIf(TELLS_PROCESSES).each([
    ["SIGINT", 1],
    ["SIGTERM", 3],
  ] as const)("%s while it starts, with %i processes there, leaves nothing behind", async (signal, count) => {
    const command = start();
    await expect
      .poll(() => command.look().length, { timeout: 15_000, interval: 10 })
      .toBeGreaterThanOrEqual(count);
    expect(command.out).toBe("Starting Earshot …\n");
    command.child.kill(signal);
    command.child.kill(signal); // people press it twice, and npm passes it on once more
    expect(await command.ended).toMatchObject({ code: 0, err: "" });
    await expectNothingLeft(command);
  });

  test("keeps its state, and stops when its terminal closes", { timeout: 30_000 }, async () => {
    const before = token();
    const command = start();
    await ready(command);
    expect(token()).toBe(before);
    command.child.stdout?.destroy();
    command.child.stderr?.destroy();
    command.child.kill("SIGHUP");
    expect(((await command.ended) as Ended).code).toBe(0);
    await expectNothingLeft(command);
  });

  test.runIf(TELLS_PROCESSES)("says so when the runtime ends by itself", { timeout: 30_000 }, async () => {
    const command = start({ ADMIN_TOKEN: "mine" });
    await ready(command);
    expect(command.out).toContain("Bearer mine");
    const [leader = 0] = command.look();
    process.kill(leader, "SIGKILL");
    expect(await command.ended).toMatchObject({
      code: 1,
      err: "The runtime ended by itself (SIGKILL); run with LOG=1 to see why.\n",
    });
    await expectNothingLeft(command);
  });
});
