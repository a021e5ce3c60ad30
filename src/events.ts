/**
 * What happens at a show, as its log tells it: to operators (`GET /api/broadcasts/:id/events`, webhooks), in part to everybody
 * (`GET /live/:id/events.json`), and, where it changes what is heard, in the media playlist (EXT-X-DATERANGE). The relay writes
 * events, pages read them.
 */
export type Event = Note & {
  /** 1, 2, 3 … in each show, in the order in which it happened. */
  readonly id: number;
  /** Milliseconds since 1970, by the show's own time while it has a timeline. */
  readonly at: number;
};

/** What has happened, before the log gives it its number. */
export type Note =
  /**
   * `opened`, `closed`: the doors; `live`: the first host has been heard; `ended`: for good; `late`: it was to open by now, and
   * no host has been heard; `hold-on`, `hold-off`: hold audio begins, ends.
   */
  | { readonly kind: "opened" | "closed" | "live" | "ended" | "late" | "hold-on" | "hold-off" }
  /** The title is another now; a producer has marked this place. */
  | { readonly kind: "title" | "marker"; readonly title: string }
  /**
   * A host is heard, is not heard any more. From then on so many `hosts` are; `onAir`: the names of those among them who have
   * not been muted.
   */
  | {
      readonly kind: "host-on" | "host-off";
      readonly host: EventHost;
      readonly hosts: number;
      readonly onAir: readonly string[];
    }
  /** Something is wrong (`raised`), or is not any more; `host`: with whom, null: with what goes out. */
  | { readonly kind: Warning; readonly raised: boolean; readonly host: EventHost | null };

export interface EventHost {
  readonly hostId: string;
  readonly name: string;
}

export type Kind = Note["kind"];

/** What can be wrong with a host's sound, or with what goes out. */
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

/** All kinds that this code knows. */
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
    "hold-on",
    "hold-off",
  ],
  ...WARNINGS,
] as const;

/** What changes on the line: it stands in the media playlist while its date does. */
export const ON_LINE = ["host-on", "host-off", "hold-on", "hold-off", "title", "marker"] as const;

/** What anybody may know of: what explains what is heard, and nothing that says how a host is equipped. */
export const PUBLIC = ["opened", "closed", "live", "late", "ended", "dead-air", ...ON_LINE] as const;

/** The newest public events of a show: `GET /live/:id/events.json`. */
export interface PublicEvents {
  readonly id: string;
  /** Oldest first. */
  readonly events: readonly PublicEvent[];
}

/** An event as anybody may know it: who comes and goes is not named, because it may be a host who has been muted. */
export type PublicEvent<Each = Event> = Each extends { readonly onAir: unknown } ? Omit<Each, "host"> : Each;

/** What anybody may know of a public event. */
export function publicOf(event: Event): PublicEvent {
  if (!("onAir" in event)) return event;
  const { host: _, ...told } = event;
  return told;
}

/** Whether an event changes what is on the line. */
export function isOnLine(note: Note): boolean {
  return (ON_LINE as readonly string[]).includes(note.kind);
}

/** Whether anybody may know of an event. */
export function isPublic(note: Note): boolean {
  return (PUBLIC as readonly string[]).includes(note.kind);
}
