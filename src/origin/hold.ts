import { SEAM } from "../audio/loop.ts";
import type { OwnHold } from "../broadcast/show-row.ts";
import { PROBLEMS, type Problem, unfitHold } from "../problem.ts";
import { keys } from "../r2-keys.ts";
import { storeSound } from "./kept-sound.ts";

/** The loudness that hold audio is levelled to, LUFS: softer than speech, whose target is -18 (AES TD1008). */
const TARGET_LUFS = -24;
/** The longest hold audio that is accepted, seconds. */
const MAX_SECONDS = 600;

/**
 * Stores a WAV file in R2 as hold audio ({@link storeSound}).
 *
 * @param asIs whether it is played at its own loudness, without levelling
 */
export async function keepHold(
  bucket: R2Bucket,
  id: string,
  wav: ReadableStream<Uint8Array>,
  asIs: boolean,
): Promise<OwnHold | Problem> {
  const kept = await storeSound(bucket, wav, {
    key: (version) => keys.hold(id, version),
    longest: MAX_SECONDS,
    loops: true,
    target: asIs ? null : TARGET_LUFS,
  });
  switch (kept.kind) {
    case "kept":
      return { ...kept.sound, loopFrom: SEAM };
    case "fault":
      return unfitHold(kept.why);
    case "not-kept":
      return PROBLEMS.holdNotKept;
  }
}
