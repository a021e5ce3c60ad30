import { connect, type Socket } from "node:net";

/** The parts of a response that an attacker looks at. */
export interface Answered {
  readonly status: number;
  /** Time from writing the request to reading the response's last byte, ms. */
  readonly millis: number;
}

/** The fate of a request that got no response. */
export type Unanswered = "closed" | "hung";

interface Waiting {
  readonly isHead: boolean;
  readonly sentAt: number;
  readonly settle: (answer: Answered | Unanswered) => void;
}

/** An HTTP/1.1 connection that sends arbitrary bytes, pipelined, and reads the responses. */
export class Wire {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #unread: Buffer = Buffer.alloc(0);
  isOpen = true;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.setNoDelay();
    this.#socket.on("data", (bytes: Buffer) => this.#read(bytes));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.isOpen = false;
      for (const { settle } of this.#waiting.splice(0)) settle("closed");
    });
  }

  /** Sends one request. Without a response after `limit` ms it counts as hung, and the connection is closed. */
  ask(bytes: string, limit: number): Promise<Answered | Unanswered> {
    const { promise, resolve } = Promise.withResolvers<Answered | Unanswered>();
    const timer = setTimeout(() => {
      resolve("hung");
      this.close();
    }, limit);
    const settle = (answer: Answered | Unanswered) => {
      clearTimeout(timer);
      resolve(answer);
    };
    if (!this.isOpen) settle("closed");
    else {
      this.#waiting.push({ isHead: bytes.startsWith("HEAD "), sentAt: performance.now(), settle });
      this.#socket.write(bytes, "latin1");
    }
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const response = responseIn(this.#unread, first.isHead);
      if (response === null) return;
      this.#unread = this.#unread.subarray(response.length);
      this.#waiting.shift();
      // After a response with `Connection: close` the server answers nothing more, so nothing more is sent (RFC 9112
      // section 9.6).
      if (response.isLast) this.isOpen = false;
      first.settle({ status: response.status, millis: performance.now() - first.sentAt });
    }
  }
}

interface Received {
  readonly status: number;
  /** Whether the connection ends with this response. */
  readonly isLast: boolean;
  /** Length of the whole response, bytes. */
  readonly length: number;
}

/** Returns the first response in `bytes` with its whole length (RFC 9112 section 6.3); null while it is incomplete. */
function responseIn(bytes: Buffer, isHead: boolean): Received | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const head = bytes.toString("latin1", 0, end);
  const status = Number(head.slice(9, 12));
  const isLast = /^connection: *close/im.test(head);
  if (isHead || status === 204 || status === 304) return { status, isLast, length: end + 4 };
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    const whole = end + 4 + Number(length);
    return bytes.length < whole ? null : { status, isLast, length: whole };
  }
  let at = end + 4;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    at = line + 2 + size + 2;
    if (at > bytes.length) return null;
    if (size === 0) return { status, isLast, length: at };
  }
}
