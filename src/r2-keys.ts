/** The names of everything in R2: a show's media, a producer's sound, and the copy's playlists. */

/** Returns what all R2 keys of broadcast `id` begin with. */
export function folderOf(id: string): string {
  return `${id}/`;
}

/** File names of a timeline's media in its R2 folder. */
export const keptNames = {
  init: "init.mp4",
  segment: (msn: number): string => `s${String(msn).padStart(10, "0")}.m4s`,
};

/** Returns the URIs of that media in playlists that lie in other folders of the show. */
export function keptNamesFromOutside(epoch: string): typeof keptNames {
  return { init: `../${epoch}/${keptNames.init}`, segment: (msn) => `../${epoch}/${keptNames.segment(msn)}` };
}

/** R2 keys of a show's objects. No object is ever overwritten, because each key has an epoch or a version. */
export const keys = {
  init: (id: string, epoch: string): string => `${id}/${epoch}/${keptNames.init}`,
  segment: (id: string, epoch: string, msn: number): string => `${id}/${epoch}/${keptNames.segment(msn)}`,
  hold: (id: string, version: string): string => `${id}/hold/${version}.s16le`,
  announcement: (id: string, state: string, version: string): string =>
    `${id}/announcements/${state}/${version}.s16le`,
};

/** The file name of the copy's playlists, in every folder. */
const LIST = "lifeboat.m3u8";

/** R2 keys of the copy's playlists, and so their paths on the bucket's domain. Unlike media, they are overwritten. */
export const lists = {
  /** The multivariant playlist of a show. It names the newest timeline's playlist, and after the show's end the replay. */
  show: (id: string): string => `${id}/${LIST}`,
  /** The media playlist of a timeline: its last 30 s, with EXT-X-ENDLIST once it is over. */
  timeline: (id: string, epoch: string): string => `${id}/${epoch}/${LIST}`,
  /** The media playlist of a whole show that has ended. No epoch can be named `replay`: an epoch has 8 characters or more. */
  replay: (id: string): string => `${id}/replay/${LIST}`,
};

/** The URIs of the copy's media playlists, relative to its multivariant playlist. */
export const uris = {
  timeline: (epoch: string): string => `${epoch}/${LIST}`,
  replay: `replay/${LIST}`,
};
