import { BlockList, isIP, isIPv6 } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

/** Returns the origin of an HTTP server. An IPv6 address gets the brackets that a URL needs (RFC 3986 section 3.2.2). */
export function httpOrigin(host: string, port: number | string): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** The addresses `0.0.0.0` and `::`, in every spelling, IPv4-mapped too. */
const UNSPECIFIED = new BlockList();
UNSPECIFIED.addAddress("0.0.0.0");
UNSPECIFIED.addAddress("::", "ipv6");

/**
 * Whether `host` is a single IP address that can be given to other machines: not a name, not "any address", and without a zone,
 * which has no meaning on another machine.
 */
export function isAdvertisable(host: string): boolean {
  const family = isIP(host) === 6 ? "ipv6" : "ipv4";
  return isIP(host) !== 0 && !host.includes("%") && !UNSPECIFIED.check(host, family);
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

/** Whether the IP address `host` can be reached only from this machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
}

/** Returns this machine's addresses that can be given to other machines, as a comma-separated list for messages. */
export function ownAddresses(): string {
  return own()
    .flatMap(({ address, scopeid }) => (scopeid ? [] : [address]))
    .join(", ");
}

/** Whether `address` is one of this machine's own, and so the source address of a client on this machine. */
export function isOwn(address: string): boolean {
  return isLoopback(address) || own().some((other) => other.address === address);
}

/** Returns a non-loopback address of this machine, preferably IPv4, for clients that cannot use loopback; null if none. */
export function ownAddress(): string | null {
  const open = own().filter(({ internal, scopeid }) => !internal && !scopeid);
  return (open.find(({ family }) => family === "IPv4") ?? open[0])?.address ?? null;
}

function own(): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
