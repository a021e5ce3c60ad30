import { type Context, Hono } from "hono";
import type { HostKey } from "../access/keys.ts";
import type { JoiningHost, Offer } from "../broadcast-api.ts";
import { readOffer } from "../ingest/offer.ts";
import { areas, isWhipSession, patterns, whipSessionPath } from "../paths.ts";
import { offerTooLarge, PROBLEMS, type Problem } from "../problem.ts";
import { AUDIBLE_HEADER, NAME_HEADER, WARNINGS_HEADER } from "../session-state.ts";
import { type Entered, enter } from "./admission.ts";
import { readBounded } from "./body.ts";
import type { EdgeEnv } from "./env.ts";
import { allowOf, answerBy, isAllowed, type Methods, notAllowed } from "./methods.ts";
import { NO_STORE, refuse } from "./refusal.ts";

/**
 * All HTTP of WHIP (RFC 9725). A publisher posts an offer and gets an answer and a session, whose URL it deletes when it
 * leaves. The edge refuses a client without a host key, or whose body is no offer, so it costs the Broadcast nothing.
 */
export const whip = new Hono<{ Bindings: EdgeEnv }>();

const MAX_OFFER_BYTES = 64 * 1024;

/** Any page may publish, and may read the headers named here (Fetch standard, CORS protocol). */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": `Location, Link, ETag, Accept-Post, Allow, Retry-After, WWW-Authenticate, ${NAME_HEADER}, ${WARNINGS_HEADER}, ${AUDIBLE_HEADER}`,
};

type Of = Context<{ Bindings: EdgeEnv }>;

whip.options(areas.whip, preflight);

whip.use(areas.whip, async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(CORS)) c.res.headers.set(name, value);
});

whip.all(patterns.whip, async (c) => {
  const host = await enter(c, c.req.param("id"));
  return host.kind === "problem" ? refuse(host) : answerBy(ENDPOINT, c.req.method, c, host, null);
});

whip.all(patterns.whipSession, async (c) => {
  const host = await enter(c, c.req.param("id"));
  if (host.kind === "problem") return refuse(host);
  const { method } = c.req;
  const session = c.req.param("session");
  if (isAllowed(SESSION, method)) return answerBy(SESSION, method, c, host, session);
  const found = await host.broadcast.admit(host.key, session);
  if (found.kind === "problem") return refuse(found);
  return refuse(method === "PATCH" ? NO_TRICKLE : notAllowed(SESSION));
});

const ENDPOINT: Methods<[c: Of, host: Entered, session: null]> = {
  GET: look,
  HEAD: look,
  OPTIONS: preflight,
  POST: publish,
};

const SESSION: Methods<[c: Of, host: Entered, session: string]> = {
  GET: look,
  HEAD: look,
  OPTIONS: preflight,
  DELETE: leave,
};

/**
 * The answer to PATCH on a session. The SFU has neither a candidate endpoint nor ICE restarts, and its answer has all its
 * candidates. A client that trickles all the same is reached as a peer-reflexive candidate (RFC 8445 section 7.3.1.3).
 */
const NO_TRICKLE = notAllowed(
  SESSION,
  "Trickle ICE and ICE restarts are not supported; publish again on a new connection.",
);

/** RFC 9725 section 4.7: a preflight carries no credentials, and is answered without. */
function preflight(c: Of): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS,
      "accept-post": "application/sdp",
      allow: allowOf(isWhipSession(c.req.path) ? SESSION : ENDPOINT),
      "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE, OPTIONS",
      "access-control-allow-headers": "Authorization, Content-Type, If-Match",
      "access-control-max-age": "86400",
    },
  });
}

async function publish(c: Of, { broadcast, key }: Entered): Promise<Response> {
  const offer = await readPost(c.req.raw);
  if (offer.kind === "problem") return refuse(offer);
  const published = await broadcast.publish(offer, joiningHostOf(c, key), new URL(c.req.url).origin);
  if (published.kind === "problem") return refuse(published);
  return created(published.answer, {
    path: whipSessionPath(c.req.param("id") ?? "", published.session),
    host: published.name,
    etag: published.session.slice(0, 11),
    iceServers: c.env.ICE_SERVERS.split(",").filter((server) => server !== ""),
  });
}

/** RFC 9725 section 4.1: GET and HEAD succeed without content. */
async function look(_: Of, { broadcast, key }: Entered, session: string | null): Promise<Response> {
  const authorized = await broadcast.admit(key, session);
  if (authorized.kind === "problem") return refuse(authorized);
  const { name, warnings, audible } = authorized;
  const said = {
    [NAME_HEADER]: encodeURIComponent(name),
    [WARNINGS_HEADER]: warnings.join(", "),
    ...(audible !== null && { [AUDIBLE_HEADER]: audible }),
  };
  return new Response(null, { status: 204, headers: { ...NO_STORE, ...said } });
}

async function leave(_: Of, { broadcast, key }: Entered, session: string): Promise<Response> {
  const problem = await broadcast.leave(key, session);
  return problem === null ? new Response(null, { status: 200, headers: NO_STORE }) : refuse(problem);
}

/** How much of a client's User-Agent is kept, characters. */
const MAX_CLIENT = 200;

function joiningHostOf(c: Of, key: HostKey): JoiningHost {
  const client = c.req.header("user-agent")?.slice(0, MAX_CLIENT) ?? null;
  return { key, takeover: c.req.query("takeover") === "1", client };
}

/** Reads the offer out of a POST (RFC 9725 section 4.2). */
async function readPost(request: Request): Promise<Offer | Problem> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/sdp") return PROBLEMS.offerNotSdp;
  const body = await readBounded(request, MAX_OFFER_BYTES);
  return body === null ? offerTooLarge(MAX_OFFER_BYTES) : readOffer(new TextDecoder().decode(body));
}

/**
 * The answer to an accepted offer (RFC 9725 section 4.2): 201, the session's URL, a strong ETag, and a link to each ICE
 * server. The runtime joins the links into one Link header, and OBS reads only the first link: so the best server comes first.
 */
export function created(
  answer: string,
  session: {
    readonly path: string;
    /** The name of the session's host, which the studio shows. */
    readonly host: string;
    readonly etag: string;
    readonly iceServers: readonly string[];
  },
): Response {
  const headers = new Headers({
    "content-type": "application/sdp",
    location: session.path,
    etag: `"${session.etag}"`,
    [NAME_HEADER]: encodeURIComponent(session.host),
    ...NO_STORE,
  });
  for (const server of session.iceServers) headers.append("link", `<${server}>; rel="ice-server"`);
  return new Response(withoutTrickle(answer), { status: 201, headers });
}

/**
 * Removes `a=ice-options:trickle` (RFC 8840, of the session or of a medium) from the SFU's answer. It offers to take candidates
 * later, which WHIP would send by PATCH. PATCH is not supported here, so clients must not try.
 */
function withoutTrickle(answer: string): string {
  return answer.replace(/^a=ice-options:(.*?)(\r?\n|$)/gm, (_, options: string, end: string) => {
    const left = options.split(/\s+/).filter((option) => option !== "" && option.toLowerCase() !== "trickle");
    return left.length === 0 ? "" : `a=ice-options:${left.join(" ")}${end}`;
  });
}
