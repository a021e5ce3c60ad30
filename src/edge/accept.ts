import { randomName } from "../access/secret.ts";
import { Bounded } from "../bounded.ts";

/** The first two characters of a listener's id: whether that listener accepts gzip. */
const [GZIP, NO_GZIP] = ["z.", "p."];

/**
 * Makes a random id for the listener who sent `request`. Its first two characters say whether the listener accepts gzip.
 * Only `request.cf` has the listener's own Accept-Encoding, and reading `request.cf` takes a tenth of the CPU of a request
 * (bench/edge). So the edge reads it once, here, and not for each playlist.
 */
export function mintListener(request: Request): string {
  return `${acceptsGzip(codingsOf(request)) ? GZIP : NO_GZIP}${randomName()}`;
}

/** Whether the answer to `request` may be gzipped. `listener` is the id in the request's URL; null where it has none. */
export function takesGzip(request: Request, listener: string | null): boolean {
  if (!acceptsGzip(request.headers.get("accept-encoding"))) return false;
  if (listener?.startsWith(GZIP)) return true;
  return listener?.startsWith(NO_GZIP) ? false : acceptsGzip(codingsOf(request));
}

/** The listener's own Accept-Encoding. The platform replaces the header by its own, and keeps the original in `request.cf`. */
function codingsOf(request: Request): string | null {
  const original = (request as { cf?: { clientAcceptEncoding?: unknown } }).cf?.clientAcceptEncoding;
  return typeof original === "string" ? original : request.headers.get("accept-encoding");
}

/** Whether an `Accept-Encoding` offers gzip (RFC 9110 section 12.5.3): by name or by `*`, and not with a weight of zero. */
export function acceptsGzip(header: string | null): boolean {
  if (header === null) return false;
  const known = answers.get(header);
  if (known !== undefined) return known;
  const answer = offersGzip(header);
  if (header.length <= MAX_LENGTH) answers.set(header, answer);
  return answer;
}

/** How many header values are remembered with their answers. Players send a few dozen different ones. */
const MAX_ANSWERS = 100;
/** Header values longer than this, in characters, are not remembered. No player sends one. */
const MAX_LENGTH = 200;
const answers = new Bounded<string, boolean>(MAX_ANSWERS);

function offersGzip(header: string): boolean {
  let any = false;
  for (const item of header.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((text) => text.trim());
    const weight = parameters.find((text) => text.startsWith("q="))?.slice(2);
    const isOffered = weight === undefined || Number(weight) > 0;
    if (coding === "gzip" || coding === "x-gzip") return isOffered;
    if (coding === "*") any = isOffered;
  }
  return any;
}
