import { execFile, execFileSync } from "node:child_process";
import { connect } from "node:net";
import { promisify } from "node:util";

/** A request that is repeated. */
export interface Shot {
  readonly port: number;
  /** Includes the query. */
  readonly path: string;
}

/** Repeats a Shot on 32 keep-alive connections for some seconds. Resolves to the number of answers. Throws on any but 200. */
export interface Loader {
  readonly name: string;
  run(shot: Shot, seconds: number): Promise<number>;
}

const CONNECTIONS = 32;

/** Returns wrk if it is installed, otherwise sockets of this process, which take more CPU for the same load. */
export function findLoader(): Loader {
  try {
    execFileSync("wrk", ["--version"], { stdio: "ignore" });
  } catch (error) {
    const { code, status } = error as NodeJS.ErrnoException & { status?: number };
    if (code === "ENOENT") return { name: "sockets of this process (wrk is not installed)", run: sockets };
    // wrk prints its version with exit code 1.
    if (status !== 1) throw error;
  }
  return { name: "wrk", run: wrk };
}

async function wrk({ port, path }: Shot, seconds: number): Promise<number> {
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "-H", "Accept-Encoding: gzip"];
  const { stdout } = await promisify(execFile)("wrk", [...args, `http://127.0.0.1:${port}${path}`]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk: ${stdout}`);
  return Number(/(\d+) requests in/.exec(stdout)?.[1]);
}

async function sockets({ port, path }: Shot, seconds: number): Promise<number> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n`;
  const until = performance.now() + 1000 * seconds;
  const counts = Array.from({ length: CONNECTIONS }, () => one(port, request, until));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Runs one connection. Every answer must have a Content-Length. */
function one(port: number, request: string, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let missing = 0;
    let head = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      let body = chunk.length;
      if (missing === 0) {
        head += chunk.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        const length = /^content-length: (\d+)/im.exec(head)?.[1];
        if (!head.startsWith("HTTP/1.1 200") || length === undefined) {
          socket.destroy(new Error(`the answer was ${head.slice(0, end)}`));
          return;
        }
        missing = Number(length);
        body = head.length - end - 4;
        head = "";
      }
      missing -= body;
      if (missing > 0) return;
      answers++;
      if (performance.now() < until) socket.write(request);
      else socket.end(() => resolve(answers));
    });
  });
}
