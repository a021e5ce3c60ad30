import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Decides the fate of a packet of sound on its way to the relay: calling `on` forwards it, at once or later, any number
 * of times.
 */
export type Rule = (on: () => void) => void;

/**
 * The network between one host and the relay: HTTP and UDP both pass through it. It can be taken down (`isGone`), and a
 * {@link Rule} decides what it does to the host's sound. Packets that keep the connection alive (ICE, DTLS, RTCP)
 * always get through while the network is up.
 */
export class HostGate {
  isGone = false;
  rule: Rule = (on) => on();
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  /** @param origin the relay's origin */
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

  /** Returns the gate's address for a URL of the relay. */
  at(url: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${new URL(url).pathname}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    for (const socket of this.#sockets) socket.close();
  }

  /** Returns the SDP answer with the gate's ports in place of the SFU's candidates. */
  async #through(sdp: string): Promise<string> {
    let text = sdp;
    for (const [line, start, port] of sdp.matchAll(/(a=candidate:\S+ \d+ udp \d+ 127\.0\.0\.1) (\d+)/gi))
      text = text.replace(line, `${start} ${await this.#open(Number(port))}`);
    return text;
  }

  /** Opens a port that forwards to one of the SFU's, and returns its number. */
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

/** Whether a datagram is RTP, and not STUN, DTLS (RFC 7983) or RTCP (RFC 5761 section 4). */
function isSound(datagram: Buffer): boolean {
  const [first = 0, second = 0] = datagram;
  return first >= 128 && first <= 191 && !((second & 0x7f) >= 64 && (second & 0x7f) <= 95);
}
