import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a packet of sound on its way to the relay: `on` sends it on, now or later, any number of times. */
export type Rule = (on: () => void) => void;

/**
 * The network between one host and the relay: HTTP and UDP both pass it. It may be gone, and what it does to the host's sound
 * is a {@link Rule}; what keeps the connection (ICE, DTLS, RTCP) gets through while the network is there.
 */
export class HostGate {
  isGone = false;
  rule: Rule = (on) => on();
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  /** @param origin of the relay */
  private constructor(origin: string) {
    this.#server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      if (this.isGone) return void response.destroy();
      const { authorization = "", "content-type": type = "" } = request.headers;
      const answer = await fetch(origin + request.url, {
        method: request.method ?? "GET",
        headers: { authorization, ...(type !== "" && { "content-type": type }) },
        ...(body !== "" && { body }),
      });
      const text = await this.#through(await answer.text());
      const passed = ["content-type", "location"].flatMap((name) => answer.headers.get(name) ?? []);
      const headers = passed.length === 2 ? { "content-type": passed[0], location: passed[1] } : {};
      response.writeHead(answer.status, headers).end(answer.status === 204 ? undefined : text);
    });
  }

  static async start(origin: string): Promise<HostGate> {
    const gate = new HostGate(origin);
    await new Promise<void>((resolve) => gate.#server.listen(0, "127.0.0.1", resolve));
    return gate;
  }

  /** Where what is at `url` of the relay is reached through the gate. */
  at(url: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${new URL(url).pathname}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    for (const socket of this.#sockets) socket.close();
  }

  /** An answer whose candidates are the gate's. */
  async #through(sdp: string): Promise<string> {
    let text = sdp;
    for (const [line, start, port] of sdp.matchAll(/(a=candidate:\S+ \d+ udp \d+ 127\.0\.0\.1) (\d+)/gi))
      text = text.replace(line, `${start} ${await this.#open(Number(port))}`);
    return text;
  }

  /** Opens a port that leads to the media server's, and gives its number. */
  async #open(port: number): Promise<number> {
    const [near, far] = await Promise.all([bound(), bound()]);
    this.#sockets.push(near, far);
    let host = { port: 0, address: "127.0.0.1" };
    near.on("message", (datagram, from) => {
      host = from;
      const on = () => {
        if (!this.isGone) far.send(datagram, port, "127.0.0.1", () => {});
      };
      if (isSound(datagram)) this.rule(on);
      else on();
    });
    far.on("message", (datagram) => {
      if (!this.isGone && host.port !== 0) near.send(datagram, host.port, host.address, () => {});
    });
    return near.address().port;
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket;
}

/** RTP, and not STUN, DTLS (RFC 7983) or RTCP (RFC 5761 section 4). */
function isSound(datagram: Buffer): boolean {
  const [first = 0, second = 0] = datagram;
  return first >= 128 && first <= 191 && !((second & 0x7f) >= 64 && (second & 0x7f) <= 95);
}
