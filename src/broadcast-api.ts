import type { HostKey } from "./access/keys.ts";
import type { AnnouncementAct, AnnouncementDescription } from "./announcement-api.ts";
import type { Event, EventHost, Warning } from "./events.ts";
import type { HoldDescription } from "./hold-api.ts";
import type { Latency, Loudness } from "./media.ts";
import type { Problem } from "./problem.ts";
import type { Others, TalkOffer } from "./talk.ts";
import type { WebhookAct, WebhookState } from "./webhook-api.ts";

/**
 * What a Broadcast does for hosts and operators, and what crosses the seam: the edge calls it, broadcast/broadcast.ts does it.
 * Whether they may ask has been checked at the edge, except whether a host's key is still the broadcast's: that the Broadcast
 * alone knows. `origin` is that of the request, with which the absolute URLs in answers begin.
 */
export interface BroadcastApi {
  create(settings: Settings, origin: string): Promise<Description | Problem>;
  describe(origin: string): Promise<Description | Problem>;
  open(origin: string): Promise<Description | Problem>;
  end(origin: string): Promise<Description | Problem>;
  rotateKey(origin: string): Promise<Description | Problem>;
  /** Makes, lists, changes and revokes its hosts. */
  hosts(act: HostAct, origin: string): Promise<HostAnswer | Problem>;
  /** Changes what the operator says of the broadcast. */
  change(changes: Changes, origin: string): Promise<Description | Problem>;
  /** What is set of its hold audio. */
  hold(): Promise<HoldDescription | Problem>;
  /** Brings the built-in hold audio back. The producer's own comes by Origin. */
  useHold(own: null): Promise<HoldDescription | Problem>;
  /** What is announced over hold audio in a state. It comes by Origin. */
  announcement(act: AnnouncementAct): Promise<AnnouncementDescription | Problem>;
  /** Ends the broadcast, and removes all there is of it. Null: done. From now on it is unknown to all. */
  remove(): Promise<null | Removing | Problem>;

  /** What has happened after the event of that id, oldest first; where it `waits`, held until there is something, 15 s at most. */
  events(after: number, waits: boolean): Promise<readonly Event[] | Problem>;
  /** Marks the present place in the show. */
  mark(title: string): Promise<Event | Problem>;
  /** Null: the webhook is dropped. */
  webhook(act: WebhookAct): Promise<WebhookState | Problem | null>;

  /** Takes a host's offer. */
  publish(offer: Offer, newcomer: Newcomer, origin: string): Promise<Accepted | Problem>;
  /** Whose key it is, if it is the present one; and if the WHIP session is there and that host's, where one is named. */
  admit(key: HostKey, session: string | null): Promise<Admitted | Problem>;
  /** Ends a WHIP session of the host whose key it is. Null: done. */
  leave(key: HostKey, session: string): Promise<null | Problem>;
  /** What a studio asks of its talk session, by which it hears the other hosts (talk.ts). */
  talk(key: HostKey, asked: TalkCall): Promise<TalkAnswer | Problem>;
}

/** A broadcast is being removed, which takes longer than a caller waits, and goes on by itself. */
export interface Removing {
  readonly kind: "removing";
}

/** What a broadcast is created with; checked at the edge (edge/settings.ts). */
export interface Settings extends Details {
  readonly id: string;
  readonly latency: Latency;
  /** AAC bit rate, bits per second. */
  readonly bitrate: number;
}

/** What an operator says of a broadcast, and may change at any time. Times are ISO 8601, in UTC. */
export interface Details {
  readonly title: string;
  /** Plain text; empty where there is none. */
  readonly description: string;
  /** The http(s) URL of a picture. */
  readonly artwork: string | null;
  /** A BCP 47 tag: what is spoken. */
  readonly language: string | null;
  /** When its doors open by themselves. */
  readonly opensAt: string | null;
  /** When it ends by itself. */
  readonly endsAt: string | null;
  /** Whether its doors open for the first listener too; they always do for a host. */
  readonly autoOpen: boolean;
  /** After how many minutes with neither host nor listener its doors close. */
  readonly idleMinutes: number;
  /** After how many minutes without a host, once one has been heard, it ends; null: never. */
  readonly endAfterMinutes: number | null;
  /** How many days after its end it is removed, recording and all; null: it is kept until somebody deletes it. */
  readonly retainDays: number | null;
  /** After how many seconds in which nothing is heard of hosts who are connected hold audio begins; null: never. */
  readonly holdOnDeadAirSeconds: number | null;
  /** Whether a host whose loudspeaker and microphone squeal is turned down in the programme for as long as that lasts. */
  readonly duckSqueal: boolean;
  /** How many hosts may be on at the same time, 1 to 8. */
  readonly maxHosts: number;
  /** What is heard where no host is: the built-in, the producer's own (as long as it can be read), nothing. */
  readonly hold: "default" | "own" | "none";
  /** How long the last host has been gone when it begins, seconds. */
  readonly holdAfterSeconds: number;
}

/** What of the details is to be another. */
export type Changes = Partial<Details>;

