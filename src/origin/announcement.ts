import type { AnnouncedState } from "../announcement-api.ts";
import type { Announcement } from "../broadcast/show-row.ts";
import { PROBLEMS, type Problem, unfitAnnouncement } from "../problem.ts";
import { keys } from "../r2-keys.ts";
import { storeSound } from "./kept-sound.ts";

/** The loudness that an announcement is levelled to, LUFS: the same as the hosts' (AES TD1008, speech). */
const TARGET_LUFS = -18;
/** The longest announcement that is accepted, seconds. */
const MAX_SECONDS = 60;

/** Stores a WAV file in R2 as the announcement of a state ({@link storeSound}). */
export async function keepAnnouncement(
  bucket: R2Bucket,
  id: string,
  state: AnnouncedState,
  wav: ReadableStream<Uint8Array>,
  everySeconds: number,
): Promise<Announcement | Problem> {
  const kept = await storeSound(bucket, wav, {
    key: (version) => keys.announcement(id, state, version),
    longest: MAX_SECONDS,
    loops: false,
    target: TARGET_LUFS,
  });
  switch (kept.kind) {
    case "kept":
      return { ...kept.sound, everySeconds };
    case "fault":
      return unfitAnnouncement(kept.why);
    case "not-kept":
      return PROBLEMS.announcementNotKept;
  }
}
