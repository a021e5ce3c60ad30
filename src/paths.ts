import type { Directives } from "./media.ts";
import { badDirective, isProblem, PROBLEMS, type Problem } from "./problem.ts";

/**
 * Builds and parses every URL of the relay that clients and the SFU request. Two kinds are elsewhere: byte ranges of a recording,
 * which only the edge requests, from Origin (recording-range.ts), and the copy's, which no Worker answers (lifeboat.ts).
 *
 * The name of everything that differs between two timelines of a broadcast carries the epoch, so that no cache can serve bytes
 * of one timeline to a listener of another.
 */

/** Where a replay begins. `live`: where the first host was heard; `open`: where the stored media begins. */
export type ReplayFrom = "live" | "open";

/**
 * The query parameters of a playback URL, in the order in which canonical URLs have them. `dvr`: the rewind list is used
 * even while the show is live. `from`: the rewind list begins with all media there is; without it, where the first host was
 * heard. `lifeboat`: the multivariant playlist also names the copy that is served without a Worker, as the same variant at
 * another URL.
 */
const CHOICES = { dvr: "1", from: "open", lifeboat: "1" } as const;

/** The query parameters that a playback URL has. */
export type Choice = { readonly [Name in keyof typeof CHOICES]?: (typeof CHOICES)[Name] };

/** The object that a listener requests. */
export type Target =
  /** `opens` false: the edge requests it for its live edge. That opens no doors, as a player's request may. */
  | ({ readonly kind: "multivariant"; readonly id: string; readonly opens?: false } & Choice)
  /** `waits`: while the doors are closed, the answer is held until they open, or for a limited time. */
  | { readonly kind: "status"; readonly id: string; readonly waits: boolean }
  | { readonly kind: "audience"; readonly id: string; readonly series: boolean }
  | { readonly kind: "events"; readonly id: string }
  | { readonly kind: "recording"; readonly id: string }
  | { readonly kind: "chapters"; readonly id: string; readonly format: ChapterFormat }
  | {
      readonly kind: "playlist";
      readonly id: string;
      readonly epoch: string;
      readonly directives: Directives;
    }
  /** The playlist of the whole show, from its first host on or from the opening of its doors. */
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

/** WebVTT, or the JSON of Podcasting 2.0. */
export type ChapterFormat = "vtt" | "json";

const LIVE =
  /^\/live\/([a-z0-9-]{1,64})\/(?:(index\.m3u8)|(status\.json)|(audience\.json)|(events\.json)|(recording\.m4a)|chapters\.(vtt|json)|([0-9a-z]{6,12})\/([\w.-]+))$/;
const MEDIA =
  /^(?:(audio\.m3u8)|(rewind(?:-open)?)\.m3u8|(init\.mp4)|s(0|[1-9]\d{0,9})\.m4s|p(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,2})\.m4s)$/;
const NUMBER = /^\d{1,15}$/;

/**
 * Parses a listener's URL. Everything but the path and the parameters that are read here is dropped, so nothing else travels
 * upstream. Returns a problem if the URL names nothing, or if its directives violate the specification.
 */
export function parseListen(url: {
  readonly pathname: string;
  readonly searchParams: Pick<URLSearchParams, "get">;
}): Target | Problem {
  const live = LIVE.exec(url.pathname);
  if (live === null) return PROBLEMS.notFound;
  const [, id = "", multivariant, status, audience, events, recording, chapters, epoch = "", name = ""] =
    live;
  if (multivariant !== undefined) return { kind: "multivariant", id, ...choiceOf(url.searchParams) };
  if (status !== undefined) return { kind: "status", id, waits: url.searchParams.get("wait") === "open" };
  if (audience !== undefined) return { kind: "audience", id, series: url.searchParams.get("series") === "1" };
  if (events !== undefined) return { kind: "events", id };
  if (recording !== undefined) return { kind: "recording", id };
  if (chapters !== undefined) return { kind: "chapters", id, format: chapters as ChapterFormat };
  const media = MEDIA.exec(name);
  if (media === null) return PROBLEMS.notFound;
  const [, playlist, rewind, init, segment, part, index] = media;
  if (playlist !== undefined || rewind !== undefined) {
    const directives = parseDirectives(url.searchParams);
    if (isProblem(directives)) return directives;
    if (rewind === undefined) return { kind: "playlist", id, epoch, directives };
    return { kind: "rewind", id, epoch, from: rewind === "rewind" ? "live" : "open", directives };
  }
  if (init !== undefined) return { kind: "init", id, epoch };
  if (segment !== undefined) return { kind: "segment", id, epoch, msn: Number(segment) };
  return { kind: "part", id, epoch, msn: Number(part), index: Number(index) };
}

