import { PROBLEMS } from "../problem.ts";
import type { EdgeEnv } from "./env.ts";
import { refuse } from "./refusal.ts";

/** A year: browsers that came by https once come by nothing else (RFC 6797). The pages' own is in web/_headers. */
const HSTS = "max-age=31536000";

/** The names of the machine itself, to which no network lies between. */
const LOOPBACK = /^https?:\/\/(localhost|127(\.\d+){3}|\[::1\])(:|\/|$)/;

/**
 * What is said to hosts, operators and the SFU who come by plain http, whose keys everybody on the way could read; null where
 * they do not. On this machine, and where PLAIN_HTTP is set, nobody is refused.
 */
export function refusePlain({ url }: Request, env: EdgeEnv): Response | null {
  if (!url.startsWith("http:") || LOOPBACK.test(url) || env.PLAIN_HTTP !== undefined) return null;
  return refuse(PROBLEMS.httpsRequired);
}

/** The answer, with word to browsers that came by https to stay with it. */
export function stayWithHttps({ url }: Request, answer: Response): Response {
  // An accepted WebSocket can not be made anew.
  if (!url.startsWith("https:") || LOOPBACK.test(url) || answer.status === 101) return answer;
  const headers = new Headers(answer.headers);
  headers.set("strict-transport-security", HSTS);
  return new Response(answer.body, { status: answer.status, headers });
}
