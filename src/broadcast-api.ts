import type { HostKey } from "./access/keys.ts";
import type { AnnouncementAct, AnnouncementDescription } from "./announcement-api.ts";
import type { Event, EventHost, Warning } from "./events.ts";
import type { HoldDescription } from "./hold-api.ts";
import type { Latency, Loudness } from "./media.ts";
import type { Problem } from "./problem.ts";
import type { Audible } from "./session-state.ts";
import type { Others, TalkOffer } from "./talk.ts";
import type { WebhookAct, WebhookState } from "./webhook-api.ts";

/**
 * What a Broadcast does for hosts and operators, and the types of that interface: the edge calls it, broadcast/broadcast.ts
 * implements it. The edge has authorized the caller already, except for one thing that only the Broadcast knows: whether a host's
 * key is still valid. `origin` is the request's origin, with which the absolute URLs in answers begin.
 */
export interface BroadcastApi {
  create(settings: Settings, origin: string): Promise<Description | Problem>;
  describe(origin: string): Promise<Description | Problem>;
  open(origin: string): Promise<Description | Problem>;
  end(origin: string): Promise<Description | Problem>;
  rotateKey(origin: string): Promise<Description | Problem>;
  /** Creates, lists, changes and removes the broadcast's hosts. */
  hosts(act: HostAct, origin: string): Promise<HostAnswer | Problem>;
  /** Changes the details that the operator has set for the broadcast. */
  change(changes: Changes, origin: string): Promise<Description | Problem>;
  /** Returns the hold audio's settings. */
  hold(): Promise<HoldDescription | Problem>;
  /** Goes back to the built-in hold audio. The producer's own hold audio is uploaded through Origin. */
  useHold(own: null): Promise<HoldDescription | Problem>;
  /** Describes or drops the announcement of a state. The announcement itself is uploaded through Origin. */
  announcement(act: AnnouncementAct): Promise<AnnouncementDescription | Problem>;
  /** Ends the broadcast and deletes all its data. Null: done. From the call on, the broadcast is unknown to everybody. */
  remove(): Promise<null | Removing | Problem>;

  /** Returns the events after id `after`, oldest first. With `waits`, the call is held until there is one, at most 15 s. */
  events(after: number, waits: boolean): Promise<readonly Event[] | Problem>;
  /** Sets a marker at the current position in the show. */
  mark(title: string): Promise<Event | Problem>;
  /** Describes, sets or drops the webhook. Null: it was dropped. */
  webhook(act: WebhookAct): Promise<WebhookState | Problem | null>;

  /** Accepts a host's SDP offer, which begins a WHIP session. */
  publish(offer: Offer, joining: JoiningHost, origin: string): Promise<AcceptedOffer | Problem>;
  /** Returns the host that the key belongs to. Refuses a replaced key, and a named WHIP session that the host does not have. */
  admit(key: HostKey, session: string | null): Promise<AuthorizedHost | Problem>;
  /** Ends a WHIP session of the host that the key belongs to. Null: done. */
  leave(key: HostKey, session: string): Promise<null | Problem>;
  /** Answers a studio's call about its talk session, on which it hears the other hosts (talk.ts). */
  talk(key: HostKey, asked: TalkCall): Promise<TalkAnswer | Problem>;
}

/** The broadcast is being removed. That takes longer than a caller waits, and continues without one. */
export interface Removing {
  readonly kind: "removing";
}

/** The settings with which a broadcast is created; the edge validates them (edge/settings.ts). */
export interface Settings extends Details {
  readonly id: string;
  readonly latency: Latency;
  /** AAC bit rate, bits per second. */
  readonly bitrate: number;
}