/** A publisher's SDP offer, as far as it has been read (ingest/offer.ts). */
export interface Offer {
  readonly kind: "offer";
  readonly sdp: string;
  /** The audio track's `a=mid`. */
  readonly mid: string;
}

/** Who publishes. */
export interface Newcomer {
  readonly key: HostKey;
  /** Whether it takes another's place where none is free and nobody is quiet (broadcast/precedence.ts). */
  readonly takeover: boolean;
  /** What its program says it is: the offer's User-Agent. */
  readonly client: string | null;
}

/** A host whose key is the present one. */
export interface Admitted {
  readonly kind: "admitted";
  readonly name: string;
  /** What is wrong with its sound at this moment. */
  readonly warnings: readonly Warning[];
}

/** An offer that was taken. */
export interface Accepted {
  readonly kind: "accepted";
  readonly answer: string;
  /** The WHIP session's unguessable name. */
  readonly session: string;
  /** Of the host whose key it is. */
  readonly name: string;
}

/** What a studio asks for talk-back; `talk` is the session's name. */
export type TalkCall =
  /** A new talk session of a host's WHIP session. */
  | { readonly kind: "begin"; readonly session: string }
  /** Who else is on: held while that is what the studio has, which is `since`. */
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
  /** It is over, and ends then: until then is spoken what it announces after it. */
  readonly farewellUntil: number | null;
  /** When its timeline last had to begin anew, under other names, and why; null: never. */
  readonly anew: { readonly at: number; readonly why: string } | null;
  readonly whipUrl: string;
  readonly hostKey: string;
  readonly playbackUrl: string;
  readonly listenUrl: string;
  readonly studioUrl: string;
  readonly statusUrl: string;
  readonly hosts: readonly DescribedHost[];
  /** What the guard has found to be wrong, and is so still. */
  readonly warnings: readonly Raised[];
  /** How loud the programme is, as it goes into the encoder; null while no timeline runs. */
  readonly loudness: Loudness | null;
  /** From a part's last sample to its being listed, over the last 512 parts; null before the first. */
  readonly listingMs: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  /** What reached Origin since the timeline began: what all listeners together cost. */
  readonly originReads: { readonly total: number; readonly byKind: Readonly<Record<string, number>> };
  /** Puts that R2 did not take; each is repeated until it does. */
  readonly recordingFailures: number;
}

/** How a host stands. */
export interface HostState {
  /**
   * `connecting`: nothing has come of it yet; `heard`: its sound comes in; `reattaching`: it was on, and the way from the
   * SFU is broken, which is mended without the host's doing.
   */
  readonly state: "connecting" | "heard" | "reattaching";
  /** Since when, milliseconds since 1970. */
  readonly since: number;
}

/** Something that is wrong at this moment. */
export interface Raised {
  readonly kind: Warning;
  /** With whom; null: with what goes out. */
  readonly host: EventHost | null;
}

/** A WHIP session, and whose it is. */
export interface DescribedHost extends HostState, HostSettings {
  readonly hostId: string;
  /** Whether its sound comes in at this moment, muted or not. */
  readonly heard: boolean;
  /** What became of its packets; null before the first. */
  readonly packets: Readonly<Record<string, number>> | null;
  /** How loud its sound comes in, before any gain and though it may be muted; null before the first packet. */
  readonly loudness: Loudness | null;
  /** What the automatic level adds to it now, -12 to 12 dB; 0 where it is off. */
  readonly levelDb: number;
}

/** What an operator says of a host, and may change at any time. */
export interface HostSettings {
  /** Plain text, 1 to 64 characters. Listeners see it while the host is heard. */
  readonly name: string;
  /** Whether it is kept out of the programme. */
  readonly muted: boolean;
  /** By how much it is made louder, -24 to 24 dB. */
  readonly gainDb: number;
  /** Whether its loudness is levelled automatically. */
  readonly level: boolean;
}

/** What of a host's settings is to be another. */
export type HostChanges = Partial<HostSettings>;

/** What an operator has done to the hosts of a broadcast. */
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
 * A host as its operator sees it, on or not, its key included. What is said of its connection is said of the WHIP session that
 * was last heard, where it has several, and is null where it has none. The SFU's API tells neither RTP loss nor jitter, nor
 * which codec it decodes: these are what is seen here.
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
  /** Whether its sound comes in at this moment, muted or not. */
  readonly heard: boolean;
  /** How its session stands. */
  readonly state: HostState["state"] | null;
  /** How loud it comes in, before what is set of it here. */
  readonly loudness: Loudness | null;
  /** What the automatic level adds to that, dB. */
  readonly levelDb: number | null;
  /** Which share of its sound was missing when it was due, and was concealed: 0 to 1, since it connected. */
  readonly loss: number | null;
  /** By how much its packets came later than the quickest ones, at most, in the last half minute: milliseconds. */
  readonly jitter: number | null;
  /** What the SFU's answer to its offer chose, e.g. "opus/48000/2". */
  readonly codec: string | null;
  /** What its program says it is. */
  readonly client: string | null;
}
