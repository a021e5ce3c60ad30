import { randomHostId } from "../access/id.ts";
import { FIRST_HOST, type HostKey } from "../access/keys.ts";
import type { HostChanges, HostSettings } from "../broadcast-api.ts";
import { PROBLEMS, type Problem, tooManyHostKeys } from "../problem.ts";
import { FIRST_HOST_NAME } from "../status.ts";
import type { HostRow } from "./host-row.ts";
import type { Store } from "./store.ts";

/** Maximum number of hosts beside the first: enough for all guests of a long show, and still a bound. */
const MAX_OTHERS = 32;

/** Where the sound of hosts' sessions is mixed. */
interface Mix {
  /** Sets how a session sounds. */
  setHost(session: string, sound: Pick<HostSettings, "muted" | "gainDb" | "level">): void;
}

/**
 * The hosts of a broadcast, by name and key, whether they are on or not. The first host always exists; operators make and
 * revoke others. Keys are computed (access/keys.ts) and not stored: the cast knows only which generation of each is the
 * present one.
 */
export class Cast {
  readonly #store: Pick<Store, "hosts" | "putHost" | "dropHost">;
  /** The show, whose row holds the first host's key generation and creation time. */
  readonly #show: () => { readonly keyGeneration: number; readonly createdAt: number };
  readonly #rows = new Map<string, HostRow>();

  constructor(
    store: Pick<Store, "hosts" | "putHost" | "dropHost">,
    show: () => { readonly keyGeneration: number; readonly createdAt: number },
  ) {
    this.#store = store;
    this.#show = show;
    for (const row of store.hosts()) this.#rows.set(row.hostId, row);
  }

  /** All hosts: the first, then the others in the order in which they were made. */
  get all(): readonly HostRow[] {
    const others = [...this.#rows.values()].filter(({ hostId }) => hostId !== FIRST_HOST);
    return [this.first, ...others.toSorted((a, b) => a.createdAt - b.createdAt)];
  }

  /** The first host, which every broadcast has. */
  get first(): HostRow {
    const { keyGeneration: generation, createdAt } = this.#show();
    const settings = this.#rows.get(FIRST_HOST) ?? {
      name: FIRST_HOST_NAME,
      muted: false,
      gainDb: 0,
      level: true,
    };
    return { ...settings, hostId: FIRST_HOST, generation, createdAt };
  }

  /** Returns a host; null: there is none of that id, or it has been revoked. */
  of(hostId: string): HostRow | null {
    return hostId === FIRST_HOST ? this.first : (this.#rows.get(hostId) ?? null);
  }

  /** Returns the host of each of these sessions, as {@link of} does. */
  hostsOf(sessions: readonly { readonly hostId: string }[]): (HostRow | null)[] {
    return sessions.map(({ hostId }) => this.of(hostId));
  }

  /** Returns the host whose key this is; null: the key has been replaced, or its host revoked. */
  holderOf({ hostId, generation }: HostKey): HostRow | null {
    const row = this.of(hostId);
    return row?.generation === generation ? row : null;
  }

  make(settings: HostSettings, now: number): HostRow | Problem {
    if (this.all.length > MAX_OTHERS) return tooManyHostKeys(MAX_OTHERS);
    // Two hosts that are made in the same millisecond keep their order.
    const createdAt = Math.max(now, 1 + Math.max(...this.all.map((row) => row.createdAt)));
    return this.#put({ ...settings, hostId: randomHostId(), generation: 0, createdAt });
  }

  /** Changes and returns a host; null: there is none of that id. */
  change(hostId: string, changes: HostChanges): HostRow | null {
    const row = this.of(hostId);
    return row === null ? null : this.#put({ ...row, ...changes });
  }

  /** Replaces a host's key by the next one. The first host's is replaced by the show (`Show.rotateKey`). */
  rotate(hostId: string): void {
    const row = this.#rows.get(hostId);
    if (row !== undefined) this.#put({ ...row, generation: row.generation + 1 });
  }

  /** Revokes a host. Returns why that is refused; null: it is done. */
  remove(hostId: string): Problem | null {
    if (hostId === FIRST_HOST) return PROBLEMS.firstHostStays;
    if (!this.#rows.delete(hostId)) return PROBLEMS.noHost;
    this.#store.dropHost(hostId);
    return null;
  }

  /**
   * Gives a mix the sound settings of these sessions' hosts, from the next access unit on.
   *
   * @param mix null: none runs
   */
  applyTo(mix: Mix | null, sessions: readonly { readonly session: string; readonly hostId: string }[]): void {
    for (const { session, hostId } of sessions) {
      const host = this.of(hostId);
      if (host !== null) mix?.setHost(session, host);
    }
  }

  #put(row: HostRow): HostRow {
    this.#store.putHost(row);
    this.#rows.set(row.hostId, row);
    return row;
  }
}
