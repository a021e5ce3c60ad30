import { FIRST_HOST_NAME } from "../status.ts";
import type { Hosts } from "./description.ts";
import type { Attendant } from "./guard.ts";

/** Who is connected, by sessions, oldest first. */
export function attendantsOf({ publishers, cast }: Hosts): ReadonlyMap<string, Attendant> {
  return new Map(
    publishers.all.map(({ session, hostId, state: { state } }) => [
      session,
      { state, host: { hostId, name: cast.of(hostId)?.name ?? FIRST_HOST_NAME } },
    ]),
  );
}
