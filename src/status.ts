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
  /** Plain text; empty where there is none. */
  readonly description: string;
  /** The http(s) URL of a picture. */
  readonly artwork: string | null;
  /** A BCP 47 tag: what is spoken. */
  readonly language: string | null;
  /** When its doors open by themselves, or should have: ISO 8601, in UTC. A show without a host after that is late. */
  readonly opensAt: string | null;
  /** Whether its doors open for the first listener too. */
  readonly autoOpen: boolean;
  readonly state: "announced" | "open" | "live" | "ended";
  readonly latency: Latency;
  /** Hosts whose audio the relay is receiving. */
  readonly hosts: number;
  /** What goes out; null while no timeline runs. */
  readonly line: "hosts" | "hold" | "silence" | null;
  /** The level of what goes out; null while no timeline runs. */
  readonly meter: Level | null;
  /** The id of the newest event that this knows of (events.ts); 0 before the first. */
  readonly lastEvent: number;
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
