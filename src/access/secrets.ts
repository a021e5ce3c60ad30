import { isId } from "./id.ts";
import { Secret } from "./secret.ts";

/**
 * The secrets of a deployment. Every new id, key and token is made with the present secret. While the secret is being changed,
 * the previous one is kept beside it and still checks those that it made. The keyed check in an id (30 bits) tells which of the
 * two made the id, so that is stored nowhere. An id that neither made was made with a secret that is gone.
 */
export class Secrets {
  /** The present one first. */
  readonly all: readonly [Secret, ...Secret[]];

  /**
   * @param present the deployment's `EARSHOT_SECRET`
   * @param previous its `EARSHOT_SECRET_PREVIOUS`; absent or empty unless the secret is being changed
   */
  constructor(present: string, previous: string | undefined) {
    const secret = new Secret(present, "EARSHOT_SECRET");
    this.all = previous ? [secret, new Secret(previous, "EARSHOT_SECRET_PREVIOUS")] : [secret];
  }

  /** The secret with which new shows are made. */
  get present(): Secret {
    return this.all[0];
  }

  /** Returns the secret that made `id`, null if none did. Costs an HMAC per secret: a caller that asks often should cache it. */
  async of(id: string): Promise<Secret | null> {
    for (const secret of this.all) if (await isId(secret, id)) return secret;
    return null;
  }
}
