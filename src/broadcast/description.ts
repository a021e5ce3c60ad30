import { urlsOf } from "../paths.ts";
import type { ShowStatus } from "../status.ts";
import { type Counts, total } from "./counts.ts";
import type { DescribedHost } from "./host.ts";
import type { Show } from "./lifecycle.ts";
import type { Programme } from "./programme.ts";
import type { Publishers } from "./publishers.ts";

/** A broadcast as its operator sees it: everything, keys included. Times are milliseconds since 1970. */
export function describe(
  show: Show,
  on: OnAir & { readonly originReads: Counts; readonly recordingFailures: number },
  access: { readonly origin: string; readonly hostKey: string },
): object {
  const { id, title, latency, bitrate, state, createdAt, endedAt, idleMinutes, anew } = show;
  const { programme, publishers } = on;
  return {
    id,
    title,
    latency,
    bitrate,
    state,
    createdAt,
    endedAt,
    idleMinutes,
    /** When its timeline last had to begin anew, under other names, and why; null: never. */
    anew,
    ...urlsOf(access.origin, id, access.hostKey),
    hosts: [...publishers.states].map(
      ([session, state]): DescribedHost => ({
        ...state,
        heard: programme?.pipeline.isHeard(session) ?? false,
        packets: programme?.pipeline.countsOf(session) ?? null,
      }),
    ),
    /** From a part's last sample to its being listed. */
    listingMs: programme?.punctuality.read() ?? null,
    /** What reached Origin since the timeline began: what all listeners together cost. */
    originReads: { total: total(on.originReads), byKind: on.originReads },
    /** Puts that R2 did not take; each is repeated until it does. */
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
