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
  /** The previous secret, kept for as long as shows that were made with it are to go on. */
  readonly EARSHOT_SECRET_PREVIOUS?: string;
  readonly BROADCAST: Broadcasts;
  readonly AUDIENCE: Shards;
  readonly DIRECTORY: Directories;
  /** URLs of ICE servers for publishers, comma-separated, the best one first; may be empty. */
  readonly ICE_SERVERS: string;
  /** Only `npm start` sets it, because it serves no https. Keys are then accepted over plain http from other machines too. */
  readonly PLAIN_HTTP?: string;
  /**
   * `off`: the edge refuses status.json, audience.json, events.json, chapters and recordings, so they cost nothing behind it.
   * Playback does not need them.
   */
  readonly SIDE_CALLS?: string;
  /** The origin, if it is deployed as a Worker of its own. */
  readonly ORIGIN?: OriginStub;
}

/** The origin as the edge calls it: reads go through `fetch`, uploads through the keepers' methods. */
export type OriginStub = Fetcher & HoldKeeper & AnnouncementKeeper;

/** The Broadcast objects by name. Their methods are in broadcast-api.ts; `fetch` accepts the SFU's WebSocket. */
export interface Broadcasts {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): BroadcastApi & Pick<Fetcher, "fetch">;
}

/** Returns the Durable Object of broadcast `id`. */
export function broadcastOf({ BROADCAST }: EdgeEnv, id: string): BroadcastApi & Pick<Fetcher, "fetch"> {
  return BROADCAST.get(BROADCAST.idFromName(id));
}

/** Returns the origin: the bound Worker, or else this Worker's own entrypoint. */
export function originOf(env: EdgeEnv, context: unknown): OriginStub {
  return env.ORIGIN ?? (context as { exports: { Origin: OriginStub } }).exports.Origin;
}

/** The `Secrets` made last, kept for the life of the isolate: importing a key costs more than signing with it. */
let known: {
  readonly present: string;
  readonly previous: string | undefined;
  readonly secrets: Secrets;
} | null = null;

/** Returns the deployment's secrets, ready to sign with. */
export function secretsOf({ EARSHOT_SECRET: present, EARSHOT_SECRET_PREVIOUS: previous }: EdgeEnv): Secrets {
  if (known === null || known.present !== present || known.previous !== previous)
    known = { present, previous, secrets: new Secrets(present, previous) };
  return known.secrets;
}
