import { randomHostId } from "../access/id.ts";
import { FIRST_HOST, type HostKey } from "../access/keys.ts";
import type { HostChanges, HostSettings } from "../broadcast-api.ts";
import { PROBLEMS, type Problem, tooManyHostKeys } from "../problem.ts";
import { FIRST_HOST_NAME } from "../status.ts";
import type { HostRow } from "./host-row.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Store } from "./store.ts";

/** Hosts that a broadcast may have beside its first: who comes and goes over a long show, and not a list of any length. */
const MOST = 32;

/**
 * The hosts of a broadcast, by name and key, on or not. The first is there from the beginning; others are made and revoked. Keys
 * are computed (access/keys.ts): what is known here is which of them are the present ones.
 */
export class Cast {
  readonly #store: Pick<Store, "hosts" | "putHost" | "dropHost">;
  /** The first host's generation and birth are the show's own. */
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

  /** All of them: the first host, then the others in the order in which they were made. */
  get all(): readonly HostRow[] {
    const others = [...this.#rows.values()].filter(({ hostId }) => hostId !== FIRST_HOST);
    return [this.first, ...others.toSorted((one, other) => one.createdAt - other.createdAt)];
  }

  /** The broadcast's own host. */
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

  /** Null where there is no such host, or it has been revoked. */
  of(hostId: string): HostRow | null {
    return hostId === FIRST_HOST ? this.first : (this.#rows.get(hostId) ?? null);
  }

  /** The hosts of these sessions. */
  hostsOf(sessions: readonly { readonly hostId: string }[]): (HostRow | null)[] {
    return sessions.map(({ hostId }) => this.of(hostId));
  }

  /** Whose key it is; null where it has been replaced, or its host revoked. */
  holderOf({ hostId, generation }: HostKey): HostRow | null {
    const row = this.of(hostId);
    return row?.generation === generation ? row : null;
  }

  make(settings: HostSettings, now: number): HostRow | Problem {
    if (this.all.length > MOST) return tooManyHostKeys(MOST);
    // Of two that were made in one millisecond the second is the later one too.
    const createdAt = Math.max(now, 1 + Math.max(...this.all.map((row) => row.createdAt)));
    return this.#put({ ...settings, hostId: randomHostId(), generation: 0, createdAt });
  }

  /** Null where there is no such host. */
  change(hostId: string, changes: HostChanges): HostRow | null {
    const row = this.of(hostId);
    return row === null ? null : this.#put({ ...row, ...changes });
  }

  /** Makes the next key of a host the present one. The first host's is the show's to replace. */
  rotate(hostId: string): void {
    const row = this.#rows.get(hostId);
    if (row !== undefined) this.#put({ ...row, generation: row.generation + 1 });
  }

  /** Revokes a host. Why it can not be; null: it is. */
  remove(hostId: string): Problem | null {
    if (hostId === FIRST_HOST) return PROBLEMS.firstHostStays;
    if (!this.#rows.delete(hostId)) return PROBLEMS.noHost;
    this.#store.dropHost(hostId);
    return null;
  }

  /** Has a pipeline make what these sessions' hosts are set to, from the next access unit on; null: none runs. */
  applyTo(
    pipeline: Pick<Pipeline, "setHost"> | null,
    sessions: readonly { readonly session: string; readonly hostId: string }[],
  ): void {
    for (const { session, hostId } of sessions) {
      const host = this.of(hostId);
      if (host !== null) pipeline?.setHost(session, host);
    }
  }

  #put(row: HostRow): HostRow {
    this.#store.putHost(row);
    this.#rows.set(row.hostId, row);
    return row;
  }
}
