import { PROBLEMS } from "../problem.ts";
import type { EdgeEnv } from "./env.ts";
import { refuse } from "./refusal.ts";

/** For a year, browsers that came by https use https only (RFC 6797). The pages have the same header from web/_headers. */
const HSTS = "max-age=31536000";

/** URLs of this machine itself: no network lies between. */
const LOOPBACK = /^https?:\/\/(localhost|127(\.\d+){3}|\[::1\])(:|\/|$)/;

/**
 * The refusal of a host's, an operator's or the SFU's request over plain http, on which everybody on the way can read the
 * key; null for any other. On loopback, and where PLAIN_HTTP is set, http is allowed.
 */
export function refusePlain({ url }: Request, env: EdgeEnv): Response | null {
  if (!url.startsWith("http:") || LOOPBACK.test(url) || env.PLAIN_HTTP !== undefined) return null;
  return refuse(PROBLEMS.httpsRequired);
}

/** The answer, with Strict-Transport-Security where the request came by https. */
export function stayWithHttps({ url }: Request, answer: Response): Response {
  // A 101 carries a WebSocket, which a copied Response would lose.
  if (!url.startsWith("https:") || LOOPBACK.test(url) || answer.status === 101) return answer;
  const headers = new Headers(answer.headers);
  headers.set("strict-transport-security", HSTS);
  return new Response(answer.body, { status: answer.status, headers });
}
