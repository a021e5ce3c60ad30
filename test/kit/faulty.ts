import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * How the server treats requests. `refuses`: it refuses all connections, the pages' too; `resets`: it resets requests that can
 * fail; `stale`: it answers with earlier lists; `media`: 503 for media only; `404`: the asset service's answer where no Worker
 * runs; `late`: answers come {@link LATE_MS} late.
 */
export type Fault =
  | "none"
  | "503"
  | "503 with CORS"
  | "404"
  | "refuses"
  | "resets"
  | "hangs"
  | "stale"
  | "media"
  | "late";

/** The requests that can fail: all that the Worker answers to listeners, and the copy. */
const FAILS = /^\/live\/|\.m3u8$|\.mp4$|\.m4s$/;
/** How late the answers of `late` are, ms. */
const LATE_MS = 3_000;

/** A request that a server received. */
interface Asked {
  readonly path: string;
  /** When it was received, by Date.now(). */
  readonly at: number;
}

/**
 * A server in front of another one, which fails on demand: for everything under `/live/`, and for all of the copy. The pages
 * pass through, for they are assets, for which no Worker has to run.
 */
export class Faulty {
  readonly url: string;
  readonly asked: Asked[] = [];
  readonly #server: Server;
  readonly #target: string;
  readonly #assets: Readonly<Record<string, unknown>>;
  readonly #lists = new Map<string, string>();
  #fault: Fault = "none";

  /**
   * @param target the server behind this one, without a slash at the end
   * @param assets JSON that this server answers with itself, by path
   */
  static async start(target: string, assets: Readonly<Record<string, unknown>> = {}): Promise<Faulty> {
    const server = createServer((asked, answer) => void faulty.#answer(asked, answer));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const faulty = new Faulty(server, target, assets);
    return faulty;
  }

  private constructor(server: Server, target: string, assets: Readonly<Record<string, unknown>>) {
    this.#server = server;
    this.#target = target;
    this.#assets = assets;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Applies a fault from now on. Requests that are waiting are treated by the new fault, or get no answer. */
  async turn(fault: Fault): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    if (fault === "refuses") {
      this.#server.closeAllConnections();
      await new Promise((resolve) => this.#server.close(resolve));
    } else if (before === "refuses") {
      await new Promise<void>((resolve) =>
        this.#server.listen(Number(new URL(this.url).port), "127.0.0.1", resolve),
      );
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = asked.url ?? "/";
    const asset = this.#assets[path];
    if (asset !== undefined) {
      end(answer, 200, JSON.stringify(asset));
      return;
    }
    const fails = FAILS.test(path);
    if (fails) this.asked.push({ path, at: Date.now() });
    if (!fails || (await this.#comesThrough(path, answer))) this.#forward(asked, answer);
  }

  /** Returns false where the fault was the answer. */
  async #comesThrough(path: string, answer: ServerResponse): Promise<boolean> {
    switch (this.#fault) {
      case "none":
      case "refuses":
        return true;
      case "503":
        return end(answer, 503, "{}");
      case "503 with CORS":
        return end(answer, 503, "{}", { "access-control-allow-origin": "*" });
      case "404":
        return end(answer, 404, "<!doctype html>");
      case "media":
        return path.endsWith(".m4s") ? end(answer, 503, "{}") : true;
      case "stale": {
        const list = this.#lists.get(path.replace(/\?.*/, ""));
        return list === undefined ? true : end(answer, 200, list);
      }
      case "resets":
        answer.destroy();
        return false;
      case "hangs":
        return false;
      case "late":
        await sleep(LATE_MS);
        return true;
    }
  }

  #forward({ method, url = "/", headers }: IncomingMessage, answer: ServerResponse): void {
    const upstream = request(this.#target + url, {
      method,
      headers: { ...headers, host: new URL(this.#target).host, "accept-encoding": "identity" },
    });
    upstream.on("response", async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const path = url.replace(/\?.*/, "");
      if (this.#fault === "hangs" && FAILS.test(path)) return;
      if (this.#fault === "none" && response.statusCode === 200 && path.endsWith("audio.m3u8"))
        this.#lists.set(path, String(body));
      answer.writeHead(response.statusCode ?? 502, response.headers).end(body);
    });
    upstream.on("error", () => answer.destroy());
    answer.on("close", () => upstream.destroy());
    upstream.end();
  }
}

function end(
  answer: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): false {
  const type = body.startsWith("#")
    ? "application/vnd.apple.mpegurl"
    : body.startsWith("{")
      ? "application/json"
      : "text/html";
  answer.writeHead(status, { "content-type": type, "cache-control": "no-store", ...headers }).end(body);
  return false;
}
