import { connect, type Socket } from "node:net";

/** Asks for more than the kernel holds for it, and takes a byte a second out of the socket. */
export class SlowReader {
  /** Bytes taken. */
  taken = 0;
  isOpen = true;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;

  /** @param request its bytes, sent `times` over, as fast as they are taken */
  constructor(port: number, request: string, times: number) {
    const take = (length: number): boolean => {
      this.taken += length;
      return false;
    };
    // With a buffer of one byte, a read from the socket is a read of one byte.
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
