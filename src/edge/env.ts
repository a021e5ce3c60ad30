import { Secrets } from "../access/secrets.ts";
import type { AnnouncementKeeper } from "../announcement-api.ts";
import type { BroadcastApi } from "../broadcast-api.ts";
import type { Directories } from "../directory-api.ts";
import type { HoldKeeper } from "../hold-api.ts";
import type { Shards } from "./sightings.ts";

/** The bindings of the edge (wrangler.toml). */
export interface EdgeEnv {
  readonly ADMIN_TOKEN: string;
  readonly EARSHOT_SECRET: string;
  /** The secret before that one, for as long as shows made under it are to go on. */
  readonly EARSHOT_SECRET_PREVIOUS?: string;
  readonly BROADCAST: Broadcasts;
  readonly AUDIENCE: Shards;
  readonly DIRECTORY: Directories;
  /** ICE servers for publishers, comma-separated, the best one first; may be empty. */
  readonly ICE_SERVERS: string;
  /** Set by `npm start` alone, which speaks no https: keys are taken over plain http from other machines too. */
  readonly PLAIN_HTTP?: string;
  /**
   * `off`: status.json, audience.json, events.json, chapters and recordings are refused here, and cost nothing behind the edge.
   * What is played does not need them.
   */
  readonly SIDE_CALLS?: string;
  /** The origin, where it is deployed as a Worker of its own. */
  readonly ORIGIN?: OriginStub;
}

/** The origin as the edge has it: what is read is fetched, what is to be kept is handed over. */
export type OriginStub = Fetcher & HoldKeeper & AnnouncementKeeper;

/** The Broadcast objects by name; what they are asked is in broadcast-api.ts, and `fetch` takes the SFU's socket. */
export interface Broadcasts {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): BroadcastApi & Pick<Fetcher, "fetch">;
}

/** The object of broadcast `id`. */
export function broadcastOf({ BROADCAST }: EdgeEnv, id: string): BroadcastApi & Pick<Fetcher, "fetch"> {
  return BROADCAST.get(BROADCAST.idFromName(id));
}

/** The origin: the Worker that is bound, or the entrypoint of this one. */
export function originOf(env: EdgeEnv, context: unknown): OriginStub {
  return env.ORIGIN ?? (context as { exports: { Origin: OriginStub } }).exports.Origin;
}

/** Kept for the life of the isolate, since importing a key costs more than signing with it. */
let known: {
  readonly present: string;
  readonly previous: string | undefined;
  readonly secrets: Secrets;
} | null = null;

/** The deployment's secrets, ready to sign with. */
export function secretsOf({ EARSHOT_SECRET: present, EARSHOT_SECRET_PREVIOUS: previous }: EdgeEnv): Secrets {
  if (known === null || known.present !== present || known.previous !== previous)
    known = { present, previous, secrets: new Secrets(present, previous) };
  return known.secrets;
}
