/**
 * What a player is doing. `blocked`: the browser wants another press before it lets sound out. `no-output`: the browser has no
 * audio output; it is tried again. `replaying`: it plays a show that had ended before.
 */
export type Playing =
  | "stopped"
  | "joining"
  | "playing"
  | "replaying"
  | "reconnecting"
  | "no-output"
  | "blocked"
  | "ended";

/**
 * The attributes of each date range in a playlist (draft-pantos-hls-rfc8216bis section 4.4.5.1). A page is not told of them where
 * the browser reads the playlists itself.
 */
export type DateRanges = readonly Readonly<Record<string, string>>[];
