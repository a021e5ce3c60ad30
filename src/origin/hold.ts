import { SEAM } from "../audio/loop.ts";
import type { OwnHold } from "../broadcast/lifecycle.ts";
import type { HoldDescription } from "../hold-api.ts";
import { keys } from "../paths.ts";
import { PROBLEMS, type Problem, unfitHold } from "../problem.ts";
import { keepSound } from "./kept-sound.ts";

/** What hold audio is levelled to, LUFS: softer than speech, whose target is -18 (AES TD1008). */
const TARGET = -24;
/** How long it may be, seconds. */
const LONGEST = 600;

/**
 * Puts a WAV file into R2 as hold audio ({@link keepSound}).
 *
 * @param asIs whether it is to be played as loud as it is
 */
export async function keepHold(
  bucket: R2Bucket,
  id: string,
  wav: ReadableStream<Uint8Array>,
  asIs: boolean,
): Promise<OwnHold | Problem> {
  const kept = await keepSound(bucket, wav, {
    key: (version) => keys.hold(id, version),
    longest: LONGEST,
    loops: true,
    target: asIs ? null : TARGET,
  });
  if (!("kind" in kept)) return { ...kept, loopFrom: SEAM };
  return kept.kind === "fault" ? unfitHold(kept.why) : PROBLEMS.holdNotKept;
}

/** What is asked of a Broadcast: to use hold audio, and which it has. */
export interface HoldUser {
  use(own: OwnHold): Promise<HoldDescription | Problem>;
  describe(): Promise<HoldDescription | Problem>;
}

/** Has a Broadcast use hold audio that is in R2 for it; where it does not use it, it is deleted from R2 again. */
export async function handOver(
  bucket: R2Bucket,
  id: string,
  own: OwnHold,
  broadcast: HoldUser,
): Promise<HoldDescription | Problem> {
  const answer = await broadcast.use(own).catch(async (error: unknown) => {
    // It may be in use, and only the answer lost. Where the Broadcast can not say either, it stays until the broadcast goes.
    const said = await broadcast.describe().catch(() => null);
    if (said?.kind === "hold-description" && said.own?.setAt === own.setAt) return said;
    if (said !== null) await bucket.delete(keys.hold(id, own.version));
    throw error;
  });
  // It may have ended, or been removed, meanwhile.
  if (answer.kind === "problem") await bucket.delete(keys.hold(id, own.version));
  return answer;
}
