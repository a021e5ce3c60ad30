import { type Offer, readOffer } from "./offer.ts";

/**
 * WHIP's HTTP side (RFC 9725): what a publisher's requests mean and how they are answered. Who may ask is checked at
 * the edge before any of this runs.
 */

/** A refusal with its status; the shell turns it into `{error: {code, message}}`. */
export interface Refused {
  readonly status: 400 | 413 | 415 | 422;
  readonly code: string;
  readonly message: string;
}

const MAX_OFFER_BYTES = 64 * 1024;

/** The methods of a WHIP session URL, for `Allow`. */
export const SESSION_METHODS = "GET, HEAD, OPTIONS, DELETE";

/** Reads the offer out of a POST (RFC 9725 section 4.2). */
export async function readPost(request: Request): Promise<Offer | Refused> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/sdp") {
    return { status: 415, code: "unsupported_media_type", message: "Send the offer as application/sdp." };
  }
  const body = await readBounded(request, MAX_OFFER_BYTES);
  if (body === null) {
    return {
      status: 413,
      code: "offer_too_large",
      message: `An offer has at most ${MAX_OFFER_BYTES} bytes.`,
    };
  }
  return readOffer(new TextDecoder().decode(body));
}

/**
 * The answer to an accepted offer (RFC 9725 section 4.2): 201, the session's URL, a strong ETag, and a link to each ICE
 * server. The runtime writes links into one Link header, of which OBS reads the first alone: the best server comes first.
 */
export function created(
  answer: string,
  session: { readonly path: string; readonly etag: string; readonly iceServers: readonly string[] },
): Response {
  const headers = new Headers({
    "content-type": "application/sdp",
    location: session.path,
    etag: `"${session.etag}"`,
    "cache-control": "no-store",
  });
  for (const server of session.iceServers) headers.append("link", `<${server}>; rel="ice-server"`);
  return new Response(withoutTrickle(answer), { status: 201, headers });
}

/**
 * The SFU's answer says that it takes candidates later (RFC 8840: `a=ice-options:trickle`, of the session or of a medium).
 * Over WHIP they would come by PATCH, which there is none of; a client is not told to try.
 */
function withoutTrickle(answer: string): string {
  return answer.replace(/^a=ice-options:(.*?)(\r?\n|$)/gm, (_, options: string, end: string) => {
    const left = options.split(/\s+/).filter((option) => option !== "" && option.toLowerCase() !== "trickle");
    return left.length === 0 ? "" : `a=ice-options:${left.join(" ")}${end}`;
  });
}

/**
 * PATCH on a session. The SFU has neither a candidate endpoint nor ICE restarts, and its candidates are all in the
 * answer; a client that trickles all the same is reached as a peer-reflexive candidate (RFC 8445 section 7.3.1.3).
 */
export function patchNotAllowed(): Response {
  return Response.json(
    {
      error: {
        code: "method_not_allowed",
        message: "Trickle ICE and ICE restarts are not supported; publish again on a new connection.",
      },
    },
    { status: 405, headers: { allow: SESSION_METHODS, "cache-control": "no-store" } },
  );
}

/** The body, or null when it has more than `limit` bytes; reading stops there, whatever Content-Length says. */
async function readBounded(request: Request, limit: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) return null;
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