/** The settings of a broadcast that its operator may change at any time. Times are ISO 8601, in UTC. */
export interface Details {
  readonly title: string;
  /** Plain text; empty where there is none. */
  readonly description: string;
  /** The http(s) URL of a picture. */
  readonly artwork: string | null;
  /** The spoken language, a BCP 47 tag. */
  readonly language: string | null;
  /** When the doors open automatically. */
  readonly opensAt: string | null;
  /** When the show ends automatically. */
  readonly endsAt: string | null;
  /** Whether the first listener opens the doors too; a host always does. */
  readonly autoOpen: boolean;
  /** The doors close after this many minutes with neither host nor listener. */
  readonly idleMinutes: number;
  /** Once a host has been heard, the show ends after this many minutes without one; null: never. */
  readonly endAfterMinutes: number | null;
  /** The broadcast is removed, recording included, this many days after its end; null: it is kept until somebody deletes it. */
  readonly retainDays: number | null;
  /** Hold audio begins after this many seconds in which the connected hosts are silent; null: never. */
  readonly holdOnDeadAirSeconds: number | null;
  /** Whether a host whose microphone feeds back (squeals) is turned down in the programme for as long as it does. */
  readonly duckSqueal: boolean;
  /** How many hosts may be connected at the same time, 1 to 8. */
  readonly maxHosts: number;
  /** The hold audio that plays while there is no host: the built-in, the producer's own (as long as it can be read), or none. */
  readonly hold: "default" | "own" | "none";
  /** Hold audio begins this many seconds after the last host left. */
  readonly holdAfterSeconds: number;
}

/** The details to change. */
export type Changes = Partial<Details>;

/** A publisher's SDP offer, with what ingest/offer.ts has read from it. */
export interface Offer {
  readonly kind: "offer";
  readonly sdp: string;
  /** The audio track's `a=mid`. */
  readonly mid: string;
}

/** The publisher that sends an offer. */
export interface JoiningHost {
  readonly key: HostKey;
  /** Whether it takes over another host's place even if none is free and no host is quiet (broadcast/precedence.ts). */
  readonly takeover: boolean;
  /** The name of its program: the offer's User-Agent header. */
  readonly client: string | null;
}

/** A host whose key is valid. */
export interface AuthorizedHost {
  readonly kind: "admitted";
  readonly name: string;
  /** The warnings that are raised at this moment about the session's sound; where none was asked for, the host's. */
  readonly warnings: readonly Warning[];
  /** Whether listeners can hear the session; null where none was asked for. */
  readonly audible: Audible | null;
}

/** The answer to an offer that was accepted. */
export interface AcceptedOffer {
  readonly kind: "accepted";
  readonly answer: string;
  /** The WHIP session's unguessable name. */
  readonly session: string;
  /** The name of the host that the key belongs to. */
  readonly name: string;
}

/** A studio's calls for talk-back; `talk` is the talk session's name. */
export type TalkCall =
  /** Creates a talk session for a host's WHIP session. */
  | { readonly kind: "begin"; readonly session: string }
  /** Asks which other hosts are on. The call is held while the list still has the revision `since`, which the studio has. */
  | { readonly kind: "others"; readonly talk: string; readonly since: number | null }
  | { readonly kind: "tracks"; readonly talk: string; readonly publications: readonly string[] }
  | { readonly kind: "answer"; readonly talk: string; readonly mutation: string; readonly answer: string }
  | { readonly kind: "close"; readonly talk: string; readonly publications: readonly string[] }
  | { readonly kind: "end"; readonly talk: string };

export type TalkAnswer =
  | { readonly kind: "begun"; readonly talk: string }
  | ({ readonly kind: "others" } & Others)
  | ({ readonly kind: "offer" } & TalkOffer)
  | { readonly kind: "done" };

/** A broadcast as its operator sees it: everything, keys included. Times are milliseconds since 1970. */
export interface Description extends Settings {
  readonly kind: "description";
  readonly state: "announced" | "open" | "live" | "ended";
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** The show is over, but its playlist ends only at this time: until then the announcement for `after` is spoken. */
  readonly farewellUntil: number | null;
  /** When and why the timeline was last replaced by one with a new epoch; null: never. */
  readonly anew: { readonly at: number; readonly why: string } | null;
  readonly whipUrl: string;
  readonly hostKey: string;
  readonly playbackUrl: string;
  readonly listenUrl: string;
  readonly studioUrl: string;
  readonly statusUrl: string;
  readonly hosts: readonly DescribedHost[];
  /** The guard's warnings that are raised at this moment. */
  readonly warnings: readonly RaisedWarning[];
  /** The programme's loudness at the encoder's input; null while no timeline runs. */
  readonly loudness: Loudness | null;
  /** Time from a part's last sample to its listing, over the last 512 parts; null before the first part. */
  readonly listingMs: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  /** Reads that reached Origin since the timeline began: the cost of all listeners together. */
  readonly originReads: { readonly total: number; readonly byKind: Readonly<Record<string, number>> };
  /** How many puts to R2 have failed; each is repeated until it succeeds. */
  readonly recordingFailures: number;
}

