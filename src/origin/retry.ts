/** Delays between attempts while an object restarts, ms; after the last of them a failure is final. */
const DELAYS_MS = [50, 200, 500, 1_000];

/**
 * Repeats a call to a Durable Object if that may help: the object was reset during the call, or could not be reached. It does
 * not repeat a call to an overloaded object, which would make the overload worse, or one whose code threw, which would throw
 * again (Durable Objects, error handling; a reset sets `durableObjectReset` and not always `retryable`). Only for calls that may
 * be made twice. Rejects as the last call did.
 *
 * @param call has to make a new stub each time: a stub that has failed once fails for good
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

/** Properties that the runtime sets on the error of a failed call. */
interface Fault {
  readonly overloaded?: boolean;
  readonly retryable?: boolean;
  readonly durableObjectReset?: boolean;
}

function isWorthAnother({ overloaded, retryable, durableObjectReset }: Fault): boolean {
  return overloaded !== true && (retryable === true || durableObjectReset === true);
}
