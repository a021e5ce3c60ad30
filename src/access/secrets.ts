import { isId } from "./id.ts";
import { Secret } from "./secret.ts";

/**
 * The secrets of a deployment: the present one makes all that is new; the previous one, kept beside it for as long as a
 * hand-over takes, still opens what was made under it. An id names its secret by its check (30 bits), so which of the two
 * made a show is stored nowhere, and a show that neither made belongs to a secret that is gone.
 */
export class Secrets {
  /** The present one first. */
  readonly all: readonly [Secret, ...Secret[]];

  /**
   * @param present the deployment's `EARSHOT_SECRET`
   * @param previous its `EARSHOT_SECRET_PREVIOUS`; absent or empty where no hand-over is under way
   */
  constructor(present: string, previous: string | undefined) {
    const secret = new Secret(present, "EARSHOT_SECRET");
    this.all = previous ? [secret, new Secret(previous, "EARSHOT_SECRET_PREVIOUS")] : [secret];
  }

  /** What new shows are made with. */
  get present(): Secret {
    return this.all[0];
  }

  /** The secret that made `id`; null where none of these did. An HMAC each: remember the answer where it is asked often. */
  async of(id: string): Promise<Secret | null> {
    for (const secret of this.all) if (await isId(secret, id)) return secret;
    return null;
  }
}
