import type { Event, EventHost, Note } from "../events.ts";

/**
 * Time without sound after which a host is reported off the air, ms. Neither a gap in the network nor a restart, after which
 * the SFU dials again, is an event of a show.
 */
const GONE_MS = 5_000;

/** A host whose sound is arriving. */
export interface Heard extends EventHost {
  /** Whether the host is left out of the mix. */
  readonly muted: boolean;
}

/** Tracks which hosts are on the air, and when each was last heard. */
export class OnAir {
  /** By host id. `heardAt` is in milliseconds since 1970. */
  readonly #hosts = new Map<string, { host: Heard; heardAt: number }>();

  /** @param past the log's host events, oldest first: a host that was on before a restart counts as on until known otherwise */
  constructor(past: readonly Event[], now: number) {
    for (const event of past) {
      if (event.kind === "host-on")
        this.#hosts.set(event.host.hostId, { host: { ...event.host, muted: false }, heardAt: now });
      else if (event.kind === "host-off") this.#hosts.delete(event.host.hostId);
    }
  }

  /** Whether no host is on the air. */
  get isEmpty(): boolean {
    return this.#hosts.size === 0;
  }

  /** Notes that these hosts are heard at `now`; returns what has changed. */
  hear(heard: readonly Heard[], now: number): Note[] {
    const notes: Note[] = [];
    for (const host of heard) {
      const isNew = !this.#hosts.has(host.hostId);
      this.#hosts.set(host.hostId, { host, heardAt: now });
      if (isNew) notes.push(this.#note("host-on", host));
    }
    for (const { host, heardAt } of [...this.#hosts.values()])
      if (now - heardAt > GONE_MS) notes.push(this.#off(host));
    return notes;
  }

  /** Takes all hosts off the air, at the end of the show; returns what has changed. */
  clear(): Note[] {
    return [...this.#hosts.values()].map(({ host }) => this.#off(host));
  }

  #off(host: Heard): Note {
    this.#hosts.delete(host.hostId);
    return this.#note("host-off", host);
  }

  #note(kind: "host-on" | "host-off", { hostId, name }: Heard): Note {
    const all = [...this.#hosts.values()].map(({ host }) => host);
    const onAir = all.flatMap((host) => (host.muted ? [] : [host.name]));
    return { kind, host: { hostId, name }, hosts: all.length, onAir };
  }
}
