import { Client } from "undici";

/** The requests and answers of all listeners together. */
export interface Traffic {
  requests: number;
  bytes: number;
  /** Failed answers by status, and requests without an answer by error code. */
  readonly failures: Map<string, number>;
  /** The most requests that are made. */
  readonly limit: number;
}

export interface Answer {
  readonly bytes: Buffer;
  readonly etag: string;
  /** A redirect's Location; empty if there is none. */
  readonly location: string;
}

/** A failed request. The message is a status or an error code. */
export class Failure extends Error {}

/** Longer than the longest hold, after which the origin itself gives up: three target durations of 4 s. */
const TIMEOUT_MS = 20_000;

/** One connection of one listener: HTTP/1.1, keep-alive, one request at a time, like a browser's. */
export class Wire {
  readonly #client: Client;
  readonly #traffic: Traffic;

  constructor(origin: string, traffic: Traffic) {
    this.#client = new Client(origin, {
      pipelining: 1,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      keepAliveTimeout: 30_000,
    });
    this.#traffic = traffic;
  }

  /**
   * Fetches a whole answer: 200, or 206 if a range (a Range header's value) is given, or a redirect. Rejects anything else with a
   * {@link Failure}, which is counted.
   */
  get(path: string, range: string | null = null): Promise<Answer> {
    const traffic = this.#traffic;
    if (traffic.requests >= traffic.limit) return Promise.reject(new Failure("request limit"));
    traffic.requests++;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let status = 0;
      let etag = "";
      let location = "";
      const fail = (why: string): void => {
        if (!this.#client.destroyed) traffic.failures.set(why, (traffic.failures.get(why) ?? 0) + 1);
        reject(new Failure(why));
      };
      this.#client.dispatch(
        { path, method: "GET", headers: range === null ? HEADERS : { ...HEADERS, range } },
        {
          onRequestStart: () => {},
          onResponseStart: (_, code, headers) => {
            status = code;
            etag = String(headers.etag ?? "");
            location = String(headers.location ?? "");
          },
          onResponseData: (_, chunk) => {
            traffic.bytes += chunk.length;
            chunks.push(chunk);
          },
          onResponseEnd: () => {
            const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
            const isRedirect = status >= 300 && status < 400 && location !== "";
            if (status !== (range === null ? 200 : 206) && !isRedirect) fail(String(status));
            else resolve({ bytes, etag, location: isRedirect ? location : "" });
          },
          onResponseError: (_, error) => fail((error as NodeJS.ErrnoException).code ?? error.message),
        },
      );
    });
  }

  /** Closes the connection and aborts its pending request. */
  cut(): Promise<void> {
    return this.#client.destroy();
  }
}

const HEADERS = { "accept-encoding": "gzip", "user-agent": "earshot-load" };
