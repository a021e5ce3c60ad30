import { PROBLEMS, type Problem } from "../problem.ts";

/** Runs a call from the edge. An exception is logged here, and the caller gets `notNow`: 503, ask again in a few seconds. */
export async function guarded<T>(what: string, work: () => Promise<T | Problem>): Promise<T | Problem> {
  try {
    return await work();
  } catch (error) {
    console.error(`${what} failed: ${String(error)}`);
    return PROBLEMS.notNow;
  }
}
