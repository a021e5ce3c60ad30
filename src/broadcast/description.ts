import type { Description } from "../broadcast-api.ts";
import { urlsOf } from "../paths.ts";
import type { ShowStatus } from "../status.ts";
import { type Counts, total } from "./counts.ts";
import type { Show } from "./lifecycle.ts";
import type { Programme } from "./programme.ts";
import type { Publishers } from "./publishers.ts";

/** A broadcast as its operator sees it. */
export function describe(
  show: Show,
  on: OnAir & { readonly originReads: Counts; readonly recordingFailures: number },
  access: { readonly origin: string; readonly hostKey: string },
): Description {
  const { id, title, latency, bitrate, state, createdAt, endedAt, idleMinutes, anew } = show;
  const { programme, publishers } = on;
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
      heard: programme?.pipeline.isHeard(session) ?? false,
      packets: programme?.pipeline.countsOf(session) ?? null,
    })),
    listingMs: programme?.punctuality.read() ?? null,
    originReads: { total: total(on.originReads), byKind: on.originReads },
    recordingFailures: on.recordingFailures,
  };
}

/** A broadcast as everybody sees it: `status.json`, but for who listens. */
export function publicStatus(show: Show, { programme, publishers }: OnAir): ShowStatus {
  const { id, title, state, latency, timeline, endedAt } = show;
  return {
    id,
    title,
    state,
    latency,
    hosts: publishers.sessions.filter((session) => programme?.pipeline.isHeard(session)).length,
    meter: programme?.pipeline.level() ?? null,
    startedAt: timeline?.startedAt ?? null,
    endedAt,
  };
}

/** What is running for a show: nothing but its publishers while no timeline is. */
export interface OnAir {
  readonly programme: Programme | null;
  readonly publishers: Publishers;
}
