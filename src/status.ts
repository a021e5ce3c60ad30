import type { Latency, Loudness } from "./media.ts";

/** The public status of a broadcast: `GET /live/:id/status.json`. The relay writes it, the pages read it. */
export interface Status extends ShowStatus, ListenerCount {}

/** The number of listeners and its confidence. All three are null where there is no count. */
export interface ListenerCount {
  /** Distinct listeners of the last 30 to 40 s. */
  readonly listeners: number | null;
  /** Relative error: 95 times in 100 the true number of listeners seen is within `listeners` x (1 +- error95). */
  readonly error95: number | null;
  /** Low where the figure cannot be trusted; audience.json says why. */
  readonly confidence: "high" | "low" | null;
}

/** The name of the host that every show has from the start, until an operator renames it. */
export const FIRST_HOST_NAME = "Host";

/** The part of the status that the Broadcast knows. The listener count comes from the Audience. */
export interface ShowStatus {
  readonly id: string;
  readonly title: string;
  /** Plain text; empty where there is none. */
  readonly description: string;
  /** The http(s) URL of a picture. */
  readonly artwork: string | null;
  /** The spoken language, a BCP 47 tag. */
  readonly language: string | null;
  /** When the doors open, or should have opened, automatically: ISO 8601, in UTC. A show without a host after that is late. */
  readonly opensAt: string | null;
  /** Whether the first listener opens the doors too. */
  readonly autoOpen: boolean;
  readonly state: "announced" | "open" | "live" | "ended";
  /** Whether the show has ended and has a replay: the playback URL then plays it from its first host on. */
  readonly replay: boolean;
  readonly latency: Latency;
  /** Hosts whose audio the relay is receiving, muted ones included. */
  readonly hosts: number;
  /** The names of those hosts that are not muted, as the operator wrote them: plain text, each once, in order of arrival. */
  readonly onAir: readonly string[];
  /** What the programme consists of, to which muted hosts add nothing; null while no timeline runs. */
  readonly line: "hosts" | "hold" | "silence" | null;
  /** The programme's level; null while no timeline runs. */
  readonly meter: Level | null;
  /** The id of the show's newest event (events.ts) when this was written; 0 before the first. */
  readonly lastEvent: number;
  /** The programme's loudness by EBU R128, hold audio included; null while no timeline runs. */
  readonly loudness: Loudness | null;
  /** Wall-clock time of the timeline's first sample, milliseconds since 1970; null before there is a timeline. */
  readonly startedAt: number | null;
  /** Milliseconds since 1970; null before the end. */
  readonly endedAt: number | null;
}

/** The level of the last 400 ms, dBFS. */
export interface Level {
  readonly peakDb: number;
  readonly rmsDb: number;
}
