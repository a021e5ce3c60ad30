import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Lifeboat } from "../../src/lifeboat.ts";
import { freePort } from "../kit/port.ts";
import { folder, isOpen, StartCommand } from "./start-command.ts";

/**
 * `npm start` serves the copy beside the relay and tells pages its address; without a free port for it, the relay runs
 * without a copy.
 */

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Returns a port that is followed by another free one. */
async function freePair(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port < 65_535 && !(await isOpen("127.0.0.1", port + 1))) return port;
  }
}

async function start(port: number, lifeboat: string): Promise<StartCommand> {
  const state = folder();
  const none = { ADMIN_TOKEN: "token", UDP_PORTS: "", LOG: "", HOST: "" };
  const command = new StartCommand(state.path, { ...none, PORT: String(port), LIFEBOAT: lifeboat });
  cleanups.push(
    () => state[Symbol.dispose](),
    () => command.kill(),
  );
  await expect.poll(() => command.out, { timeout: 40_000 }).toContain("Earshot is running");
  return command;
}

async function stop(command: StartCommand): Promise<void> {
  command.child.kill("SIGINT");
  expect((await command.ended).code).toBe(0);
}

/** Returns the copy's URL that pages are told, and the policy of a show's page, which says from where it may load. */
async function told(port: number): Promise<{ url: string | null; policy: string }> {
  const { url } = (await (await fetch(`http://127.0.0.1:${port}/lifeboat.json`)).json()) as Lifeboat;
  const page = await fetch(`http://127.0.0.1:${port}/listen/demo`);
  return { url, policy: page.headers.get("content-security-policy") ?? "" };
}

test("the copy of the demo is on the next port, and pages know it", { timeout: 90_000 }, async () => {
  const port = await freePair();
  const command = await start(port, "");
  const copy = `http://127.0.0.1:${port + 1}`;
  const { url, policy } = await told(port);
  expect(url).toBe(copy);
  expect(policy).toContain(`connect-src 'self' ${copy};`);
  expect(policy).toContain(`media-src 'self' ${copy} blob: data:;`);
  const [, list = ""] = /^ {2}Lifeboat {3}(\S+),/m.exec(command.out) ?? [];
  expect(list).toMatch(new RegExp(`^${copy}/demo-[a-z0-9]+/lifeboat\\.m3u8$`));
  expect((await fetch(list)).status, "nobody has been there").toBe(404);
  // The first request for the playlist opens the doors.
  const [, playlist = ""] = /^ {2}Playlist {3}(\S+)$/m.exec(command.out) ?? [];
  expect((await fetch(playlist)).status).toBe(200);
  await expect.poll(async () => (await fetch(list)).status, { timeout: 10_000 }).toBe(200);
  const named = (await (await fetch(`${playlist}?lifeboat=1`)).text()).split("\n");
  expect(named.some((line) => line.startsWith(`${copy}/demo-`) && line.endsWith("/lifeboat.m3u8"))).toBe(
    true,
  );
  await stop(command);
  expect(await isOpen("127.0.0.1", port + 1)).toBe(false);
});

test("without its port, or with the copy switched off, the relay has no copy, and says so", {
  timeout: 90_000,
}, async () => {
  const port = await freePair();
  const other = await new Promise<Server>((resolve) => {
    const server = createServer().listen(port + 1, "127.0.0.1", () => resolve(server));
  });
  cleanups.push(() => other.close());
  const command = await start(port, "");
  expect(command.out).toContain(`There is no lifeboat: port ${port + 1} is in use.`);
  expect(command.out).toContain("Lifeboat   none");
  const { url, policy } = await told(port);
  expect(url).toBeNull();
  expect(policy).toContain("connect-src 'self';");
  await stop(command);
  other.close();

  const off = await start(port, "off");
  expect(off.out).not.toContain("There is no lifeboat");
  expect((await told(port)).url).toBeNull();
  expect(await isOpen("127.0.0.1", port + 1)).toBe(false);
  await stop(off);
});
