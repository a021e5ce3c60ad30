import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { publish } from "../../local/host/publisher.ts";
import { startLeader } from "../../local/leader.ts";
import { freePort } from "../kit/port.ts";
import { toneSource } from "../kit/tone.ts";
import { folder, isOpen, START, StartCommand, TELLS_PROCESSES } from "./start-command.ts";

/** What `npm start` and `npm run dev` make reachable, and what they leave behind. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Starts the command in a folder of its own, or in that of an earlier one; resolves when it answers. */
async function start(args: readonly string[], env: Record<string, string> = {}, state = folder()) {
  const port = await freePort();
  const none = { ADMIN_TOKEN: "token", UDP_PORTS: "", LOG: "1", HOST: "", LIFEBOAT: "off" };
  const command = new StartCommand(state.path, { ...none, PORT: String(port), ...env }, args);
  cleanups.push(
    () => state[Symbol.dispose](),
    () => command.kill(),
  );
  await expect.poll(() => command.out, { timeout: 60_000 }).toContain("Earshot is running");
  return { command, port, state, url: `http://127.0.0.1:${port}` };
}

/** Copies what the relay runs on into a new folder; returns that. */
function copyProject(project: string): string {
  mkdirSync(project);
  for (const name of ["src", "local", "build", "wrangler.toml", "package.json", "tsconfig.json"])
    cpSync(join(ROOT, name), join(project, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  return project;
}

async function stop({ command }: { command: StartCommand }): Promise<void> {
  command.child.kill("SIGINT");
  expect((await command.ended).code).toBe(0);
}

function api(url: string, method: string, path: string, body?: object): Promise<Response> {
  const headers = { authorization: "Bearer token" };
  return fetch(`${url}/api/broadcasts${path}`, { method, headers, body: body ? JSON.stringify(body) : null });
}

/** Sends a GET with any Host header, which fetch does not allow. */
function get(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** Returns the files below a folder that contain `text`. */
function filesWith(path: string, text: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => join(path, name))
    .filter((name) => statSync(name).isFile() && readFileSync(name).includes(text));
}

/** Returns the addresses on which processes accept TCP connections (proc(5), /proc/net/tcp: state 0A). */
function listening(pids: readonly number[]): string[] {
  const sockets = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return [];
      }
    }),
  );
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === "0A" && sockets.includes(`socket:[${fields[9]}]`))
      .map((fields) => fields[1] ?? ""),
  );
}

/** Paths that wrangler itself answers: its explorer (SQL, R2, traces), its triggers, its R2 endpoints. */
const WRANGLERS = [
  "/cdn-cgi/explorer",
  "/cdn-cgi/explorer/api/r2/buckets",
  "/cdn-cgi/local/explorer/",
  "/cdn-cgi/local/explorer/api/r2/buckets",
];
const TRIGGERS = [
  "/cdn-cgi/handler/scheduled",
  "/cdn-cgi/mf/scheduled",
  "/cdn-cgi/local/scheduled",
  "/cdn-cgi/local/email",
  "/cdn-cgi/local/platform-proxy",
  "/cdn-cgi/local/r2/s3",
  "/cdn-cgi/local/r2/public/earshot-media/x",
  "/cdn-cgi/trace",
  "/__cf_local/stream/x",
];

/** Checks that no path is answered. Wrangler answers 403 where it recognizes a request as being for another host. */
async function expectNone(port: number, paths: readonly string[], statuses = [404]): Promise<void> {
  for (const path of paths) {
    for (const host of ["localhost", `127.0.0.1:${port}`, `[::1]:${port}`, "relay.example"]) {
      const status = await get(`http://127.0.0.1:${port}${path}`, host);
      expect(statuses, `${path} of ${host}`).toContain(status);
    }
  }
}

