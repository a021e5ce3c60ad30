import { PROBLEMS } from "../problem.ts";
import type { EdgeEnv } from "./env.ts";
import { refuse } from "./refusal.ts";

/** Browsers that came by https use https only for a year (RFC 6797). The pages get the same header from web/_headers. */
const HSTS = "max-age=31536000";

/** URLs of the machine itself: requests to them cross no network. */
const LOOPBACK = /^https?:\/\/(localhost|127(\.\d+){3}|\[::1\])(:|\/|$)/;

/**
 * Refuses a request of a host, an operator or the SFU over plain http, where everybody on the way can read the key. Returns
 * null if the request is allowed: over https, on loopback, or where PLAIN_HTTP is set.
 */
export function refusePlain({ url }: Request, env: EdgeEnv): Response | null {
  if (!url.startsWith("http:") || LOOPBACK.test(url) || env.PLAIN_HTTP !== undefined) return null;
  return refuse(PROBLEMS.httpsRequired);
}

/** Returns the answer, with Strict-Transport-Security if the request came by https. */
export function stayWithHttps({ url }: Request, answer: Response): Response {
  // A 101 carries a WebSocket, which a copy of the Response would lose.
  if (!url.startsWith("https:") || LOOPBACK.test(url) || answer.status === 101) return answer;
  const headers = new Headers(answer.headers);
  headers.set("strict-transport-security", HSTS);
  return new Response(answer.body, { status: answer.status, headers });
}
