import { isProblem, PROBLEMS, type Problem } from "../problem.ts";

/** What is asked of a Broadcast: to use a sound that is in R2 for it, and which it has. */
export interface SoundUser<Described extends object> {
  use(): Promise<Described | Problem>;
  describe(): Promise<Described | Problem>;
  /** When the sound that is set was put into R2, milliseconds since 1970; null: none is set. */
  setAtOf(described: Described): number | null;
}

/**
 * Has a Broadcast use the sound that was put into R2 as `key` at `setAt`. It is deleted again where the Broadcast is known not
 * to use it; where that can not be told, because it does not answer, the sound stays until the broadcast is deleted.
 *
 * @returns what is set, where that is this sound, though the first answer may have been lost; else what the Broadcast said.
 * Rejects as its call did.
 */
export async function handOver<Described extends object>(
  bucket: Pick<R2Bucket, "delete">,
  key: string,
  setAt: number,
  { use, describe, setAtOf }: SoundUser<Described>,
): Promise<Described | Problem> {
  const answer = await use().catch((error: unknown) => ({ failure: error }));
  const hasFailed = "failure" in answer;
  if (!hasFailed && !isProblem(answer)) return answer;
  if (!hasFailed && isDefinite(answer)) {
    await bucket.delete(key);
    return answer;
  }
  // It may be in use all the same: the answer was lost, or something failed after it had been stored.
  const said = await describe().catch(() => null);
  if (said !== null && !isProblem(said)) {
    if (setAtOf(said) === setAt) return said;
    await bucket.delete(key);
  } else if (said !== null && isDefinite(said)) await bucket.delete(key);
  if (hasFailed) throw answer.failure;
  return answer;
}

/** Whether a Broadcast that says so uses nothing that it is given. */
function isDefinite({ code }: Problem): boolean {
  return code === PROBLEMS.ended.code || code === PROBLEMS.unknownBroadcast.code;
}
