import type { AnnouncedState } from "../announcement-api.ts";
import type { Announcement } from "../broadcast/lifecycle.ts";
import { keys } from "../paths.ts";
import { PROBLEMS, type Problem, unfitAnnouncement } from "../problem.ts";
import { keepSound } from "./kept-sound.ts";

/** What an announcement is levelled to, LUFS: as loud as the hosts (AES TD1008, speech). */
const TARGET = -18;
/** How long it may be, seconds. */
const LONGEST = 60;

/** Puts a WAV file into R2 as the announcement of a state ({@link keepSound}). */
export async function keepAnnouncement(
  bucket: R2Bucket,
  id: string,
  state: AnnouncedState,
  wav: ReadableStream<Uint8Array>,
  everySeconds: number,
): Promise<Announcement | Problem> {
  const kept = await keepSound(bucket, wav, {
    key: (version) => keys.announcement(id, state, version),
    longest: LONGEST,
    loops: false,
    target: TARGET,
  });
  if (!("kind" in kept)) return { ...kept, everySeconds };
  return kept.kind === "fault" ? unfitAnnouncement(kept.why) : PROBLEMS.announcementNotKept;
}
