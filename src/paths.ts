import type { Directives } from "./media.ts";
import { badDirective, PROBLEMS, type Problem } from "./problem.ts";

/**
 * Every URL and every R2 key: built here, parsed here.
 *
 * Whatever can change between two shows of one broadcast carries the show's epoch, so that no cache can ever hand one
 * show's bytes to another's listener.
 */

/** Where a replay begins: where the first host was heard, or with all that there is. */
export type ReplayFrom = "live" | "open";

/**
 * What a playback URL may say beside the broadcast, in the order in which canonical URLs do. `dvr`: while the show is live too, its
 * list is the one from which players rewind. `from`: that list begins with all there is of the show; left out: where the first
 * host was heard. `lifeboat`: the copy that is served without a Worker is named too, as the same variant elsewhere.
 */
const CHOICES = { dvr: "1", from: "open", lifeboat: "1" } as const;

/** Which of that a playback URL says. */
export type Choice = { readonly [Name in keyof typeof CHOICES]?: (typeof CHOICES)[Name] };

/** What a listener asks for. */
export type Target =
  | ({ readonly kind: "multivariant"; readonly id: string } & Choice)
  /** `waits`: a show whose doors have not opened yet is told of when they do, or after a while. */
  | { readonly kind: "status"; readonly id: string; readonly waits: boolean }
  | { readonly kind: "audience"; readonly id: string; readonly series: boolean }
  | { readonly kind: "events"; readonly id: string }
  | {
      readonly kind: "playlist";
      readonly id: string;
      readonly epoch: string;
      readonly directives: Directives;
    }
  /** The list of the whole show, from its first host on, or from its doors' opening. */
  | {
      readonly kind: "rewind";
      readonly id: string;
      readonly epoch: string;
      readonly from: ReplayFrom;
      readonly directives: Directives;
    }
  | { readonly kind: "init"; readonly id: string; readonly epoch: string }
  | { readonly kind: "segment"; readonly id: string; readonly epoch: string; readonly msn: number }
  | {
      readonly kind: "part";
      readonly id: string;
      readonly epoch: string;
      readonly msn: number;
      readonly index: number;
    };

const LIVE =
  /^\/live\/([a-z0-9-]{1,64})\/(?:(index\.m3u8)|(status\.json)|(audience\.json)|(events\.json)|([0-9a-z]{6,12})\/([\w.-]+))$/;
const MEDIA =
  /^(?:(audio\.m3u8)|(rewind(?:-open)?)\.m3u8|(init\.mp4)|s(0|[1-9]\d{0,9})\.m4s|p(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,2})\.m4s)$/;
const NUMBER = /^\d{1,15}$/;

/**
 * Reads a listener's URL. Everything but the path and the `_HLS_*` directives is dropped here and never seen again. A
 * problem where it names nothing, or names something in a way that the specification forbids.
 */
export function parseListen(url: {
  readonly pathname: string;
  readonly searchParams: Pick<URLSearchParams, "get">;
}): Target | Problem {
  const live = LIVE.exec(url.pathname);
  if (live === null) return PROBLEMS.notFound;
  const [, id = "", multivariant, status, audience, events, epoch = "", name = ""] = live;
  if (multivariant !== undefined) return { kind: "multivariant", id, ...choiceOf(url.searchParams) };
  if (status !== undefined) return { kind: "status", id, waits: url.searchParams.get("wait") === "open" };
  if (audience !== undefined) return { kind: "audience", id, series: url.searchParams.get("series") === "1" };
  if (events !== undefined) return { kind: "events", id };
  const media = MEDIA.exec(name);
  if (media === null) return PROBLEMS.notFound;
  const [, playlist, rewind, init, segment, part, index] = media;
  if (playlist !== undefined || rewind !== undefined) {
    const directives = parseDirectives(url.searchParams);
    if ("kind" in directives) return directives;
    if (rewind === undefined) return { kind: "playlist", id, epoch, directives };
    return { kind: "rewind", id, epoch, from: rewind === "rewind" ? "live" : "open", directives };
  }
  if (init !== undefined) return { kind: "init", id, epoch };
  if (segment !== undefined) return { kind: "segment", id, epoch, msn: Number(segment) };
  return { kind: "part", id, epoch, msn: Number(part), index: Number(index) };
}

