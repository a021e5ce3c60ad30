import { FIRST_HOST_NAME } from "../status.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Attendant, Guard } from "./guard.ts";
import type { Publisher } from "./publisher.ts";
import type { Talks } from "./talks.ts";

/** The hosts of a show: their names, the sessions of those who are connected, and who is told of their faults. */
interface Hosts {
  readonly cast: { of(hostId: string): { readonly name: string } | null };
  readonly publishers: {
    readonly all: readonly Pick<Publisher, "session" | "hostId" | "state">[];
    readonly talks: Pick<Talks, "squeal">;
  };
  readonly chronicle: Pick<Chronicle, "warn">;
}

/**
 * Has the guard look at the hosts who are connected, and passes on what it finds: warnings to the show's events, squeals to the
 * studios.
 *
 * @param ducksSqueals whether a host who squeals is turned down in the programme
 */
export function guardHosts(
  { cast, publishers, chronicle }: Hosts,
  guard: Guard,
  ducksSqueals: boolean,
): void {
  const attendants = new Map(
    publishers.all.map(({ session, hostId, state: { state } }): [string, Attendant] => [
      session,
      { state, host: { hostId, name: cast.of(hostId)?.name ?? FIRST_HOST_NAME } },
    ]),
  );
  chronicle.warn(guard.attend(attendants, ducksSqueals));
  publishers.talks.squeal(guard.sessionsWith("squeal"));
}
