import { FIRST_HOST_NAME } from "../status.ts";
import type { Attendant } from "./guard.ts";
import type { Publisher } from "./publisher.ts";

/** The hosts of a show: their names, and the sessions of those who are connected. */
interface Hosts {
  readonly cast: { of(hostId: string): { readonly name: string } | null };
  readonly publishers: { readonly all: readonly Pick<Publisher, "session" | "hostId" | "state">[] };
}

/** Returns every host's session with its state, by WHIP session, the oldest first: the guard's input. */
export function attendantsOf({ publishers, cast }: Hosts): ReadonlyMap<string, Attendant> {
  return new Map(
    publishers.all.map(({ session, hostId, state: { state } }) => [
      session,
      { state, host: { hostId, name: cast.of(hostId)?.name ?? FIRST_HOST_NAME } },
    ]),
  );
}
