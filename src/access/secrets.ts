import { isId } from "./id.ts";
import { Secret } from "./secret.ts";

/**
 * The secrets of a deployment. Everything new is made with the present one. While the secret is being changed, the previous
 * one is kept beside it and still checks what was made with it. The check of an id (30 bits) tells which of the two made it, so
 * that is stored nowhere. A show that neither made was made with a secret that is gone.
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

  /** What new shows are made with. */
  get present(): Secret {
    return this.all[0];
  }

  /** The secret that made `id`; null if none of these did. Costs an HMAC for each: remember the answer if you ask often. */
  async of(id: string): Promise<Secret | null> {
    for (const secret of this.all) if (await isId(secret, id)) return secret;
    return null;
  }
}
