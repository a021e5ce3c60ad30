import type { Description } from "../broadcast-api.ts";
import { urlsOf } from "../paths.ts";
import type { ShowStatus } from "../status.ts";
import { type Counts, total } from "./counts.ts";
import type { Life } from "./life.ts";
import { detailsOf } from "./lifecycle.ts";
import type { Publishers } from "./publishers.ts";

/** A broadcast as its operator sees it. */
export function describe(
  life: Life,
  publishers: Publishers,
  counts: { readonly originReads: Counts; readonly recordingFailures: number },
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
    hosts: [...publishers.states].map(([session, state]) => ({
      ...state,
      heard: running?.timeline.pipeline.isHeard(session) ?? false,
      packets: running?.timeline.pipeline.countsOf(session) ?? null,
    })),
    listingMs: running?.clock.lateness.read() ?? null,
    originReads: { total: total(counts.originReads), byKind: counts.originReads },
    recordingFailures: counts.recordingFailures,
  };
}

/** A broadcast as everybody sees it: `status.json`, but for who listens. `lastEvent` is the newest one's id. */
export function publicStatus(life: Life, publishers: Publishers, lastEvent: number): ShowStatus {
  const { id, title, description, artwork, language, opensAt, autoOpen, state, latency, timeline, endedAt } =
    life.row;
  const pipeline = life.kind === "running" ? life.timeline.pipeline : null;
  const hosts = publishers.sessions.filter((session) => pipeline?.isHeard(session)).length;
  return {
    id,
    title,
    description,
    artwork,
    language,
    opensAt,
    autoOpen,
    state,
    latency,
    hosts,
    line: pipeline === null ? null : hosts > 0 ? "hosts" : pipeline.holds ? "hold" : "silence",
    meter: pipeline?.level() ?? null,
    lastEvent,
    startedAt: timeline?.startedAt ?? null,
    endedAt,
  };
}
