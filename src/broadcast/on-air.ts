import type { Event, EventHost, Note } from "../events.ts";

/**
 * After so long without sound a host is said to be off, milliseconds: a gap in the network is nothing that happens to a show,
 * and neither is a restart, after which the SFU dials again.
 */
const GONE_MS = 5_000;

/** Who is on the air, and since when no sound has come of them. */
export class OnAir {
  /** By host. `heardAt` is in milliseconds since 1970. */
  readonly #hosts = new Map<string, { readonly host: EventHost; heardAt: number }>();

  /** @param past what the log has of hosts, oldest first: who was on when the object went is on until it is known better */
  constructor(past: readonly Event[], now: number) {
    for (const event of past) {
      if (event.kind === "host-on") this.#hosts.set(event.host.hostId, { host: event.host, heardAt: now });
      else if (event.kind === "host-off") this.#hosts.delete(event.host.hostId);
    }
  }

  /** What has changed, where these hosts are heard at `now`. */
  hear(heard: readonly EventHost[], now: number): Note[] {
    const notes: Note[] = [];
    for (const host of heard) {
      const known = this.#hosts.get(host.hostId);
      if (known !== undefined) known.heardAt = now;
      else {
        this.#hosts.set(host.hostId, { host, heardAt: now });
        notes.push({ kind: "host-on", host, onAir: this.#names });
      }
    }
    for (const { host, heardAt } of [...this.#hosts.values()])
      if (now - heardAt > GONE_MS) notes.push(this.#off(host));
    return notes;
  }

  /** All are off: the show is over. */
  clear(): Note[] {
    return [...this.#hosts.values()].map(({ host }) => this.#off(host));
  }

  #off(host: EventHost): Note {
    this.#hosts.delete(host.hostId);
    return { kind: "host-off", host, onAir: this.#names };
  }

  get #names(): string[] {
    return [...this.#hosts.values()].map(({ host }) => host.name);
  }
}
