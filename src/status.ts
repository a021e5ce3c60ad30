import type { Latency } from "./media.ts";

/** A broadcast as everybody sees it: `GET /live/:id/status.json`. The relay writes it, the pages read it. */
export interface Status extends ShowStatus {
  /** Distinct listeners of the last half minute (audience.json says how sure that is); null where none are counted. */
  readonly listeners: number | null;
}

/** What the Broadcast itself knows of it; who listens is the Audience's to say. */
export interface ShowStatus {
  readonly id: string;
  readonly title: string;
  readonly state: "announced" | "open" | "live" | "ended";
  readonly latency: Latency;
  /** Hosts whose audio the relay is receiving. */
  readonly hosts: number;
  /** The level of what goes out; null while no timeline runs. */
  readonly meter: Level | null;
  /** The wall clock at the timeline's first sample, milliseconds since 1970; null before there is one. */
  readonly startedAt: number | null;
  /** Milliseconds since 1970; null before the end. */
  readonly endedAt: number | null;
}

/** Of the last 400 ms, dBFS. */
export interface Level {
  readonly peakDb: number;
  readonly rmsDb: number;
}
