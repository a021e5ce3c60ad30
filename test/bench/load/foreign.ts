import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const PART_MS = 200;
const PARTS = 3;
/** The length of a part in its segment's file, bytes. */
const PART_BYTES = 100;
/** By how much a segment's date is off, ms, in turn. */
const OFF_MS = [0, -12, 7];

/**
 * An LL-HLS server like those of other projects: the playback URL redirects, every URI carries a session, parts are byte ranges
 * of their segment's file, and each segment's date comes from a clock. It has been on air for a minute.
 */
export class ForeignServer {
  readonly url: string;
  /** Requests that a correct player would not make. */
  readonly strange: string[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #zero = Date.now() - 60_000;

  static async start(): Promise<ForeignServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ForeignServer(server);
  }

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/show/index.m3u8`;
    server.on(
      "request",
      ({ url = "", headers }, response) => void this.#answer(url, headers.range, response),
    );
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(url: string, range: string | undefined, response: ServerResponse): Promise<void> {
    const { pathname, search, searchParams: query } = new URL(url, this.url);
    if (pathname === "/show/index.m3u8" && search === "") {
      response.writeHead(302, { location: "/show/index.m3u8?checked=1" }).end();
    } else if (pathname === "/show/index.m3u8") {
      response.end('#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="opus"\r\na.m3u8?session=7\r\n');
    } else if (query.get("session") !== "7") {
      this.strange.push(url);
      response.writeHead(401).end();
    } else if (pathname === "/show/a.m3u8") {
      const msn = query.get("_HLS_msn");
      const wanted = msn === null ? 0 : Number(msn) * PARTS + Number(query.get("_HLS_part")) + 1;
      await sleep(Math.max(0, this.#zero + wanted * PART_MS - Date.now()));
      response.end(this.#list(Math.max(wanted, Math.floor((Date.now() - this.#zero) / PART_MS))));
    } else if (pathname === "/show/init.mp4") {
      response.end("init");
    } else {
      this.#media(url, range, response);
    }
  }

  #media(url: string, range: string | undefined, response: ServerResponse): void {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
    if (from === undefined || Number(to) - Number(from) !== PART_BYTES - 1)
      this.strange.push(`${url} ${range}`);
    response.writeHead(206).end("x".repeat(PART_BYTES));
  }

  /** The list once `parts` parts exist. */
  #list(parts: number): string {
    const last = Math.floor(parts / PARTS);
    const lines = [
      "#EXTM3U",
      "#EXT-X-TARGETDURATION:1",
      "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.2",
      `#EXT-X-PART-INF:PART-TARGET=${PART_MS / 1000}`,
      `#EXT-X-MEDIA-SEQUENCE:${last - 5}`,
      '#EXT-X-MAP:URI="init.mp4?session=7"',
    ];
    for (let msn = last - 5; msn <= last; msn++) {
      if (msn < last - 3) lines.push("#EXT-X-GAP");
      else {
        const date = this.#zero + msn * PARTS * PART_MS + (OFF_MS[msn % OFF_MS.length] ?? 0);
        lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(date).toISOString()}`);
        for (let part = 0; part < Math.min(PARTS, parts - msn * PARTS); part++) {
          const range = `BYTERANGE="${PART_BYTES}@${part * PART_BYTES}"`;
          lines.push(`#EXT-X-PART:DURATION=${PART_MS / 1000},URI="s${msn}.mp4?session=7",${range}`);
        }
      }
      if (msn < last) lines.push(`#EXTINF:${(PARTS * PART_MS) / 1000},`, `s${msn}.mp4?session=7`);
    }
    return lines.join("\r\n");
  }
}