/** The one URL path (with query) under which an object is asked for upstream, and so cached. */
export function canonicalPath(target: Target): string {
  switch (target.kind) {
    case "multivariant":
      return `/live/${target.id}/index.m3u8${choiceQuery(target)}`;
    case "status":
      return `/live/${target.id}/status.json${target.waits ? "?wait=open" : ""}`;
    case "audience":
      return `/live/${target.id}/audience.json${target.series ? "?series=1" : ""}`;
    case "events":
      return `/live/${target.id}/events.json`;
    case "playlist":
      return `/live/${target.id}/${target.epoch}/${PLAYLIST_NAME}${directiveQuery(target.directives)}`;
    case "rewind":
      return `/live/${target.id}/${target.epoch}/${REWIND_NAMES[target.from]}${directiveQuery(target.directives)}`;
    case "init":
      return `/live/${target.id}/${target.epoch}/${names.init}`;
    case "segment":
      return `/live/${target.id}/${target.epoch}/${names.segment(target.msn)}`;
    case "part":
      return `/live/${target.id}/${target.epoch}/${names.part(target.msn, target.index)}`;
  }
}

const PLAYLIST_NAME = "audio.m3u8";
const REWIND_NAMES: Readonly<Record<ReplayFrom, string>> = {
  live: "rewind.m3u8",
  open: "rewind-open.m3u8",
};

/** What a media playlist calls its media, relative to itself. */
export const names = {
  init: "init.mp4",
  segment: (msn: number): string => `s${msn}.m4s`,
  part: (msn: number, index: number): string => `p${msn}.${index}.m4s`,
};

/** What the media playlist of another timeline of the show calls the media of this one. */
export function namesFromOutside(epoch: string): Pick<typeof names, "init" | "segment"> {
  return { init: `../${epoch}/${names.init}`, segment: (msn) => `../${epoch}/${names.segment(msn)}` };
}

/** A media playlist's URI, relative to the multivariant playlist: the live one's, or that of the one from which players rewind. */
export function playlistUri(epoch: string, rewinds: ReplayFrom | null): string {
  return `${epoch}/${rewinds === null ? PLAYLIST_NAME : REWIND_NAMES[rewinds]}`;
}

/** The query parameter of a media playlist's URL that tells listeners apart. It is the edge's own: never sent upstream. */
export const LISTENER = "l";

/** A multivariant playlist whose media playlist is for one listener. */
export function withListener(multivariant: string, listener: string): string {
  return multivariant.replace(
    /^[0-9a-z]+\/(?:audio|rewind|rewind-open)\.m3u8$/m,
    (uri) => `${uri}?${LISTENER}=${listener}`,
  );
}

/** The epoch of a show whose first sample is at `startedAt` (ms since 1970): what keeps its names from all others'. */
export function epochOf(startedAt: number): string {
  return Math.floor(startedAt).toString(36).padStart(8, "0");
}

/** The time that {@link epochOf} was given, ms since 1970. */
export function timeOf(epoch: string): number {
  return Number.parseInt(epoch, 36);
}

/** What a timeline's media is called in its folder of R2. */
export const keptNames = {
  init: "init.mp4",
  segment: (msn: number): string => `s${String(msn).padStart(10, "0")}.m4s`,
};

/** What lists in other folders of the show call that media. */
export function keptNamesFromOutside(epoch: string): typeof keptNames {
  return { init: `../${epoch}/${keptNames.init}`, segment: (msn) => `../${epoch}/${keptNames.segment(msn)}` };
}

/** Where a show's objects lie in R2. Written once, never overwritten: the epoch sees to it, or the version. */
export const keys = {
  init: (id: string, epoch: string): string => `${id}/${epoch}/${keptNames.init}`,
  segment: (id: string, epoch: string, msn: number): string => `${id}/${epoch}/${keptNames.segment(msn)}`,
  hold: (id: string, version: string): string => `${id}/hold/${version}.s16le`,
  announcement: (id: string, state: string, version: string): string =>
    `${id}/announcements/${state}/${version}.s16le`,
};

