import { SEAM } from "../audio/loop.ts";
import type { OwnHold } from "../broadcast/lifecycle.ts";
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
