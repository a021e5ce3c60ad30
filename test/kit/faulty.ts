import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What a server does to those who ask it. `refuses` connections, the pages' too; `resets` those that ask for what fails; `stale`: the
 * lists that it had before; `media`: 503 for media alone; `404`: as the asset service says it where no Worker runs.
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

/** What can fail: all that is the Worker's to listeners, and the copy. */
const FAILS = /^\/live\/|\.m3u8$|\.mp4$|\.m4s$/;
/** How late `late` is, ms. */
const LATE_MS = 3_000;

/** What was asked of a server. */
interface Asked {
  readonly path: string;
  /** By Date.now(). */
  readonly at: number;
}

/**
 * A server before another, which fails as it is told: all that is under `/live/`, and of the copy all. The pages come through, for
 * these are assets, which no Worker has to run for.
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
   * @param target what it stands before, without a slash at the end
   * @param assets JSON that it answers with by itself, by path
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

  /** From now on. Who is waiting for an answer gets none, or as the fault has it. */
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

  /** False where the fault was the answer. */
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
        await new Promise((resolve) => setTimeout(resolve, LATE_MS));
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
