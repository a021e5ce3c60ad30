import { FIRST_HOST_NAME } from "../status.ts";
import type { Hosts } from "./description.ts";
import type { Attendant } from "./guard.ts";

/** Returns every host's session with its state, by WHIP session, the oldest first: the guard's input. */
export function attendantsOf({ publishers, cast }: Hosts): ReadonlyMap<string, Attendant> {
  return new Map(
    publishers.all.map(({ session, hostId, state: { state } }) => [
      session,
      { state, host: { hostId, name: cast.of(hostId)?.name ?? FIRST_HOST_NAME } },
    ]),
  );
}