/** Absolute URLs given to hosts and operators. `origin` is that of the request they are the answer to. */
export function urlsOf(origin: string, id: string, key: string) {
  return {
    whipUrl: `${origin}/whip/${id}`,
    hostKey: key,
    playbackUrl: `${origin}/live/${id}/index.m3u8`,
    listenUrl: `${origin}/listen/${id}`,
    studioUrl: `${origin}/studio/${id}#key=${key}`,
    statusUrl: `${origin}/live/${id}/status.json`,
  };
}

/** The URLs of hosts, operators and the SFU, as Hono's router has them. */
export const patterns = {
  whip: "/whip/:id",
  whipSession: "/whip/:id/:session",
  talks: "/talk/:id",
  talk: "/talk/:id/:talk",
  talkAct: "/talk/:id/:talk/:act{tracks|answer|close}",
  ingest: "/ingest/:id/:session/:generation/:token",
  broadcasts: "/api/broadcasts",
  broadcast: "/api/broadcasts/:id",
  events: "/api/broadcasts/:id/events",
  markers: "/api/broadcasts/:id/markers",
  webhook: "/api/broadcasts/:id/webhook",
  hosts: "/api/broadcasts/:id/hosts",
  host: "/api/broadcasts/:id/hosts/:hostId",
  rotateHost: "/api/broadcasts/:id/hosts/:hostId/rotate",
  hold: "/api/broadcasts/:id/hold",
  announcement: "/api/broadcasts/:id/announcements/:state",
  act: "/api/broadcasts/:id/:act{open|end|rotate-key}",
} as const;

/** The WHIP session URL: an absolute path without a query, because OBS clears one. */
export function whipSessionPath(id: string, session: string): string {
  return `/whip/${id}/${session}`;
}

/** A talk session's URL. */
export function talkPath(id: string, talk: string): string {
  return `/talk/${id}/${talk}`;
}

/** The URL at which the SFU's WebSocket adapter dials back. */
export function ingestUrl(
  origin: string,
  id: string,
  session: string,
  generation: number,
  token: string,
): string {
  return `${origin.replace(/^http/, "ws")}/ingest/${id}/${session}/${generation}/${token}`;
}

/** Reads what {@link ingestUrl} has built; null where it is none. Whether the token is right is checked before. */
export function parseIngest(url: string): { readonly session: string; readonly generation: number } | null {
  const [, session, generation] =
    /^\/ingest\/[^/]+\/([^/]+)\/(\d{1,9})\/[^/]+$/.exec(new URL(url).pathname) ?? [];
  return session === undefined ? null : { session, generation: Number(generation) };
}

/** RFC 8216bis section 6.2.5: decimal integers; a part without its sequence number MUST be refused. */
function parseDirectives(query: Pick<URLSearchParams, "get">): Directives | Problem {
  const [msn, part, skip] = [query.get("_HLS_msn"), query.get("_HLS_part"), query.get("_HLS_skip")];
  if (msn !== null && !NUMBER.test(msn)) return noNumber("_HLS_msn");
  if (part !== null && !NUMBER.test(part)) return noNumber("_HLS_part");
  if (part !== null && msn === null) {
    return badDirective("_HLS_part needs _HLS_msn beside it.");
  }
  return {
    ...(msn !== null && { msn: Number(msn) }),
    ...(part !== null && { part: Number(part) }),
    ...((skip === "YES" || skip === "v2") && { skip: true }),
  };
}

function choiceOf(query: Pick<URLSearchParams, "get">): Choice {
  return Object.fromEntries(Object.entries(CHOICES).filter(([name, value]) => query.get(name) === value));
}

function choiceQuery(choice: Choice): string {
  const said = Object.entries(CHOICES).filter(([name, value]) => choice[name as keyof Choice] === value);
  return said.length === 0 ? "" : `?${said.map((term) => term.join("=")).join("&")}`;
}

function noNumber(name: string): Problem {
  return badDirective(`${name} must be a decimal integer of at most 15 digits.`);
}

function directiveQuery({ msn, part, skip }: Directives): string {
  const terms: string[] = [];
  if (msn !== undefined) terms.push(`_HLS_msn=${msn}`);
  if (part !== undefined) terms.push(`_HLS_part=${part}`);
  if (skip === true) terms.push("_HLS_skip=YES");
  return terms.length === 0 ? "" : `?${terms.join("&")}`;
}
