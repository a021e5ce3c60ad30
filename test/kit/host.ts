import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { encodePacket } from "../../local/sfu/packet.ts";
import type { CreatedBroadcast } from "./created.ts";
import type { FakeSfu } from "./fake-sfu.ts";
import { chromium } from "./offers.ts";

const FRAME = 960;

/** A host's sound: the value of one channel's sample, in [-1, 1], by its index since the host began. */
export type Sound = (sample: number) => number;

export const tone =
  (hertz: number, level = 0.25): Sound =>
  (sample) =>
    level * Math.sin((2 * Math.PI * hertz * sample) / 48_000);

export const silence: Sound = () => 0;

/** The SFU's end of an ingest socket: dials an endpoint and sends what the SFU sends, a message every 20 ms. */
export class Host {
  readonly #closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  #sequenceNumber = 0;
  #timestamp = 0;
  #timer: NodeJS.Timeout | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.hush();
        resolve({ code, reason: String(reason) });
      });
    });
    socket.on("error", () => {});
  }

  /** Dials an endpoint; returns the handshake's HTTP status where it is refused. */
  static async dial(endpoint: string): Promise<Host | number> {
    const socket = new WebSocket(endpoint, { perMessageDeflate: false });
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(new Host(socket)));
      socket.once("unexpected-response", (request, response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      socket.once("error", reject);
    });
  }

  /** Dials an endpoint, and throws where it is refused. */
  static async connect(endpoint: string): Promise<Host> {
    const host = await Host.dial(endpoint);
    if (typeof host === "number") throw new Error(`the endpoint answered ${host}`);
    return host;
  }

  /** Publishes to a show as a browser does, and then takes the SFU's part. */
  static async publish({ whipUrl, hostKey }: CreatedBroadcast, sfu: FakeSfu): Promise<Host> {
    const headers = { authorization: `Bearer ${hostKey}`, "content-type": "application/sdp" };
    const response = await fetch(whipUrl, { method: "POST", headers, body: chromium });
    const session = (response.headers.get("location") ?? "").split("/").at(-1) ?? "";
    return Host.connect(await sfu.endpointOf(session));
  }

  /** Waits for the other end's close frame, but not for the end of the TCP connection, which the local runtime delays. */
  async farewell(): Promise<{ code: number; reason: string }> {
    while (this.#socket.readyState === WebSocket.OPEN) await sleep(5);
    this.#socket.terminate();
    return this.#closed;
  }

  /** Sends any bytes. */
  send(message: Uint8Array | string): void {
    this.#socket.send(message);
  }

  /** Sends the next packet. */
  say(sound: Sound): void {
    this.send(this.next(sound));
  }

  /** Returns the next packet, for tests that send it later or never. */
  next(sound: Sound): Uint8Array {
    const pcm = new Uint8Array(4 * FRAME);
    const view = new DataView(pcm.buffer);
    for (let n = 0; n < FRAME; n++) {
      const value = Math.round(32_767 * sound(this.#timestamp + n));
      view.setInt16(4 * n, value, true);
      view.setInt16(4 * n + 2, value, true);
    }
    this.#timestamp += FRAME;
    return encodePacket({
      sequenceNumber: this.#sequenceNumber++,
      timestamp: this.#timestamp - FRAME,
      payload: pcm,
    });
  }

  /** Sends sound in real time until `hush` or another `talk`. */
  talk(sound: Sound): void {
    this.hush();
    const from = performance.now();
    let said = 0;
    const catchUp = () => {
      for (; (said * FRAME) / 48 <= performance.now() - from; said++) this.say(sound);
    };
    catchUp();
    this.#timer = setInterval(catchUp, 4);
  }

  hush(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Closes the socket as the SFU does when the publisher has gone. */
  leave(): void {
    this.hush();
    this.#socket.close(1000, "the publisher has gone");
  }

  /** Drops the connection without a close frame. */
  crash(): void {
    this.hush();
    this.#socket.terminate();
  }
}
