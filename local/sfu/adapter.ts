import { createDecoder, type OpusDecoderHandle } from "libopus-wasm";
import WebSocket from "ws";
import { type Failed, failed } from "./failure.ts";
import { Framer } from "./frame.ts";
import { type OpusPacket, OpusTimeline, type PcmBlock } from "./opus.ts";
import { encodePacket } from "./packet.ts";

/** How long a lost socket is redialled at the same address, ms; and the pauses before the attempts, ms. */
const REDIAL_MILLIS = 15_000;
const REDIAL_PAUSES = [100, 250, 500, 1_000];
const HANDSHAKE_MILLIS = 5_000;
/** Frames kept while the socket is down or choked, half a second. Older ones are dropped. */
const BACKLOG_FRAMES = 25;
/** Unsent bytes in an open socket above which it counts as choked. */
const CHOKED_BYTES = 256 * 1024;
const TICK_MILLIS = 20;

/**
 * Sends one Opus track to a WebSocket as PCM: a message per 20 ms ({@link encodePacket}). Owns its decoder and its
 * socket. If the socket is lost, the adapter redials the same endpoint for {@link REDIAL_MILLIS}. If the endpoint closes the
 * socket with code 1000, the adapter ends. Cloudflare documents neither the effect of an endpoint's own close nor the length
 * of its backlog ("short, bounded"); these are this stand-in's choices.
 */
export class Adapter {
  readonly id: string;
  readonly endpoint: string;
  /** Payload bytes sent so far. */
  bytes = 0;
  readonly #decoder: OpusDecoderHandle;
  readonly #timeline: OpusTimeline;
  readonly #framer = new Framer();
  readonly #onEnd: (reason: string) => void;
  readonly #ticking: NodeJS.Timeout;
  readonly #backlog: Uint8Array[] = [];
  #socket: WebSocket;
  #redial: NodeJS.Timeout | undefined;
  #sequenceNumber = 0;
  #closed = false;

  private constructor(
    id: string,
    endpoint: string,
    socket: WebSocket,
    decoder: OpusDecoderHandle,
    onEnd: (reason: string) => void,
  ) {
    this.id = id;
    this.endpoint = endpoint;
    this.#decoder = decoder;
    this.#timeline = new OpusTimeline(decoder);
    this.#onEnd = onEnd;
    this.#socket = socket;
    this.#watch(socket);
    this.#ticking = setInterval(() => this.#send(this.#timeline.advance(samplesNow())), TICK_MILLIS);
  }

  /** Dials `endpoint`. `onEnd` is called once, when the adapter has ended for any reason. */
  static async open(id: string, endpoint: string, onEnd: (reason: string) => void): Promise<Opened | Failed> {
    const decoder = await createDecoder({ channels: 2, sampleRate: 48_000 });
    const dialled = await dial(endpoint, HANDSHAKE_MILLIS);
    // Nothing may be awaited from here on: the socket could close before the constructor listens to it.
    if (dialled.kind === "open")
      return { kind: "open", adapter: new Adapter(id, endpoint, dialled.socket, decoder, onEnd) };
    decoder.free();
    return dialled;
  }

  push(packet: OpusPacket): void {
    if (!this.#closed) this.#send(this.#timeline.push(packet, samplesNow()));
  }

  /** Sends the remaining sound, closes the socket with `code` and `reason`, and frees the decoder. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#send(this.#timeline.flush());
    for (const frame of this.#framer.flush()) this.#sendFrame(frame);
    this.#closed = true;
    clearInterval(this.#ticking);
    clearTimeout(this.#redial);
    this.#socket.close(code, reason);
    this.#decoder.free();
    this.#onEnd(reason);
  }

  #send(blocks: readonly PcmBlock[]): void {
    for (const block of blocks) for (const frame of this.#framer.push(block)) this.#sendFrame(frame);
  }

  #sendFrame({ timestamp, data }: PcmBlock): void {
    const payload = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#backlog.push(encodePacket({ sequenceNumber: this.#sequenceNumber, timestamp, payload }));
    this.#sequenceNumber = (this.#sequenceNumber + 1) >>> 0;
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.bufferedAmount > CHOKED_BYTES) {
      if (this.#backlog.length > BACKLOG_FRAMES) this.#backlog.shift();
      return;
    }
    for (const message of this.#backlog.splice(0)) {
      this.bytes += message.length;
      this.#socket.send(message);
    }
  }

  #watch(socket: WebSocket): void {
    socket.once("close", (code) => {
      if (this.#closed) return;
      if (code === 1000) this.close(1000, "the endpoint closed its socket");
      else this.#dialAgain(Date.now() + REDIAL_MILLIS, 0);
    });
  }

  #dialAgain(deadline: number, attempt: number): void {
    const pause = REDIAL_PAUSES[Math.min(attempt, REDIAL_PAUSES.length - 1)] ?? 0;
    if (Date.now() + pause >= deadline) {
      this.close(1000, "the endpoint did not come back");
      return;
    }
    this.#redial = setTimeout(() => {
      dial(this.endpoint, Math.min(HANDSHAKE_MILLIS, deadline - Date.now())).then(
        (dialled) => {
          if (dialled.kind === "failed") {
            if (!this.#closed) this.#dialAgain(deadline, attempt + 1);
          } else if (this.#closed) dialled.socket.close(1000, "the adapter is closed");
          else {
            this.#socket = dialled.socket;
            this.#watch(dialled.socket);
          }
        },
        (error: unknown) => this.close(1000, `dialling failed: ${String(error)}`),
      );
    }, pause);
  }
}

interface Opened {
  readonly kind: "open";
  readonly adapter: Adapter;
}

interface Dialled {
  readonly kind: "open";
  readonly socket: WebSocket;
}

/** Opens a WebSocket without following redirects. Never rejects. */
function dial(endpoint: string, timeout: number): Promise<Dialled | Failed> {
  return new Promise((resolve) => {
    const socket = new WebSocket(endpoint, {
      followRedirects: false,
      handshakeTimeout: Math.max(1, timeout),
      perMessageDeflate: false,
    });
    socket.once("open", () => resolve({ kind: "open", socket }));
    // The listener stays for the socket's life: ws emits an error before the close that follows it, and again on terminate().
    socket.on("error", (error) => {
      socket.terminate();
      resolve(
        /timed out/.test(error.message)
          ? failed("websocket_connection_timeout", "The WebSocket handshake timed out.")
          : failed("websocket_handshake_failed", "The handshake with the provided endpoint failed."),
      );
    });
  });
}

/** Reads a monotonic clock, in 48 kHz samples. */
function samplesNow(): number {
  return Math.floor(performance.now() * 48);
}
