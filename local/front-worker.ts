import { WorkerEntrypoint } from "cloudflare:workers";
import worker from "earshot-worker";

/**
 * What stands before the Worker on this machine, in the same isolate: who asked, by which scheme, and whether a page is
 * asked for. On the platform the network does that. Requests that the Worker is first for (wrangler.toml, run_worker_first)
 * do not pass the asset service, which would take most of the time that a request takes.
 */

export * from "earshot-worker";

interface Env {
  /** The static pages, as the platform serves them; what is no page comes back by {@link Relay}. */
  readonly PAGES: Fetcher;
  /** What paths begin with that the Worker is first for. */
  readonly WORKER_FIRST: readonly string[];
  /** Where the bucket is served on this machine; empty where it is not. */
  readonly LIFEBOAT_URL: string;
}

export default {
  async fetch(request: Request, env: Env, context: unknown): Promise<Response> {
    const seen = asSeen(request);
    const path = seen.url.indexOf("/", seen.url.indexOf("//") + 2);
    for (const first of env.WORKER_FIRST) {
      if (seen.url.startsWith(first, path)) return worker.fetch(seen, env, context);
    }
    // The pages were built for a deployment, whose copy is elsewhere.
    if (seen.url.startsWith(LIFEBOAT, path)) return lifeboat(env.LIFEBOAT_URL);
    return reached(seen.url, await env.PAGES.fetch(seen), env.LIFEBOAT_URL);
  },
};

const LIFEBOAT = "/lifeboat.json";

function lifeboat(url: string): Response {
  return Response.json({ url: url === "" ? null : url }, { headers: { "cache-control": "no-cache" } });
}

/**
 * What tells browsers to stay with https is only for those who came by it, and not by a name that other servers share. Pages that
 * play may load from the copy, as build/pages.mjs has it for a deployment.
 */
function reached(url: string, answer: Response, copy: string): Response {
  const headers = new Headers(answer.headers);
  if (!/^https:\/\/(?!localhost[:/]|127\.|\[::1\])/.test(url)) headers.delete(HSTS);
  const policy = headers.get(POLICY);
  if (copy !== "" && policy?.includes("media-src") === true)
    headers.set(POLICY, policy.replaceAll(/(?:connect|media)-src 'self'/g, `$& ${copy}`));
  return new Response(answer.body, { status: answer.status, headers });
}

const HSTS = "strict-transport-security";
const POLICY = "content-security-policy";

/** The Worker itself, for what the asset service has no page for. */
export class Relay extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Promise<Response> {
    return worker.fetch(request, this.env, this.ctx);
  }
}

/**
 * The request with what the platform would say of it. A proxy on this machine is believed whom it asks for, and by which
 * scheme; nobody else is.
 */
function asSeen(request: Request): Request {
  const address = addressOf(request);
  const isNear = address === "::1" || address.startsWith("127.");
  if (isNear && request.headers.get("x-forwarded-proto") === "https") {
    const url = request.url.replace(/^http:/, "https:");
    return withAddress(new Request(url, request), address, isNear);
  }
  return withAddress(request, address, isNear);
}

function withAddress(request: Request, address: string, isNear: boolean): Request {
  if (request.headers.has("upgrade")) return request;
  if (isNear && request.headers.has(ADDRESS)) return request;
  const headers = new Headers(request.headers);
  headers.set(ADDRESS, address);
  return new Request(request, { headers });
}

const ADDRESS = "cf-connecting-ip";

/** The asker's IP address; the runtime has it with the port, IPv6 in brackets. */
function addressOf(request: Request): string {
  const { clientIp = "" } = (request as { cf?: { clientIp?: string } }).cf ?? {};
  return /^\[?(.*?)\]?:\d+$/.exec(clientIp)?.[1] ?? "";
}
