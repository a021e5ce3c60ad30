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
  /** Where the resource is by its own account: a redirect's Location, empty where there is none. */
  readonly location: string;
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

  /**
   * A whole answer: 200, or 206 where a range (a Range header's value) was asked for, or a redirect; anything else is a
   * {@link Failure}, and is counted.
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

  /** Cuts the connection, and with it whatever is under way on it. */
  cut(): Promise<void> {
    return this.#client.destroy();
  }
}

const HEADERS = { "accept-encoding": "gzip", "user-agent": "earshot-load" };