describe("npm start", () => {
  test("answers only as Earshot, opens nothing else to others, and writes no token to disk", {
    timeout: 120_000,
  }, async () => {
    const running = await start([START]);
    const { command, port, state, url } = running;
    await expectNone(port, [...WRANGLERS, ...TRIGGERS]);
    // Miniflare would take a CONNECT to this name for a call of the Worker's methods.
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.write("CONNECT miniflare-unsafe-internal-capnp-connect HTTP/1.1\r\nHost: x\r\n\r\n");
      socket.once("data", (data) => {
        resolve(String(data));
        socket.destroy();
      });
      socket.once("close", () => resolve("closed"));
      socket.once("error", reject);
    });
    expect(answer).not.toMatch(/^HTTP\/1\.1 2/);

    // While a host is on, the runtime dies and is started again.
    const demo = (await (await api(url, "GET", "/demo")).json()) as Record<string, string>;
    const publication = await publish({
      url: demo.whipUrl ?? "",
      key: demo.hostKey ?? "",
      source: toneSource(),
    });
    const hosts = async () => ((await (await fetch(demo.statusUrl ?? "")).json()) as { hosts: number }).hosts;
    await expect.poll(hosts, { timeout: 20_000 }).toBe(1);
    if (TELLS_PROCESSES) {
      const open = listening([command.child.pid ?? 0, ...command.look()]);
      // Earshot, the stand-in for the SFU, Miniflare's loopback and its own socket.
      expect(open.map((address) => address.split(":")[0])).toEqual(Array(4).fill("0100007F"));
      const runtime = command.look().find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "workerd\n");
      process.kill(runtime ?? 0, "SIGKILL");
      await expect.poll(() => command.out, { timeout: 30_000 }).toContain("was started again");
      await expect
        .poll(() => fetch(demo.statusUrl ?? "").then((r) => r.status), { timeout: 30_000 })
        .toBe(200);
    }
    await publication.close();
    await stop(running);
    expect(command.out).not.toContain("/ingest/");
    // The runtime's own message about its flags is not passed on.
    expect(command.out).not.toContain("NOSENTRY per-isolate");
    expect(filesWith(state.path, "/ingest/")).toEqual([]);
  });

  test.runIf(TELLS_PROCESSES)(
    "ends with a sentence when the runtime dies for the third time in a minute",
    {
      timeout: 120_000,
    },
    async () => {
      const { command, port } = await start([START]);
      for (let n = 1; n <= 3; n++) {
        const runtime = () =>
          command.look().find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "workerd\n");
        await expect.poll(runtime, { timeout: 10_000 }).toBeDefined();
        process.kill(runtime() ?? 0, "SIGKILL");
        const told = () => command.out.split("was started again").length - 1;
        await expect.poll(told, { timeout: 20_000 }).toBe(n);
      }
      expect(await command.ended).toMatchObject({
        code: 1,
        err: "The runtime ended by itself 3 times in a minute; run with LOG=1 to see why.\n",
      });
      await expect.poll(() => command.look()).toEqual([]);
      expect(await isOpen("127.0.0.1", port)).toBe(false);
    },
  );

  test.runIf(TELLS_PROCESSES)("leaves no process and no port behind when it is killed itself", async () => {
    const { command, port } = await start([START]);
    expect(command.look().length).toBeGreaterThan(0);
    command.child.kill("SIGKILL");
    await command.ended;
    await expect.poll(() => command.look()).toEqual([]);
    expect(await isOpen("127.0.0.1", port)).toBe(false);
  });

  test("works in a folder whose name has a space and a per cent sign, and creates no other", {
    timeout: 120_000,
  }, async () => {
    const clone = folder();
    const project = copyProject(join(clone.path, "an earshot 100% mine"));
    const { url } = await start([join(project, "local", "start.ts")], {}, clone);
    expect((await fetch(`${url}/studio/x`)).status).toBe(200);
    expect(readdirSync(join(project, "dist", "web"))).toContain("studio.js");
    expect(readdirSync(clone.path).filter((name) => !name.startsWith("."))).toEqual(["an earshot 100% mine"]);
  });
});

describe("npm run dev", () => {
  test("closes wrangler's explorer and keeps no traces; npm start takes over its shows, and removes old traces", {
    timeout: 90_000,
  }, async () => {
    const dev = await start([START, "--dev"]);
    await expectNone(dev.port, WRANGLERS, [403, 404]);
    const made = await api(dev.url, "POST", "", { title: "Of before", slug: "of-before" });
    const { id } = (await made.json()) as { id: string };
    const traces = join(dev.state.path, ".wrangler", "earshot", "v3", "observability");
    expect(existsSync(traces)).toBe(false);
    await stop(dev);
    mkdirSync(traces);
    writeFileSync(join(traces, "trace"), `https://relay.example/ingest/${id}/session/1/token`);

    const { url } = await start([START], {}, dev.state);
    expect(await (await api(url, "GET", "/of-before")).json()).toMatchObject({ id, title: "Of before" });
    expect(existsSync(traces)).toBe(false);
  });

  test("starts again when a file of local/ changes", { timeout: 120_000 }, async () => {
    const clone = folder();
    const project = copyProject(join(clone.path, "earshot"));
    const dev = await start([join(project, "local", "start.ts"), "--dev"], {}, clone);
    appendFileSync(join(project, "local", "sfu", "failure.ts"), "\n");
    const running = () => dev.command.out.split("Earshot is running").length - 1;
    await expect.poll(running, { timeout: 60_000 }).toBe(2);
    expect(dev.command.out).toContain("local/sfu/failure.ts has changed.");
    await stop(dev);
    expect(await isOpen("127.0.0.1", dev.port)).toBe(false);
  });

  test("serves this machine alone", async () => {
    const state = folder();
    cleanups.push(() => state[Symbol.dispose]());
    const command = new StartCommand(state.path, { HOST: "192.0.2.1" }, [START, "--dev"]);
    expect(await command.ended).toMatchObject({ code: 2, out: "" });
    expect((await command.ended).err).toMatch(/^npm run dev serves this machine alone: .*\n$/);
  });
});

/** Users see no difference: a process that does not end on request is killed 5 s later. */
test.each([
  ["npm start", false],
  ["npm run dev", true],
])(
  "the process that leads the runtime of %s ends by itself when asked to",
  { timeout: 120_000 },
  async (_, dev) => {
    const state = folder();
    const [host, port] = ["127.0.0.1", await freePort()];
    const leader = startLeader({ host, port, dev, lifeboat: null, persist: state.path, variables: {} });
    const { child } = leader;
    cleanups.push(
      () => state[Symbol.dispose](),
      () => child.exitCode ?? process.kill(-(child.pid ?? 0), "SIGKILL"),
      () => leader.forget(),
    );
    child.stdout?.resume();
    child.stderr?.resume();
    await expect.poll(() => isOpen(host, port), { timeout: 30_000 }).toBe(true);
    const exited = once(child, "exit");
    leader.ask();
    const [, signal] = await exited;
    expect(signal).toBeNull();
    expect(await isOpen(host, port)).toBe(false);
  },
);
