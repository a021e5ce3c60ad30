/**
 * What a player is doing. `blocked`: the browser requires another press before it plays sound. `no-output`: the browser has no
 * audio output; the player tries again. `replaying`: it plays a show that had ended before it joined.
 */
export type PlayerState =
  | "stopped"
  | "joining"
  | "playing"
  | "replaying"
  | "reconnecting"
  | "no-output"
  | "blocked"
  | "ended";

/**
 * The attributes of each date range in a playlist (draft-pantos-hls-rfc8216bis section 4.4.5.1). Where the browser reads the
 * playlists itself, the page does not get them.
 */
export type DateRanges = readonly Readonly<Record<string, string>>[];
