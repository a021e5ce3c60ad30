import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** One adapter message, decoded by this file's own reader. */
export interface Heard {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
  /** When it came, ms. */
  readonly at: number;
}

/** Reads a protobuf message of varint and length-delimited fields into a map by field number. */
export function readProtobuf(bytes: Uint8Array): Map<number, number | Uint8Array> {
  const fields = new Map<number, number | Uint8Array>();
  let place = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[place++];
      if (byte === undefined) throw new Error("the message ends inside a varint");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (place < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) fields.set(tag >>> 3, varint());
    else if ((tag & 7) === 2) {
      const length = varint();
      if (place + length > bytes.length) throw new Error("the message ends inside a field");
      fields.set(tag >>> 3, bytes.slice(place, place + length));
      place += length;
    } else throw new Error(`wire type ${tag & 7}`);
  }
  return fields;
}

/** A WebSocket endpoint that keeps the messages that it receives. */
export class Ear {
  readonly heard: Heard[] = [];
  readonly closes: { code: number; reason: string; at: number }[] = [];
  connections = 0;
  /** Whether handshakes are accepted; a refused one gets a 403. */
  open = true;
  #socket: WebSocket | undefined;
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  static async start(): Promise<Ear> {
    let ear: Ear | undefined;
    const server = new WebSocketServer({
      host: "127.0.0.1",
      port: 0,
      verifyClient: (_: unknown, done: (ok: boolean, code?: number) => void) => done(ear?.open ?? false, 403),
    });
    ear = new Ear(server);
    server.on("connection", (socket) => ear.#listen(socket));
    await new Promise((resolve) => server.once("listening", resolve));
    return ear;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ear?token=t`;
  }

  /** Drops the socket without a closing handshake, as a crashed endpoint does. */
  drop(): void {
    this.#socket?.terminate();
  }

  /** Closes the socket properly. */
  hangUp(code: number): void {
    this.#socket?.close(code);
  }

  /** All the sound from message `from` on, interleaved. */
  pcm(from = 0): Int16Array {
    const messages = this.heard.slice(from);
    const all = new Int16Array(messages.reduce((sum, { payload }) => sum + payload.length / 2, 0));
    let place = 0;
    for (const { payload } of messages) {
      const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
      for (let at = 0; at < payload.length; at += 2) all[place++] = view.getInt16(at, true);
    }
    return all;
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }

  #listen(socket: WebSocket): void {
    this.connections++;
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const fields = readProtobuf(data);
      this.heard.push({
        sequenceNumber: (fields.get(1) ?? 0) as number,
        timestamp: (fields.get(2) ?? 0) as number,
        payload: (fields.get(5) ?? new Uint8Array()) as Uint8Array,
        at: performance.now(),
      });
    });
    socket.on("close", (code, reason) =>
      this.closes.push({ code, reason: String(reason), at: performance.now() }),
    );
  }
}
