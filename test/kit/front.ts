import { createServer } from "node:http";
import { listen } from "./port.ts";

/** The reply to one call of the SFU's API: its status and JSON. */
export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly json: any;
}

/** A caller of the SFU's API that shares no code with src/ or local/. */
export class SfuCaller {
  readonly #base: string;
  readonly #secret: string;

  constructor(url: string, appId: string, secret: string) {
    this.#base = `${url}/apps/${appId}`;
    this.#secret = secret;
  }

  async call(method: string, path: string, body?: unknown, secret = this.#secret): Promise<Reply> {
    const response = await fetch(this.#base + path, {
      method,
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json() };
  }

  async newSession(): Promise<string> {
    return (await this.call("POST", "/sessions/new")).json.sessionId;
  }

  newTrack(sessionId: string, sdp: string, mid: string, trackName = "mic"): Promise<Reply> {
    return this.call("POST", `/sessions/${sessionId}/tracks/new`, {
      sessionDescription: { type: "offer", sdp },
      tracks: [{ location: "local", mid, trackName }],
    });
  }

  newAdapter(sessionId: string, endpoint: string, trackName = "mic"): Promise<Reply> {
    const track = { location: "remote", sessionId, trackName, endpoint, outputCodec: "pcm" };
    return this.call("POST", "/adapters/websocket/new", { tracks: [track] });
  }
}

/**
 * A minimal WHIP endpoint in front of the SFU. POST makes a session and publishes the offer's first audio section as `mic`;
 * DELETE closes that track unless `deaf`. It attaches no adapter: tests do.
 */
export async function startFront(sfu: SfuCaller, deaf = false) {
  const sessions: string[] = [];
  const deleted: string[] = [];
  const mids = new Map<string, string>();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (request.method === "DELETE") {
      const id = (request.url ?? "").split("/").at(-1) ?? "";
      deleted.push(id);
      const tracks = [{ mid: mids.get(id) }];
      if (!deaf) await sfu.call("PUT", `/sessions/${id}/tracks/close`, { tracks, force: true });
      response.writeHead(200).end();
      return;
    }
    const id = await sfu.newSession();
    const mid = /^m=audio[\s\S]*?^a=mid:(\S+)/m.exec(body)?.[1] ?? "";
    const { status, json } = await sfu.newTrack(id, body, mid);
    if (status !== 200) {
      response
        .writeHead(status)
        .end(JSON.stringify({ error: { code: json.errorCode, message: json.errorDescription } }));
      return;
    }
    sessions.push(id);
    mids.set(id, mid);
    response.writeHead(201, { "content-type": "application/sdp", location: `/session/${id}` });
    response.end(json.sessionDescription.sdp);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}/whip`,
    /** The SFU's session ids, in the order of their POSTs. */
    sessions,
    /** The ids of the sessions that were DELETEd. */
    deleted,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
