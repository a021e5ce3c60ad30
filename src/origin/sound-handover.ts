import { isProblem, PROBLEMS, type Problem } from "../problem.ts";

/** Calls of a Broadcast: one has it use a sound that is in R2, the other asks which sound it has. */
export interface SoundUser<Described extends object> {
  use(): Promise<Described | Problem>;
  describe(): Promise<Described | Problem>;
  /** When the sound that `described` names was put into R2, milliseconds since 1970; null where none is set. */
  setAtOf(described: Described): number | null;
}

/**
 * Has a Broadcast use the sound that was put into R2 as `key` at `setAt`. The sound is deleted again if the Broadcast is known
 * not to use it. If that is unknown, because the Broadcast does not answer, the sound stays until the broadcast is deleted.
 *
 * @returns the Broadcast's description if it uses this sound, even where the answer to the first call was lost; otherwise the
 * problem that the Broadcast answered with. Rejects as the first call did.
 */
export async function handOver<Described extends object>(
  bucket: Pick<R2Bucket, "delete">,
  key: string,
  setAt: number,
  { use, describe, setAtOf }: SoundUser<Described>,
): Promise<Described | Problem> {
  const used = await use().then(answered, failed);
  if (used.kind === "answered") {
    const { answer } = used;
    if (!isProblem(answer)) return answer;
    if (isDefinite(answer)) {
      await bucket.delete(key);
      return answer;
    }
  }
  // The Broadcast may use the sound all the same: the answer was lost, or a step after storing it failed.
  const said = await describe().catch(() => null);
  if (said !== null && !isProblem(said)) {
    if (setAtOf(said) === setAt) return said;
    await bucket.delete(key);
  } else if (said !== null && isDefinite(said)) await bucket.delete(key);
  if (used.kind === "failed") throw used.error;
  return used.answer;
}

function answered<Described>(answer: Described | Problem) {
  return { kind: "answered", answer } as const;
}

function failed(error: unknown) {
  return { kind: "failed", error } as const;
}

/** Whether this problem means that the Broadcast has certainly not taken the sound. */
function isDefinite({ code }: Problem): boolean {
  return code === PROBLEMS.ended.code || code === PROBLEMS.unknownBroadcast.code;
}
