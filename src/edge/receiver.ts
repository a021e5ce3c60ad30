import { type Problem, refusedReceiver } from "../problem.ts";

const LONGEST = 2_048;

/**
 * Why events can not be sent to `text`; null: they can. What a name resolves to is not known here. On Cloudflare a Worker's fetch
 * reaches public addresses, and for another name of the relay's own zone that zone's origin server, without what guards the zone
 * (unless `global_fetch_strictly_public` is set): whoever names receivers is an operator of the relay. A relay on a machine of one's own may tell receivers on that machine, but not itself.
 *
 * @param relay the URL at which the operator has reached the relay
 */
export function refuseReceiver(text: string, relay: URL): Problem | null {
  if (text.length > LONGEST) return refusedReceiver(`a URL has at most ${LONGEST} characters`);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return refusedReceiver("it must be an http(s) URL");
  if (url.username !== "" || url.password !== "")
    return refusedReceiver("it must not carry a name or a password; the signature shows who sends");
  return isRelay(url, relay) ? refusedReceiver("it leads back to the relay itself") : null;
}

function isRelay(url: URL, relay: URL): boolean {
  const isSamePort = portOf(url) === portOf(relay);
  if (isLoopback(hostOf(url))) return isSamePort;
  // A relay with a port of its own shares its machine's name with other programs; one without has the name for itself.
  return hostOf(url) === hostOf(relay) && (isSamePort || relay.port === "");
}

/** A name may end with the root's dot. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, "");
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === "https:" ? "443" : "80");
}

function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    /^127\.|^0\.0\.0\.0$|^\[::1?\]$|^\[::ffff:7f/.test(host)
  );
}
