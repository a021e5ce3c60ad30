import { type Hash, type SipKey, siphash } from "./siphash.ts";

/** How many listeners one network can at most be counted as, over the whole world and the whole show. */
export interface Cap {
  /** For one IPv4 address, or one IPv6 /64 (one device or one home network). */
  readonly address: number;
  /** For one IPv4 /24, or one IPv6 /48 (one site, or one cell of a mobile carrier). */
  readonly prefix: number;
}

/**
 * An address counts as 1,024 listeners at most, a /24 or /48 as 4,096.
 *
 * The cap makes honest crowds behind one address count as fewer (see {@link placeOf}), so it is as wide as one forger may
 * count: 1,024 is 0.1 % of a million. Carrier NAT puts some 16 to 256 subscribers behind an address, so a /24 holds up to
 * 65,536: when one in a hundred of them listens, 655 do, and 4,096 seats count 605 of them. When one in ten listens, 4,096
 * seats count 3,269 of 6,554. In a small show 1,024 forged listeners are many, but a cap low enough to stop them would not
 * count an office; there the delivered media shows the forgery (figure.ts).
 */
export const CAP: Cap = { address: 1024, prefix: 4096 };

/** A quarter of the seats. By how many fewer of these are taken, one knows how many listeners share a seat (figure.ts). */
export const COARSE: Cap = { address: CAP.address / 4, prefix: CAP.prefix / 4 };

/** Where one listener is counted. */
export interface Place {
  /** The listener's seat. Seats are what is counted. */
  readonly seat: Hash;
  /** Its seat where there are a quarter as many ({@link COARSE}). */
  readonly coarse: Hash;
  /** The address, as 32 bits under the show's key. */
  readonly network: number;
}

/**
 * Where to count a sighting: `listener` (the id from the playlist URL, or the fall-back for players that drop it) at
 * `address` (as the platform gives it: dotted IPv4 or RFC 4291 text), under the show's secret `key`.
 *
 * Each prefix has `cap.prefix` seats. Each of its addresses uses `cap.address` of them, in a row from a place of its own. A
 * listener is hashed onto one of these, and the seat is what is counted. So the cap needs no state and no agreement: it holds
 * over all isolates, data centres, slots, restarts and repeated reports together. With counters for each isolate and slot, a
 * forger would have the cap again in each of them. No network can take another's seats.
 *
 * The price is that listeners on one seat count once. Of n honest listeners behind one address, s (1 - (1 - 1/s)^n) are
 * counted, with s = 1,024: 10 -> 9.96, 50 -> 48.8, 100 -> 95.3, 500 -> 396, 2,000 -> 879. So the count is too low, never too
 * high. Addresses that cannot be read share the seats of one address.
 *
 * @param cap of the seats; the coarse ones have theirs
 */
export function placeOf(key: SipKey, address: string, listener: string, cap = CAP): Place {
  const network = networkOf(address);
  const own = siphash(key, text(listener)).low;
  const first = siphash(key, message(ADDRESS, network.address, 0)).low;
  const on = (tag: number, bounds: Cap) =>
    siphash(key, message(tag, network.prefix, (first + (own % bounds.address)) % bounds.prefix));
  return { seat: on(SEAT, cap), coarse: on(COARSE_SEAT, COARSE), network: first };
}

/** {@link Place.network} alone. */
export function networkUnder(key: SipKey, address: string): number {
  return siphash(key, message(ADDRESS, networkOf(address).address, 0)).low;
}

/** The network's numbers: a family (0 unreadable, 4 or 6), then the bits that count, as 32-bit words. */
interface Network {
  readonly address: readonly [family: number, high: number, low: number];
  readonly prefix: readonly [family: number, high: number, low: number];
}

function networkOf(whole: string): Network {
  const address = whole.length > LONGEST_ADDRESS ? "" : whole;
  const v4 = parseV4(address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address);
  if (v4 !== null) return { address: [4, 0, v4], prefix: [4, 0, v4 >>> 8] };
  const groups = parseV6(address);
  if (groups === null) return { address: [0, 0, 0], prefix: [0, 0, 0] };
  const [a = 0, b = 0, c = 0, d = 0] = groups;
  return { address: [6, a * 65_536 + b, c * 65_536 + d], prefix: [6, a * 65_536 + b, c] };
}

/** IPv4 in dotted decimal as one number; null where it is none. Character by character: it runs on every sighting. */
function parseV4(text: string): number | null {
  if (text.length > 15) return null;
  let value = 0;
  let part = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      part = 10 * Math.max(part, 0) + digit;
      if (part > 255) return null;
    } else {
      if (digit !== -2 || part < 0) return null;
      value = 256 * value + part;
      part = -1;
      dots += 1;
    }
  }
  return dots === 3 && part >= 0 ? 256 * value + part : null;
}

/** The first four groups of IPv6 text (RFC 4291 section 2.2, a zone after % ignored); the rest is only checked. Null where it is none. */
function parseV6(text: string): number[] | null {
  const halves = text.replace(/%.*$/, "").split("::");
  if (halves.length > 2) return null;
  const [front = [], back = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (back.length > 0 ? lastIsV4(back) : halves.length === 1 && lastIsV4(front)) {
    (back.length > 0 ? back : front).splice(-1, 1, "0", "0");
  }
  const gap = 8 - front.length - back.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  const groups = [...front, ...Array<string>(gap).fill("0"), ...back];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.slice(0, 4).map((group) => Number.parseInt(group, 16));
}

function lastIsV4(groups: readonly string[]): boolean {
  return parseV4(groups.at(-1) ?? "") !== null;
}

const MAPPED = "::ffff:";

/** The first byte of what is hashed says what that is, so that no two kinds of message are ever equal. */
const ADDRESS = 1;
const SEAT = 2;
const COARSE_SEAT = 3;

/** Of an IPv6 address with IPv4 at its end and a zone: RFC 4291 section 2.2, RFC 4007 section 11; generously. */
const LONGEST_ADDRESS = 64;
/** Listeners differ in the first characters; a header may be as long as its sender likes (100 KB). */
const LONGEST_LISTENER = 256;

/** Tag, family, network, seat. All calls share it: each sets it anew, and takes the hash before the next call. */
const scratch = new DataView(new ArrayBuffer(14));
const scratchBytes = new Uint8Array(scratch.buffer);

function message(tag: number, network: readonly [number, number, number], place: number): Uint8Array {
  scratch.setUint8(0, tag);
  scratch.setUint8(1, network[0]);
  scratch.setUint32(2, network[1]);
  scratch.setUint32(6, network[2]);
  scratch.setUint32(10, place);
  return scratchBytes;
}

/** The UTF-16 code units of the text's beginning, behind a zero tag. */
function text(whole: string): Uint8Array {
  const value = whole.slice(0, LONGEST_LISTENER);
  const bytes = new Uint8Array(1 + 2 * value.length);
  for (let i = 0; i < value.length; i += 1) {
    const unit = value.charCodeAt(i);
    bytes[1 + 2 * i] = unit & 0xff;
    bytes[2 + 2 * i] = unit >> 8;
  }
  return bytes;
}
