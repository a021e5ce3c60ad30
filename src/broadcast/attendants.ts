import type { HostState } from "../broadcast-api.ts";
import type { EventHost } from "../events.ts";
import type { Hosts } from "./description.ts";

/** A session as the guard has to know it. */
export interface Attendant extends Pick<HostState, "state"> {
  readonly host: EventHost;
}

/** Who is connected, by sessions, oldest first. */
export function attendantsOf({ publishers, cast }: Hosts): ReadonlyMap<string, Attendant> {
  return new Map(
    publishers.all.map(({ session, hostId, state: { state } }) => [
      session,
      { state, host: { hostId, name: cast.of(hostId)?.name ?? "Host" } },
    ]),
  );
}
