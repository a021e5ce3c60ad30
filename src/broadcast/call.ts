import { PROBLEMS, type Problem } from "../problem.ts";

/** Does what the edge has called for. What fails is said in this log, and the caller told to come back. */
export async function told<T>(what: string, work: () => Promise<T | Problem>): Promise<T | Problem> {
  try {
    return await work();
  } catch (error) {
    console.error(`${what} failed: ${String(error)}`);
    return PROBLEMS.notNow;
  }
}
