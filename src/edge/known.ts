import type { Secret } from "../access/secret.ts";
import type { Secrets } from "../access/secrets.ts";
import { Bounded } from "../bounded.ts";

/** How many ids are remembered: more than the shows one isolate will serve at a time. */
const MAX_IDS = 1_000;

/**
 * The ids that have passed their check (access/id.ts), each with the secret that made it, so that the HMAC is computed for a
 * show's first request only. Ids that fail are not remembered, since an attacker could fill the memory with them.
 */
export class Known {
  readonly #ids: Bounded<string, Secret>;

  constructor(max = MAX_IDS) {
    this.#ids = new Bounded(max);
  }

  /** The secret that made `id`, if it has passed. */
  secretOf(id: string): Secret | undefined {
    return this.#ids.get(id);
  }

  /**
   * Checks `id`, and remembers it if it passes; the one that was learnt first is forgotten first. Null: none of these
   * secrets made it.
   */
  async learn(secrets: Secrets, id: string): Promise<Secret | null> {
    const secret = await secrets.of(id);
    if (secret !== null) this.#ids.set(id, secret);
    return secret;
  }
}
