import { Client } from "undici";

/** What all listeners together have asked for and got. */
export interface Traffic {
  requests: number;
  bytes: number;
  /** Answers that were not 200, by status, and requests that got none, by the error's code. */
  readonly failures: Map<string, number>;
  /** No request is begun beyond this many. */
  readonly limit: number;
}

export interface Answer {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Why a request came to nothing: a status or an error's code. */
export class Failure extends Error {}

/** The longest hold is three target durations of 4 s; the origin then gives up itself. */
const TIMEOUT_MS = 20_000;

/** One connection of one listener: HTTP/1.1, kept alive, one request at a time, as browsers have them. */
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

  /** A whole answer with status 200; anything else is a {@link Failure}, and is counted. */
  get(path: string): Promise<Answer> {
    const traffic = this.#traffic;
    if (traffic.requests >= traffic.limit) return Promise.reject(new Failure("request limit"));
    traffic.requests++;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let status = 0;
      let etag = "";
      const fail = (why: string): void => {
        if (!this.#client.destroyed) traffic.failures.set(why, (traffic.failures.get(why) ?? 0) + 1);
        reject(new Failure(why));
      };
      this.#client.dispatch(
        { path, method: "GET", headers: HEADERS },
        {
          onRequestStart: () => {},
          onResponseStart: (_, code, headers) => {
            status = code;
            etag = String(headers.etag ?? "");
          },
          onResponseData: (_, chunk) => {
            traffic.bytes += chunk.length;
            chunks.push(chunk);
          },
          onResponseEnd: () => {
            if (status !== 200) fail(String(status));
            else
              resolve({ bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), etag });
          },
          onResponseError: (_, error) => fail((error as NodeJS.ErrnoException).code ?? error.message),
        },
      );
    });
  }

  /** Cuts the connection, and with it whatever is under way on it. */
  cut(): Promise<void> {
    return this.#client.destroy();
  }
}

const HEADERS = { "accept-encoding": "gzip", "user-agent": "earshot-load" };
