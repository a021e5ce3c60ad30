/**
 * An event in a show's log. Operators read all events (`GET /api/broadcasts/:id/events`, webhooks) and everybody some of them
 * (`GET /live/:id/events.json`). Those that change what is heard are also in the media playlist (EXT-X-DATERANGE). The relay
 * writes events, pages read them.
 */
export type Event = Note & {
  /** 1, 2, 3 … in each show, in the order of the events. */
  readonly id: number;
  /** Milliseconds since 1970, by show time while there is a timeline. */
  readonly at: number;
};

/** An event before the log has numbered it. */
export type Note =
  /**
   * `opened`, `closed`: the doors. `live`: the first host was heard. `ended`: the show is over for good. `late`: the planned
   * opening time has passed and no host has been heard. `hold-on`, `hold-off`: hold audio begins, ends.
   */
  | { readonly kind: "opened" | "closed" | "live" | "ended" | "late" | "hold-on" | "hold-off" }
  /** `title`: the show's title has changed; `marker`: a producer has marked this position. */
  | { readonly kind: "title" | "marker"; readonly title: string }
  /**
   * A host begins, or ceases, to be heard. `hosts`: how many are heard from then on; `onAir`: the names of those of them
   * that are not muted.
   */
  | {
      readonly kind: "host-on" | "host-off";
      readonly host: EventHost;
      readonly hosts: number;
      readonly onAir: readonly string[];
    }
  /** Other names are on the air although no host has come or gone: one was muted, or a mute has ended, or one was renamed. */
  | { readonly kind: "on-air"; readonly hosts: number; readonly onAir: readonly string[] }
  /** A warning is raised (`raised`) or cleared. `host`: the host that it concerns; null: it concerns the programme. */
  | { readonly kind: Warning; readonly raised: boolean; readonly host: EventHost | null };

export interface EventHost {
  readonly hostId: string;
  readonly name: string;
}

export type Kind = Note["kind"];

/** What can be wrong with a host's sound, or with the programme. */
export type Warning = (typeof WARNINGS)[number];

export const WARNINGS = [
  "silence",
  "dead-air",
  "microphone-dead",
  "host-silent",
  "host-gone",
  "channel-dead",
  "too-quiet",
  "clipping",
  "squeal",
  "clock-drift",
  "packet-loss",
  "host-lost",
] as const;

/** All kinds of events. */
export const KINDS = [
  ...[
    "opened",
    "closed",
    "live",
    "ended",
    "late",
    "title",
    "marker",
    "host-on",
    "host-off",
    "on-air",
    "hold-on",
    "hold-off",
  ],
  ...WARNINGS,
] as const;

/** Events that change the programme, or who is heard in it. Each is in the media playlist for as long as its date is within the list. */
export const IN_PLAYLIST = [
  "live",
  "host-on",
  "host-off",
  "on-air",
  "hold-on",
  "hold-off",
  "title",
  "marker",
] as const;

/**
 * The attributes of an event's date range (EXT-X-DATERANGE). `hosts` is their count, `onAir` the names of those who are not
 * muted, with {@link NAME_SEPARATOR} between them.
 */
export const ATTRIBUTES = {
  kind: "X-KIND",
  title: "X-TITLE",
  hosts: "X-HOSTS",
  onAir: "X-ON-AIR",
} as const;

/** Stands between names in a date range. In a name, a comma takes its place. */
export const NAME_SEPARATOR = ";";

/** Events that everybody may see: they explain what is heard, and tell nothing about a host's equipment. */
export const PUBLIC = ["opened", "closed", "late", "ended", "dead-air", ...IN_PLAYLIST] as const;

/** The newest public events of a show: `GET /live/:id/events.json`. */
export interface PublicEvents {
  readonly id: string;
  /** Oldest first. */
  readonly events: readonly PublicEvent[];
}

/** An event as everybody may see it: without the name of the host that comes or goes, who may have been muted. */
export type PublicEvent<Each = Event> = Each extends { readonly host: unknown; readonly onAir: unknown }
  ? Omit<Each, "host">
  : Each;

/** Returns the public form of an event. */
export function publicOf(event: Event): PublicEvent {
  if (!("onAir" in event && "host" in event)) return event;
  const { host: _, ...told } = event;
  return told;
}

/** Whether an event is in the media playlist. */
export function isInPlaylist(note: Note): boolean {
  return (IN_PLAYLIST as readonly string[]).includes(note.kind);
}
