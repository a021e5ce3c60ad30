import type { Description, HostSettings, RaisedWarning } from "../broadcast-api.ts";
import { urlsOf } from "../paths.ts";
import { FIRST_HOST_NAME, type ShowStatus } from "../status.ts";
import { type Counts, total } from "./counts.ts";
import type { HostRow } from "./host-row.ts";
import { type Life, pipelineOf } from "./life.ts";
import { detailsOf } from "./lifecycle.ts";
import type { Publisher } from "./publisher.ts";

/** The hosts of a show: all of them, and the sessions of those who are connected. */
export interface Hosts {
  readonly cast: { of(hostId: string): HostRow | null };
  readonly publishers: { readonly all: readonly Publisher[] };
}

/**
 * Returns a broadcast as its operator sees it.
 *
 * @param access `origin`: absolute URLs begin with it; `hostKey`: the first host's
 */
export function describe(
  life: Life,
  hosts: Hosts,
  known: {
    readonly originReads: Counts;
    readonly recordingFailures: number;
    readonly warnings: readonly RaisedWarning[];
  },
  access: { readonly origin: string; readonly hostKey: string },
): Description {
  const { id, latency, bitrate, state, createdAt, endedAt, farewellUntil, anew } = life.row;
  const running = life.kind === "running" ? life : null;
  return {
    kind: "description",
    id,
    ...detailsOf(life.row),
    latency,
    bitrate,
    state,
    createdAt,
    endedAt,
    farewellUntil,
    anew,
    ...urlsOf(access.origin, id, access.hostKey),
    hosts: hosts.publishers.all.map(({ session, hostId, state }) => ({
      hostId,
      ...settingsOf(hosts, hostId),
      ...state,
      heard: running?.timeline.pipeline.isHeard(session) ?? false,
      packets: running?.timeline.pipeline.countsOf(session) ?? null,
      ...(running?.timeline.pipeline.loudnessOf(session) ?? { loudness: null, levelDb: 0 }),
    })),
    loudness: running?.timeline.pipeline.loudness() ?? null,
    listingMs: running?.clock.lateness.read() ?? null,
    warnings: known.warnings,
    originReads: { total: total(known.originReads), byKind: known.originReads },
    recordingFailures: known.recordingFailures,
  };
}

/** Returns a broadcast as anybody sees it: `status.json` without the listener count. @param lastEvent the newest event's id */
export function publicStatus(life: Life, hosts: Hosts, lastEvent: number): ShowStatus {
  const { id, title, description, artwork, language, opensAt, autoOpen, state, latency, timeline, endedAt } =
    life.row;
  const pipeline = pipelineOf(life);
  const heard = hosts.publishers.all.filter(({ session }) => pipeline?.isHeard(session));
  const areInMix = heard.some(({ session }) => pipeline?.isInMix(session));
  return {
    id,
    title,
    description,
    artwork,
    language,
    opensAt,
    autoOpen,
    state,
    replay: life.kind === "ended" && life.replays,
    latency,
    hosts: heard.length,
    onAir: [...new Set(heard.map(({ hostId }) => hostId))]
      .map((hostId) => settingsOf(hosts, hostId))
      .flatMap(({ name, muted }) => (muted ? [] : [name])),
    line: pipeline === null ? null : pipeline.holds ? "hold" : areInMix ? "hosts" : "silence",
    meter: pipeline?.level() ?? null,
    lastEvent,
    loudness: pipeline?.loudness() ?? null,
    startedAt: timeline?.startedAt ?? null,
    endedAt,
  };
}

/** What is shown for a host whose row is damaged: its session stays on until it leaves. */
const NAMELESS: HostSettings = { name: FIRST_HOST_NAME, muted: false, gainDb: 0, level: true };

function settingsOf({ cast }: Hosts, hostId: string): HostSettings {
  const { name, muted, gainDb, level } = cast.of(hostId) ?? NAMELESS;
  return { name, muted, gainDb, level };
}
