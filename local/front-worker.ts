import { WorkerEntrypoint } from "cloudflare:workers";
import worker from "earshot-worker";

/**
 * Runs in front of the Worker on this machine, in the same isolate. It determines the client's address and the scheme, and
 * whether a page is requested; on the platform, Cloudflare's network does that. Requests for which the Worker runs first
 * (wrangler.toml, run_worker_first) bypass the asset service, which would take most of a request's time.
 */

export * from "earshot-worker";

interface Env {
  /** Serves the static pages as the platform does. A request that is for no page comes back through {@link Relay}. */
  readonly PAGES: Fetcher;
  /** The beginnings of the paths for which the Worker runs first. */
  readonly WORKER_FIRST: readonly string[];
  /** The address that the relay is served on. */
  readonly OWN_ADDRESS: string;
  /** The URL at which the bucket is served on this machine; empty where it is not. */
  readonly LIFEBOAT_URL: string;
}

export default {
  async fetch(request: Request, env: Env, context: unknown): Promise<Response> {
    const seen = asOnPlatform(request, env.OWN_ADDRESS);
    const path = seen.url.indexOf("/", seen.url.indexOf("//") + 2);
    for (const first of env.WORKER_FIRST) {
      if (seen.url.startsWith(first, path)) return worker.fetch(seen, env, context);
    }
    // The built lifeboat.json names the deployment's copy, so this machine's is answered instead.
    if (seen.url.startsWith(LIFEBOAT, path)) return lifeboat(env.LIFEBOAT_URL);
    return adapted(seen.url, await env.PAGES.fetch(seen), env.LIFEBOAT_URL);
  },
};

const LIFEBOAT = "/lifeboat.json";

function lifeboat(url: string): Response {
  return Response.json({ url: url === "" ? null : url }, { headers: { "cache-control": "no-cache" } });
}

/**
 * Adapts a page's headers. HSTS is kept only where the client came over https, and not to a host name that other local servers
 * share. Pages that play may load from this machine's copy, as build/pages.mjs allows it for a deployment's.
 */
function adapted(url: string, answer: Response, copy: string): Response {
  const headers = new Headers(answer.headers);
  if (!/^https:\/\/(?!localhost[:/]|127\.|\[::1\])/.test(url)) headers.delete(HSTS);
  const policy = headers.get(POLICY);
  if (copy !== "" && policy?.includes("media-src") === true)
    headers.set(POLICY, policy.replaceAll(/(?:connect|media)-src 'self'/g, `$& ${copy}`));
  return new Response(answer.body, { status: answer.status, headers });
}

const HSTS = "strict-transport-security";
const POLICY = "content-security-policy";

/** The Worker itself, for requests that match no static page. */
export class Relay extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Promise<Response> {
    return worker.fetch(request, this.env, this.ctx);
  }
}

/**
 * Returns the request with the client address and scheme that the platform would give it. Only a proxy on this machine is
 * trusted to state these by headers. A request for a WebSocket stays one.
 */
function asOnPlatform(request: Request, ownAddress: string): Request {
  const address = addressOf(request);
  // A program on this machine that connects to `ownAddress` also has it as its own address.
  const isLocal = address === "::1" || address.startsWith("127.") || address === ownAddress;
  if (isLocal && request.headers.get("x-forwarded-proto") === "https") {
    const url = request.url.replace(/^http:/, "https:");
    return withAddress(new Request(url, request), address, isLocal);
  }
  return withAddress(request, address, isLocal);
}

function withAddress(request: Request, address: string, isLocal: boolean): Request {
  if (isLocal && request.headers.has(ADDRESS)) return request;
  const headers = new Headers(request.headers);
  headers.set(ADDRESS, address);
  return new Request(request, { headers });
}

const ADDRESS = "cf-connecting-ip";

/** Returns the client's IP address. The runtime gives it with a port, and IPv6 in brackets. */
function addressOf(request: Request): string {
  const { clientIp = "" } = (request as { cf?: { clientIp?: string } }).cf ?? {};
  return /^\[?(.*?)\]?:\d+$/.exec(clientIp)?.[1] ?? "";
}
