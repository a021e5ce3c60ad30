import { BlockList, isIP, isIPv6 } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

/** The origin of an HTTP server, with the brackets that an IPv6 address needs in a URL (RFC 3986 section 3.2.2). */
export function httpOrigin(host: string, port: number | string): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** `0.0.0.0` and `::` in every spelling, IPv4-mapped too. */
const UNSPECIFIED = new BlockList();
UNSPECIFIED.addAddress("0.0.0.0");
UNSPECIFIED.addAddress("::", "ipv6");

/**
 * Whether `host` is one IP address that others can be told: no name, not "any address", and none with a zone, which means
 * nothing on another machine.
 */
export function isTellable(host: string): boolean {
  const family = isIP(host) === 6 ? "ipv6" : "ipv4";
  return isIP(host) !== 0 && !host.includes("%") && !UNSPECIFIED.check(host, family);
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

/** Whether the IP address `host` is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
}

/** The addresses of this machine that a relay can be told to others at, as a list for people. */
export function ownAddresses(): string {
  return own()
    .flatMap(({ address, scopeid }) => (scopeid ? [] : [address]))
    .join(", ");
}

/** Whether `address` is one of this machine's, as those who are on it have for a source. */
export function isOwn(address: string): boolean {
  return isLoopback(address) || own().some((other) => other.address === address);
}

/** An address of this machine that is not loopback, IPv4 first, for who can not reach loopback; null where it has none. */
export function ownAddress(): string | null {
  const open = own().filter(({ internal, scopeid }) => !internal && !scopeid);
  return (open.find(({ family }) => family === "IPv4") ?? open[0])?.address ?? null;
}

function own(): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
