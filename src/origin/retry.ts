/** How long a restarting object is waited for before a call is given up, in milliseconds between tries. */
const DELAYS_MS = [50, 200, 500, 1_000];

/**
 * Calls a Durable Object again where that may help: it was reset in the middle of the call, or could not be reached. Never
 * where it is overloaded, which calling again makes worse, and not for what its code threw, which it would throw again
 * (Durable Objects, error handling; a reset says `durableObjectReset` and not always `retryable`). For calls that may be
 * made twice. Rejects as the last call did.
 *
 * @param call has to make its stub anew: one that has failed fails for good
 */
export async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (const delay of DELAYS_MS) {
    try {
      return await call();
    } catch (error) {
      if (!isWorthAnother(error as Fault)) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
  return call();
}

/** What the runtime says of a call that failed. */
interface Fault {
  readonly overloaded?: boolean;
  readonly retryable?: boolean;
  readonly durableObjectReset?: boolean;
}

function isWorthAnother({ overloaded, retryable, durableObjectReset }: Fault): boolean {
  return overloaded !== true && (retryable === true || durableObjectReset === true);
}
