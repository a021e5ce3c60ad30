import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** An IPv4 address and a UDP port. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Returns where an answer or an offer says that media is received: one place for each socket. */
export function placesIn(sdp: string): Place[] {
  const found = [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+)/gm)];
  const unique = new Map(
    found.map(([, address = "", port]) => [`${address}:${port}`, { address, port: Number(port) }]),
  );
  return [...unique.values()];
}

/** A UDP socket of somebody who is not the client. Keeps what is sent to it. */
export class Stranger {
  readonly received: Buffer[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (data) => void this.received.push(data));
  }

  static async start(): Promise<Stranger> {
    return new Stranger(await openSocket());
  }

  /** Resolves when the system has taken the datagrams. */
  async send(places: readonly Place[], ...datagrams: readonly Buffer[]): Promise<void> {
    for (const place of places) for (const data of datagrams) await sendTo(this.#socket, data, place);
  }

  close(): void {
    this.#socket.close();
  }
}

/**
 * Stands between a client and a media socket on loopback as a NAT does: each port of the client gets a port of its own here,
 * and from `rebind` on another one.
 */
export class Nat {
  /** How often the client's media have got another port. */
  rebound = 0;
  readonly #inner: Socket;
  readonly #media: Place;
  readonly #outer = new Map<number, Socket>();
  /** The client's port from which media came last; null before. */
  #mediaPort: number | null = null;
  #isRebinding = false;

  private constructor(inner: Socket, media: Place) {
    this.#inner = inner;
    this.#media = media;
    inner.on("message", (data, { port }) => void this.#pass(data, port));
  }

  static async start(media: Place): Promise<Nat> {
    return new Nat(await openSocket("127.0.0.1"), media);
  }

  /** Where the client is to send to. */
  get place(): Place {
    return this.#inner.address();
  }

  /** The client's next check where its media come from, and all that it sends from there afterwards, gets another port. */
  rebind(): void {
    this.#isRebinding = true;
  }

  close(): void {
    for (const socket of [this.#inner, ...this.#outer.values()]) socket.close();
  }

  #pass(data: Buffer, port: number): void {
    const isStun = (data[0] ?? 0) < 4; // RFC 7983
    if (!isStun) this.#mediaPort = port;
    if (this.#isRebinding && isStun && port === this.#mediaPort) {
      this.#isRebinding = false;
      this.rebound++;
      this.#outer.get(port)?.close();
      this.#outer.delete(port);
    }
    let outer = this.#outer.get(port);
    if (outer === undefined) {
      outer = createSocket("udp4");
      outer.on("message", (reply) => this.#inner.send(reply, port, "127.0.0.1"));
      this.#outer.set(port, outer);
    }
    outer.send(data, this.#media.port, this.#media.address);
  }
}

async function openSocket(address?: string): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  return socket;
}

function sendTo(socket: Socket, data: Buffer, { address, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(data, port, address, (error) => (error ? reject(error) : resolve()));
  });
}
