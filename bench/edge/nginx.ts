import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../test/kit/port.ts";

/** The bytes to serve at a path, and the headers. */
export interface Page {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Nginx {
  readonly port: number;
  /** The worker process, which does all the serving. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Headers that nginx adds to any file by itself. */
const OWN_HEADERS = new Set(["content-length", "content-type", "date", "accept-ranges"]);

/** Starts nginx with one worker process and these pages as files; null if it is not installed. */
export async function startNginx(pages: readonly Page[]): Promise<Nginx | null> {
  const program = ["nginx", "/usr/sbin/nginx"].find(isThere);
  if (program === undefined) return null;
  const directory = mkdtempSync(join(tmpdir(), "earshot-nginx-"));
  // The worker process may run as another user.
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, "logs"));
  const port = await freePort();
  const locations = pages.map(({ path, bytes, headers }, n) => {
    writeFileSync(join(directory, `page-${n}`), bytes);
    const adds = Object.entries(headers)
      .filter(([name]) => !OWN_HEADERS.has(name))
      .map(([name, value]) => `      add_header ${name} '${value}';`);
    const type = `default_type ${headers["content-type"]};`;
    const lines = [`alias ${directory}/page-${n};`, "types { }", type, "etag off;", "if_modified_since off;"];
    return `    location = ${path} {\n${[...lines.map((line) => `      ${line}`), ...adds].join("\n")}\n    }`;
  });
  const config = `daemon off;
worker_processes 1;
pid ${directory}/pid;
error_log ${directory}/logs/error.log;
events { worker_connections 512; }
http {
  access_log off;
  sendfile on;
  open_file_cache max=100;
  keepalive_requests 1000000000;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${port};
${locations.join("\n")}
  }
}
`;
  writeFileSync(join(directory, "nginx.conf"), config);
  const child = spawn(
    program,
    ["-e", join(directory, "logs", "error.log"), "-c", join(directory, "nginx.conf")],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  await untilOpen(port, child);
  const [worker] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ");
  return {
    port,
    pid: Number(worker),
    stop: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function untilOpen(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 50 && child.exitCode === null; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await sleep(100);
  }
  throw new Error("nginx did not start.");
}
