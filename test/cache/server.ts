import { createServer } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { listen } from "../kit/port.ts";
import type { Upstream } from "./tier.ts";

/** A local HTTP server that answers as `upstream` does, and with a bare 500 where `upstream` throws. */
export class TierServer {
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(upstream: Upstream): Promise<TierServer> {
    const server = createServer(async (incoming, outgoing) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(incoming.headers)) {
        if (!HOP_BY_HOP.has(name)) headers.set(name, String(value));
      }
      const request = new Request(`http://cache${incoming.url}`, {
        method: incoming.method ?? "GET",
        headers,
      });
      try {
        const response = await upstream(request);
        const kept = [...response.headers].filter(([name]) => !HOP_BY_HOP.has(name));
        outgoing.writeHead(response.status, kept.flat());
        if (response.body === null) outgoing.end();
        else
          Readable.fromWeb(response.body as ReadableStream)
            .on("error", () => outgoing.destroy())
            .pipe(outgoing);
      } catch {
        outgoing.writeHead(500).end();
      }
    });
    const port = await listen(server);
    return new TierServer(`http://127.0.0.1:${port}`, () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

const HOP_BY_HOP = new Set(["connection", "host", "keep-alive", "transfer-encoding"]);
