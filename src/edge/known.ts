import { isId } from "../access/id.ts";
import type { Secret } from "../access/secret.ts";

/** Ids whose check an isolate remembers: more shows than it will ever serve at a time. */
const MAX_IDS = 1_000;

/**
 * The ids that have passed their check (access/id.ts), so that the HMAC is paid by a show's first listener. Invented ids
 * are not remembered: there are as many as an attacker likes.
 */
export class Known {
  readonly #ids = new Set<string>();
  readonly #max: number;

  constructor(max = MAX_IDS) {
    this.#max = max;
  }

  /** Whether `id` has passed. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Checks `id`, and remembers it if it passes; the one that was learnt first is forgotten first. */
  async learn(secret: Secret, id: string): Promise<boolean> {
    if (!(await isId(secret, id))) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > this.#max && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}
