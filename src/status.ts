import type { Latency, Loudness } from "./media.ts";

/** A broadcast as everybody sees it: `GET /live/:id/status.json`. The relay writes it, the pages read it. */
export interface Status extends ShowStatus, Attended {}

/** How many listen, and how sure that is. All three are null where nobody is counted. */
export interface Attended {
  /** Distinct listeners of the last half minute. */
  readonly listeners: number | null;
  /** Relative: 95 times in 100 the true number of listeners seen is within `listeners` x (1 +- error95). */
  readonly error95: number | null;
  /** Low where the figure can not be trusted; audience.json says why. */
  readonly confidence: "high" | "low" | null;
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
  /** Whether it has ended and can be heard again: the playback URL then plays it from its first host on. */
  readonly replay: boolean;
  readonly latency: Latency;
  /** Hosts whose audio the relay is receiving. */
  readonly hosts: number;
  /** The names of those of them who can be heard, as their operator wrote them: plain text. Each once, who came first first. */
  readonly onAir: readonly string[];
  /** What goes out; null while no timeline runs. */
  readonly line: "hosts" | "hold" | "silence" | null;
  /** The level of what goes out; null while no timeline runs. */
  readonly meter: Level | null;
  /** The id of the newest event that this knows of (events.ts); 0 before the first. */
  readonly lastEvent: number;
  /** How loud what goes out is, hold audio included, by EBU R128; null while no timeline runs. */
  readonly loudness: Loudness | null;
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
