import { type Hash, type SipKey, siphash } from "./siphash.ts";

/** The most listeners that one network can be counted as, worldwide and during the whole show. */
export interface Cap {
  /** For one IPv4 address, or one IPv6 /64 (one device or one home network). */
  readonly address: number;
  /** For one IPv4 /24, or one IPv6 /48 (one site, or one cell of a mobile carrier). */
  readonly prefix: number;
}

/**
 * An address counts as 1,024 listeners at most, a /24 or /48 as 4,096.
 *
 * The cap makes honest crowds behind one address count as fewer (see {@link seatingOf}). So it is as large as the number of
 * listeners that one forger may add: 1,024 is 0.1 % of a million. Carrier NAT puts some 16 to 256 subscribers behind an address,
 * so a /24 holds up to 65,536. If 1 % of them listen, that is 655 listeners, of whom 4,096 seats count 605. If 10 % listen,
 * 4,096 seats count 3,269 of 6,554. In a small show 1,024 forged listeners are many, but a cap low enough to stop them would
 * undercount an office. There the delivered media reveals the forgery (figure.ts).
 */
export const CAP: Cap = { address: 1024, prefix: 4096 };

/** A quarter of the seats. How many fewer of these are taken tells how many listeners share a seat (figure.ts). */
export const COARSE: Cap = { address: CAP.address / 4, prefix: CAP.prefix / 4 };

/** Where one listener is counted. */
export interface Seating {
  /** The listener's seat. Seats are what is counted. */
  readonly seat: Hash;
  /** Its seat among a quarter as many seats ({@link COARSE}). */
  readonly coarse: Hash;
  /** A 32-bit hash of the address under the show's key. */
  readonly network: number;
}

/**
 * Returns where to count a sighting of `listener` (the id from the playlist URL, or the fallback for players that drop it) at
 * `address` (as the platform gives it: dotted IPv4 or RFC 4291 text), under the show's secret `key`.
 *
 * Each prefix has `cap.prefix` seats. Each of its addresses uses `cap.address` consecutive ones, from a place of its own. A
 * listener is hashed onto one of these, and seats are what is counted. So the cap needs no state and no coordination: it holds
 * across all isolates, data centres, slots, restarts and repeated reports. With counters per isolate and slot, a forger could
 * reach the cap again in each of them. No network can take another's seats.
 *
 * The price is that listeners on one seat count once. Of n honest listeners behind one address, s (1 - (1 - 1/s)^n) are
 * counted, with s = 1,024: 10 -> 9.96, 50 -> 48.8, 100 -> 95.3, 500 -> 396, 2,000 -> 879. So the count is too low, never too
 * high. All addresses that cannot be parsed share the seats of one address.
 *
 * @param cap for {@link Seating.seat}; coarse seats always use {@link COARSE}
 */
export function seatingOf(key: SipKey, address: string, listener: string, cap = CAP): Seating {
  const network = networkOf(address);
  const own = siphash(key, text(listener)).low;
  const first = siphash(key, message(ADDRESS, network.address, 0)).low;
  const on = (tag: number, bounds: Cap) =>
    siphash(key, message(tag, network.prefix, (first + (own % bounds.address)) % bounds.prefix));
  return { seat: on(SEAT, cap), coarse: on(COARSE_SEAT, COARSE), network: first };
}

/** Returns only the {@link Seating.network} of an address. */
export function networkUnder(key: SipKey, address: string): number {
  return siphash(key, message(ADDRESS, networkOf(address).address, 0)).low;
}

/** A network as numbers: its family (4, 6, or 0 for an unreadable address), then the significant bits as 32-bit words. */
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

/** Parses dotted-decimal IPv4 into one number; null where it is none. Character by character, because every sighting needs it. */
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

/** Parses IPv6 text (RFC 4291 section 2.2; a zone after % is ignored) and returns its first four groups. Null if it is invalid. */
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

/** The first byte of a hashed message is its kind, so that messages of different kinds are never equal. */
const ADDRESS = 1;
const SEAT = 2;
const COARSE_SEAT = 3;

/** Characters: generous for an IPv6 address that ends in IPv4 and a zone (RFC 4291 section 2.2, RFC 4007 section 11). */
const LONGEST_ADDRESS = 64;
/** Characters of a listener's id that are hashed. Ids differ in the first ones, but a sender can make a header 100 KB long. */
const LONGEST_LISTENER = 256;

/** Tag, family, network, seat. All calls share this buffer: each overwrites it, and hashes it before the next call. */
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

/** Returns a zero tag and then the UTF-16 code units of the text's beginning. */
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
