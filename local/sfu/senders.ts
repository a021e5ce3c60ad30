import { classes, isStunMessage, parseMessage } from "werift";

/** How many senders one socket remembers. A client checks from each of its addresses, and a client that moves gets new ones. */
const REMEMBERED = 32;
/** The longest STUN message that is verified, bytes: an Ethernet frame's worth (RFC 8489 section 6.1). A check has some 100. */
const LONGEST_STUN = 1_500;

/**
 * Decides which datagrams one media socket takes. A STUN request must be signed with the socket's own ICE password
 * (RFC 8445 section 7.3, RFC 8489 section 14.5), which only the client knows. Anything else (DTLS, SRTP, SRTCP) must come from
 * an address and port that sent such a request. No other STUN is taken: an ICE-lite agent asks nothing, so nothing is answered.
 */
export class Senders {
  /** `address:port`, the one that was verified last at the end. */
  readonly #verified = new Set<string>();
  readonly #password: () => string;
  readonly #isWelcome: (address: string) => boolean;

  /** `password` returns the current ICE password. Requests from an address that `isWelcome` rejects are dropped unseen. */
  constructor(password: () => string, isWelcome: (address: string) => boolean) {
    this.#password = password;
    this.#isWelcome = isWelcome;
  }

  /** Whether a datagram from this address and port is taken. */
  takes(data: Buffer, address: string, port: number): boolean {
    const sender = `${address}:${port}`;
    if (!isStunMessage(data)) return this.#verified.has(sender);
    if (!this.#isWelcome(address) || !isRequest(data, this.#password())) return false;
    this.#verified.delete(sender);
    this.#verified.add(sender);
    for (const oldest of this.#verified) {
      if (this.#verified.size <= REMEMBERED) break;
      this.#verified.delete(oldest);
    }
    return true;
  }
}

/** Whether a STUN message is a request signed with this password. */
function isRequest(data: Buffer, password: string): boolean {
  // werift recalculates the checksum for each FINGERPRINT in the message, so its time grows with the square of the length.
  if (data.length > LONGEST_STUN) return false;
  return parseMessage(data, Buffer.from(password))?.messageClass === classes.REQUEST;
}
