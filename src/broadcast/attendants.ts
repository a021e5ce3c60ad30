import type { HostState } from "../broadcast-api.ts";
import type { EventHost } from "../events.ts";
import type { Publishers } from "./publishers.ts";

/** A session as the guard has to know it. */
export interface Attendant extends Pick<HostState, "state"> {
  readonly host: EventHost;
}

/** Who is connected, by sessions, oldest first. */
export function attendantsOf(
  publishers: Pick<Publishers, "states">,
  host: EventHost,
): ReadonlyMap<string, Attendant> {
  return new Map([...publishers.states].map(([session, { state }]) => [session, { state, host }]));
}
