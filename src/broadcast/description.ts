import type { Description, HostSettings, Raised } from "../broadcast-api.ts";
import { urlsOf } from "../paths.ts";
import type { ShowStatus } from "../status.ts";
import { type Counts, total } from "./counts.ts";
import type { HostRow } from "./host-row.ts";
import { type Life, pipelineOf } from "./life.ts";
import { detailsOf } from "./lifecycle.ts";
import type { Publisher } from "./publisher.ts";

/** The hosts of a show: who there are, and who of them is connected. */
export interface Hosts {
  readonly cast: { of(hostId: string): HostRow | null };
  readonly publishers: { readonly all: readonly Publisher[] };
}

/** A broadcast as its operator sees it. */
export function describe(
  life: Life,
  hosts: Hosts,
  known: {
    readonly originReads: Counts;
    readonly recordingFailures: number;
    readonly warnings: readonly Raised[];
  },
  access: { readonly origin: string; readonly hostKey: string },
): Description {
  const { id, latency, bitrate, state, createdAt, endedAt, anew } = life.row;
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

/** A broadcast as everybody sees it: `status.json`, but for who listens. `lastEvent` is the newest one's id. */
export function publicStatus(life: Life, hosts: Hosts, lastEvent: number): ShowStatus {
  const { id, title, description, artwork, language, opensAt, autoOpen, state, latency, timeline, endedAt } =
    life.row;
  const pipeline = pipelineOf(life);
  const heard = hosts.publishers.all.filter(({ session }) => pipeline?.isHeard(session));
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
    line: pipeline === null ? null : heard.length > 0 ? "hosts" : pipeline.holds ? "hold" : "silence",
    meter: pipeline?.level() ?? null,
    lastEvent,
    loudness: pipeline?.loudness() ?? null,
    startedAt: timeline?.startedAt ?? null,
    endedAt,
  };
}

/** The session of a host whose row was damaged is on until it leaves. */
const NAMELESS: HostSettings = { name: "Host", muted: false, gainDb: 0, level: true };

function settingsOf({ cast }: Hosts, hostId: string): HostSettings {
  const { name, muted, gainDb, level } = cast.of(hostId) ?? NAMELESS;
  return { name, muted, gainDb, level };
}
