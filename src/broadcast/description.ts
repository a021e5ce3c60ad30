import type { Description } from "../broadcast-api.ts";
import { urlsOf } from "../paths.ts";
import type { ShowStatus } from "../status.ts";
import { type Counts, total } from "./counts.ts";
import type { ShowRow } from "./lifecycle.ts";
import type { Publishers } from "./publishers.ts";
import type { Timeline } from "./timeline.ts";

/** A broadcast as its operator sees it. */
export function describe(
  row: ShowRow,
  on: OnAir & { readonly originReads: Counts; readonly recordingFailures: number },
  access: { readonly origin: string; readonly hostKey: string },
): Description {
  const { id, title, latency, bitrate, state, createdAt, endedAt, idleMinutes, anew } = row;
  const { timeline, publishers } = on;
  return {
    kind: "description",
    id,
    title,
    latency,
    bitrate,
    state,
    createdAt,
    endedAt,
    idleMinutes,
    anew,
    ...urlsOf(access.origin, id, access.hostKey),
    hosts: [...publishers.states].map(([session, state]) => ({
      ...state,
      heard: timeline?.pipeline.isHeard(session) ?? false,
      packets: timeline?.pipeline.countsOf(session) ?? null,
    })),
    listingMs: timeline?.lateness.read() ?? null,
    originReads: { total: total(on.originReads), byKind: on.originReads },
    recordingFailures: on.recordingFailures,
  };
}

/** A broadcast as everybody sees it: `status.json`, but for who listens. */
export function publicStatus(row: ShowRow, { timeline, publishers }: OnAir): ShowStatus {
  const { id, title, state, latency, endedAt } = row;
  return {
    id,
    title,
    state,
    latency,
    hosts: publishers.sessions.filter((session) => timeline?.pipeline.isHeard(session)).length,
    meter: timeline?.pipeline.level() ?? null,
    startedAt: row.timeline?.startedAt ?? null,
    endedAt,
  };
}

/** What is running for a show: nothing but its publishers while no timeline is. */
export interface OnAir {
  readonly timeline: Timeline | null;
  readonly publishers: Publishers;
}
