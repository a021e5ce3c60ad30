import type { HostState } from "../broadcast-api.ts";
import type { EventHost } from "../events.ts";
import type { Publishers } from "./publishers.ts";

/** A session as the guard has to know it. */
export interface Attendant extends Pick<HostState, "state"> {
  readonly host: EventHost;
}

interface Connected {
  readonly publishers: Pick<Publishers, "all">;
  readonly cast: { of(hostId: string): { readonly name: string } | null };
}

/** Who is connected, by sessions, oldest first. */
export function attendantsOf({ publishers, cast }: Connected): ReadonlyMap<string, Attendant> {
  return new Map(
    publishers.all.map(({ session, hostId, state: { state } }) => [
      session,
      { state, host: { hostId, name: cast.of(hostId)?.name ?? "Host" } },
    ]),
  );
}