/** The state of a host's connection. */
export interface HostState {
  /**
   * `connecting`: no sound has arrived yet. `heard`: its sound is arriving. `reattaching`: it was heard, but the SFU's
   * WebSocket to the relay is gone; the relay restores it without the host's help.
   */
  readonly state: "connecting" | "heard" | "reattaching";
  /** Since when, milliseconds since 1970. */
  readonly since: number;
}

/** A warning that is raised at this moment. */
export interface RaisedWarning {
  readonly kind: Warning;
  /** The host that it concerns; null: it concerns the programme. */
  readonly host: EventHost | null;
}

/** A WHIP session and the host that it belongs to. */
export interface DescribedHost extends HostState, HostSettings {
  readonly hostId: string;
  /** Whether its sound is arriving at this moment, muted or not. */
  readonly heard: boolean;
  /** Counts of its packets by what was done with them; null before the first packet. */
  readonly packets: Readonly<Record<string, number>> | null;
  /** Loudness of its incoming sound, before gain and mute; null before the first packet. */
  readonly loudness: Loudness | null;
  /** The automatic level's present gain, -12 to 12 dB; 0 where it is off. */
  readonly levelDb: number;
}

/** The settings of a host that the operator may change at any time. */
export interface HostSettings {
  /** Plain text, 1 to 64 characters. Listeners see it while the host is heard. */
  readonly name: string;
  /** Whether the host is kept out of the programme. */
  readonly muted: boolean;
  /** A fixed gain, -24 to 24 dB. */
  readonly gainDb: number;
  /** Whether the automatic level is on. */
  readonly level: boolean;
}

/** The settings of a host to change. */
export type HostChanges = Partial<HostSettings>;

/** An operator's request about the hosts of a broadcast. */
export type HostAct =
  | { readonly kind: "list" }
  | { readonly kind: "make"; readonly settings: HostSettings }
  | { readonly kind: "look" | "rotate" | "remove"; readonly hostId: string }
  | { readonly kind: "change"; readonly hostId: string; readonly changes: HostChanges };

export type HostAnswer =
  | { readonly kind: "hosts"; readonly hosts: readonly HostDescription[] }
  | { readonly kind: "host"; readonly host: HostDescription }
  | { readonly kind: "removed" };

/**
 * A host as its operator sees it, connected or not, key included. If the host has several WHIP sessions, the fields about its
 * connection describe the one that was heard last; they are null if it has none. The SFU's API reports neither RTP loss nor
 * jitter, nor the codec that it decodes, so the relay's own observations stand here.
 */
export interface HostDescription extends HostSettings {
  readonly hostId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly hostKey: string;
  readonly whipUrl: string;
  readonly studioUrl: string;
  /** Whether it has a WHIP session. */
  readonly connected: boolean;
  /** Whether its sound is arriving at this moment, muted or not. */
  readonly heard: boolean;
  /** The state of its WHIP session. */
  readonly state: HostState["state"] | null;
  /** Loudness of its incoming sound, before mute, gain and automatic level. */
  readonly loudness: Loudness | null;
  /** The automatic level's present gain, dB. */
  readonly levelDb: number | null;
  /** The share of its packets that never came, by their sequence numbers, since it connected: 0 to 1. */
  readonly loss: number | null;
  /** The largest delay of its packets in the last 30 s, relative to the quickest ones, milliseconds. */
  readonly jitter: number | null;
  /** The codec that the SFU chose in its answer to the offer, e.g. "opus/48000/2". */
  readonly codec: string | null;
  /** The name of its program, from the User-Agent header. */
  readonly client: string | null;
}
