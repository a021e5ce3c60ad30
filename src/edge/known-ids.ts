import type { Secret } from "../access/secret.ts";
import type { Secrets } from "../access/secrets.ts";
import { Bounded } from "../bounded.ts";

/** How many ids are remembered: more shows than one isolate will serve at a time. */
const MAX_IDS = 1_000;

/**
 * The ids that have passed their check (access/id.ts), each with the secret that made it. So the edge computes the HMAC only for
 * a show's first request. Ids that fail are not remembered, since an attacker could fill the memory with them.
 */
export class KnownIds {
  readonly #ids: Bounded<string, Secret>;

  constructor(max = MAX_IDS) {
    this.#ids = new Bounded(max);
  }

  /** Returns the secret that made `id`; null where `id` has not passed. */
  secretOf(id: string): Secret | null {
    return this.#ids.get(id) ?? null;
  }

  /**
   * Checks `id`, and remembers it if it passes; the id that was learnt first is forgotten first. Returns the secret that made
   * it, or null if none of `secrets` did.
   */
  async learn(secrets: Secrets, id: string): Promise<Secret | null> {
    const secret = await secrets.of(id);
    if (secret !== null) this.#ids.set(id, secret);
    return secret;
  }
}