/** Parses the URL of a request that the edge makes of Origin. Listeners can not make one that opens no doors. */
export function parseUpstream(url: URL): Target | Problem {
  const [, id] = /^\/edge\/([a-z0-9-]{1,64})\/index\.m3u8$/.exec(url.pathname) ?? [];
  return id === undefined ? parseListen(url) : { kind: "multivariant", id, opens: false };
}

/** What every listener's path begins with. */
export const LISTENERS = "/live/";

/** Returns the URL at which the edge requests a path from Origin. No name is looked up: the request goes over a binding. */
export function originUrl(path: string): string {
  return `https://origin${path}`;
}

/** Returns the one path (with query) under which an object is requested upstream, and so cached. */
export function canonicalPath(target: Target): string {
  switch (target.kind) {
    case "multivariant":
      if (target.opens === false) return `/edge/${target.id}/index.m3u8`;
      return `/live/${target.id}/index.m3u8${choiceQuery(target)}`;
    case "status":
      return `/live/${target.id}/status.json${target.waits ? "?wait=open" : ""}`;
    case "audience":
      return `/live/${target.id}/audience.json${target.series ? "?series=1" : ""}`;
    case "events":
      return `/live/${target.id}/events.json`;
    case "recording":
      return `/live/${target.id}/recording.m4a`;
    case "chapters":
      return `/live/${target.id}/chapters.${target.format}`;
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

/** Media URIs in a media playlist, relative to the playlist. */
export const names = {
  init: "init.mp4",
  segment: (msn: number): string => `s${msn}.m4s`,
  part: (msn: number, index: number): string => `p${msn}.${index}.m4s`,
};

/** Returns the URIs of this timeline's media in the media playlist of another timeline of the show. */
export function namesFromOutside(epoch: string): Pick<typeof names, "init" | "segment"> {
  return { init: `../${epoch}/${names.init}`, segment: (msn) => `../${epoch}/${names.segment(msn)}` };
}

/** Returns a media playlist's URI relative to the multivariant playlist: the rewind list's, or the live list's (null). */
export function playlistUri(epoch: string, rewinds: ReplayFrom | null): string {
  return `${epoch}/${rewinds === null ? PLAYLIST_NAME : REWIND_NAMES[rewinds]}`;
}

/** The query parameter of a media playlist's URL that tells listeners apart. Only the edge reads it; it never goes upstream. */
export const LISTENER = "l";

/** Adds a listener's id to the media playlist's URI in a multivariant playlist. */
export function withListener(multivariant: string, listener: string): string {
  return multivariant.replace(
    /^[0-9a-z]+\/(?:audio|rewind|rewind-open)\.m3u8$/m,
    (uri) => `${uri}?${LISTENER}=${listener}`,
  );
}

/** Returns the epoch of a timeline whose first sample is at `startedAt` (ms since 1970). It makes the timeline's names unique. */
export function epochOf(startedAt: number): string {
  return Math.floor(startedAt).toString(36).padStart(8, "0");
}

/** Returns the time from which {@link epochOf} made an epoch, ms since 1970. */
export function timeOf(epoch: string): number {
  return Number.parseInt(epoch, 36);
}

/** Returns the absolute URLs for hosts and operators. `origin` is the origin of the request that they answer. */
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

/** The URL patterns for hosts, operators and the SFU, in the syntax of Hono's router. */
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

/** The URL patterns of all that operators, and all that publishers, request. */
export const areas = { api: "/api/*", whip: "/whip/*" } as const;

/** Whether a path below /whip/ is that of a session, and not of an endpoint. */
export function isWhipSession(path: string): boolean {
  return path.split("/").length > 3;
}

/** Returns the WHIP session URL: an absolute path without a query, because OBS removes a query. */
export function whipSessionPath(id: string, session: string): string {
  return `/whip/${id}/${session}`;
}

/** Returns a talk session's URL. */
export function talkPath(id: string, talk: string): string {
  return `/talk/${id}/${talk}`;
}

/** Returns the URL to which the SFU's WebSocket adapter connects. */
export function ingestUrl(
  origin: string,
  id: string,
  session: string,
  generation: number,
  token: string,
): string {
  return `${origin.replace(/^http/, "ws")}/ingest/${id}/${session}/${generation}/${token}`;
}

/** Parses a URL made by {@link ingestUrl}; null where it is none. The token was checked before. */
export function parseIngest(url: string): { readonly session: string; readonly generation: number } | null {
  const [, session, generation] =
    /^\/ingest\/[^/]+\/([^/]+)\/(\d{1,9})\/[^/]+$/.exec(new URL(url).pathname) ?? [];
  return session === undefined ? null : { session, generation: Number(generation) };
}

/** RFC 8216bis section 6.2.5: directives are decimal integers, and `_HLS_part` without `_HLS_msn` MUST be refused. */
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
