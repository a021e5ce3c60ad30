import { connect, type Socket } from "node:net";

/** A client that asks for more than the kernel buffers for it, and reads one byte a second from the socket. */
export class SlowReader {
  /** Bytes read so far. */
  taken = 0;
  isOpen = true;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;

  /** @param request the bytes of one request, sent `times` over, as fast as the socket accepts them */
  constructor(port: number, request: string, times: number) {
    const take = (length: number): boolean => {
      this.taken += length;
      return false;
    };
    // With a buffer of one byte, each read from the socket takes one byte.
    this.#socket = connect({ port, host: "127.0.0.1", onread: { buffer: Buffer.alloc(1), callback: take } });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.isOpen = false;
    });
    this.#socket.write(request.repeat(times), "latin1");
    this.#timer = setInterval(() => this.#socket.resume(), 1_000);
  }

  leave(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }
}
