import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "./polling.ts";

/** A call that was received. */
export interface Call {
  readonly method: string;
  /** The path after the application's id, e.g. `/sessions/new`; session ids are written as `:id`. */
  readonly path: string;
  /** The session in the path; null where there is none. */
  readonly session: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any;
  readonly authorization: string;
  readonly at: number;
}

/** The reply: JSON, another text, none ever, or the connection is cut. Undefined: as a healthy SFU replies. */
export type Reaction =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly text: string }
  | "hang"
  | "cut"
  | undefined;

export const ANSWER = [
  "v=0",
  "o=- 1 1 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=ice-lite",
  "a=ice-options:trickle",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:0",
  "a=ice-options:ice2 trickle",
  "",
].join("\r\n");

/**
 * An SFU that fails on demand, for faults that neither the real SFU nor the stand-in can produce. It carries no media: tests
 * dial the `endpoints` themselves.
 */
export class FakeSfu {
  readonly calls: Call[] = [];
  /** The endpoints that adapters were asked to dial, in order. */
  readonly endpoints: string[] = [];
  /** The sessions whose tracks it was told to close. */
  readonly closed: string[] = [];
  /** Every id that it gave out. */
  readonly ids: string[] = [];
  react: (call: Call) => Reaction | Promise<Reaction> = () => undefined;
  readonly #server: Server;
  #count = 0;
  #mids = 0;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      const [, , , , ...rest] = (request.url ?? "").split("/");
      if (rest.at(-1) === "close" && rest[0] === "sessions") this.closed.push(rest[1] ?? "");
      const path = `/${rest.join("/")}`.replace(/^\/sessions\/(?!new)[^/]+/, "/sessions/:id");
      const call: Call = {
        method: request.method ?? "",
        path,
        session: path.startsWith("/sessions/:id") ? (rest[1] ?? null) : null,
        body: text === "" ? undefined : JSON.parse(text),
        authorization: request.headers.authorization ?? "",
        at: performance.now(),
      };
      this.calls.push(call);
      const reaction = (await this.react(call)) ?? this.#healthy(call);
      if (reaction === "hang") return;
      if (reaction === "cut") return void response.destroy();
      const isJson = "json" in reaction;
      response.writeHead(reaction.status, { "content-type": isJson ? "application/json" : "text/html" });
      response.end(isJson ? JSON.stringify(reaction.json) : reaction.text);
    });
  }

  static async start(): Promise<FakeSfu> {
    const sfu = new FakeSfu();
    await new Promise<void>((resolve) => sfu.#server.listen(0, "127.0.0.1", resolve));
    return sfu;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** The calls of one operation, e.g. `PUT /sessions/:id/tracks/close`. */
  of(operation: string): Call[] {
    return this.calls.filter(({ method, path }) => `${method} ${path}` === operation);
  }

  /** Waits until it has been asked to dial for a generation of a WHIP session, and returns the endpoint. */
  endpointOf(session: string, generation = 1, millis = 20_000): Promise<string> {
    return until(() => this.endpoints.find((url) => url.includes(`/${session}/${generation}/`)), {
      within: millis,
      every: 10,
      failure: () => `nobody asked for an adapter of generation ${generation}`,
    });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #healthy({ method, path, body }: Call): { status: number; json: unknown } {
    switch (`${method} ${path}`) {
      case "POST /sessions/new":
        return { status: 201, json: { sessionId: this.#id("session") } };
      case "PUT /sessions/:id/renegotiate":
        return { status: 200, json: {} };
      case "POST /sessions/:id/tracks/new":
        if (body.sessionDescription === undefined) return this.offered(body.tracks);
        return {
          status: 200,
          json: {
            requiresImmediateRenegotiation: false,
            tracks: body.tracks,
            sessionDescription: { type: "answer", sdp: ANSWER },
          },
        };
      case "PUT /sessions/:id/tracks/close":
        return { status: 200, json: { tracks: body.tracks } };
      case "POST /adapters/websocket/new": {
        const { trackName, endpoint } = body.tracks[0];
        this.endpoints.push(endpoint);
        return { status: 200, json: { tracks: [{ trackName, endpoint, adapterId: this.#id("adapter") }] } };
      }
      case "POST /adapters/websocket/close":
        return { status: 200, json: { tracks: body.tracks } };
      default:
        return { status: 404, json: { errorCode: "not_found", errorDescription: "no such operation" } };
    }
  }

  /** A healthy SFU's reply to a request for these tracks of other sessions; sessions in `failed` get that error code. */
  offered(
    tracks: readonly { readonly sessionId: string; readonly trackName: string }[],
    failed: Readonly<Record<string, string>> = {},
  ): { status: number; json: unknown } {
    const items = tracks.map(({ sessionId, trackName }) => {
      const errorCode = failed[sessionId];
      if (errorCode !== undefined) return { sessionId, trackName, mid: "", errorCode, errorDescription: "x" };
      return { sessionId, trackName, mid: String(this.#mids++) };
    });
    const isAny = items.some((item) => !("errorCode" in item));
    const sessionDescription = { type: "offer", sdp: this.#offer(items) };
    const json = {
      requiresImmediateRenegotiation: isAny,
      tracks: items,
      ...(isAny && { sessionDescription }),
    };
    return { status: 200, json };
  }

  /** An offer with the names of the SFU's sessions wherever SDP has a place for them. */
  #offer(items: readonly { readonly sessionId: string; readonly trackName: string; readonly mid: string }[]) {
    const own = this.ids.at(-1) ?? "-";
    const good = items.filter(({ mid }) => mid !== "");
    return [
      "v=0",
      `o=${own} ${own} 1 IN IP4 127.0.0.1`,
      `s=${own}`,
      "t=0 0",
      `a=msid-semantic: WMS ${good.map(({ sessionId }) => sessionId).join(" ")}`,
      "a=ice-lite",
      ...good.flatMap(({ sessionId, trackName, mid }) => [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        `a=msid:${sessionId} ${sessionId}-${trackName}`,
        `a=mid:${mid}`,
        "a=rtpmap:111 opus/48000/2",
        `a=ssrc:1000 cname:${sessionId}`,
        `a=ssrc:1000 msid:${sessionId} ${trackName}`,
      ]),
      "",
    ].join("\r\n");
  }

  #id(kind: string): string {
    const id = `sfu${kind}${String(++this.#count).padStart(8, "0")}`;
    this.ids.push(id);
    return id;
  }
}
