import { type Problem, refusedReceiver } from "../problem.ts";

/** Maximum length of a receiver's URL, characters. */
const LONGEST = 2_048;

/**
 * Returns why events can not be sent to the URL `text`; null if they can.
 *
 * The edge does not know what a name resolves to. On Cloudflare a Worker's fetch reaches public addresses. For another name in
 * the relay's own zone it also reaches the zone's origin server, past the zone's protection, unless
 * `global_fetch_strictly_public` is set. That is acceptable because only operators of the relay name receivers. A relay on
 * one's own machine may send to receivers on that machine, but not to itself.
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
  // A relay with an explicit port shares its machine's name with other programs. A relay without one has the name to itself.
  return hostOf(url) === hostOf(relay) && (isSamePort || relay.port === "");
}

/** The host name, without the trailing dot of the root domain. */
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
