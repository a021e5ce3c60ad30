import { Secret } from "../access/secret.ts";
import type { Shards } from "./sightings.ts";

/** What the platform binds to the Worker. */
export interface EdgeEnv {
  readonly ADMIN_TOKEN: string;
  readonly EARSHOT_SECRET: string;
  readonly BROADCAST: DurableObjectNamespace;
  readonly AUDIENCE: Shards;
  /** How many shards each show's audience is counted on. */
  readonly AUDIENCE_SHARDS: string;
  /** The origin, where it is deployed as a Worker of its own. */
  readonly ORIGIN?: Fetcher;
}

/** One per isolate: a deployment has one secret, and importing it is what costs. */
let known: { readonly text: string; readonly secret: Secret } | null = null;

/** The deployment's secret, ready to sign with. */
export function secretOf({ EARSHOT_SECRET }: EdgeEnv): Secret {
  if (known?.text !== EARSHOT_SECRET) known = { text: EARSHOT_SECRET, secret: new Secret(EARSHOT_SECRET) };
  return known.secret;
}
