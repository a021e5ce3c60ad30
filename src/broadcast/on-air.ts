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
  /** The names in the newest of these events. */
  #told: readonly string[] = [];

  /** @param past the log's host events, oldest first: a host that was on before a restart counts as on until known otherwise */
  constructor(past: readonly Event[], now: number) {
    for (const event of past) {
      if ("onAir" in event) this.#told = event.onAir;
      if (event.kind === "host-on")
        this.#hosts.set(event.host.hostId, { host: { ...event.host, muted: false }, heardAt: now });
      else if (event.kind === "host-off") this.#hosts.delete(event.host.hostId);
    }
    // Nobody may learn the name of a host who is muted.
    for (const [id, { host, heardAt }] of this.#hosts)
      this.#hosts.set(id, { host: { ...host, muted: !this.#told.includes(host.name) }, heardAt });
  }

  /** Whether no host is on the air. */
  get isEmpty(): boolean {
    return this.#hosts.size === 0;
  }

  /** Notes that these hosts are heard at `now`; returns what has changed. */
  hear(heard: readonly Heard[], now: number): Note[] {
    const notes: Note[] = [];
    let areSame = true;
    for (const host of heard) {
      const before = this.#hosts.get(host.hostId)?.host;
      this.#hosts.set(host.hostId, { host, heardAt: now });
      if (before === undefined) notes.push(this.#note("host-on", host));
      else areSame &&= before.muted === host.muted && before.name === host.name;
    }
    for (const { host, heardAt } of [...this.#hosts.values()])
      if (now - heardAt > GONE_MS) notes.push(this.#off(host));
    return areSame ? notes : [...notes, ...this.#otherNames()];
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
    this.#told = this.#names;
    return { kind, host: { hostId, name }, hosts: this.#hosts.size, onAir: this.#told };
  }

  /** Returns the event that other names are on the air than were told last; none if they are the same. */
  #otherNames(): Note[] {
    const [before, onAir] = [this.#told, this.#names];
    if (onAir.length === before.length && onAir.every((name, n) => name === before[n])) return [];
    this.#told = onAir;
    return [{ kind: "on-air", hosts: this.#hosts.size, onAir }];
  }

  /** The names of the hosts who are not muted. */
  get #names(): readonly string[] {
    return [...this.#hosts.values()].flatMap(({ host }) => (host.muted ? [] : [host.name]));
  }
}
