/** The relay's URLs that the pages request (paths.ts), without the parts of that file that pages have no use for. */

/** Returns a broadcast's playback URL. */
export const playbackPath = (id: string): string => `/live/${encodeURIComponent(id)}/index.m3u8`;

/** Returns the URL of a broadcast's public status. */
export const statusPath = (id: string): string => `/live/${encodeURIComponent(id)}/status.json`;

/** Returns a broadcast's WHIP endpoint. */
export const whipPath = (id: string): string => `/whip/${encodeURIComponent(id)}`;

/** Returns the URL at which a studio begins a talk session. */
export const talksPath = (id: string): string => `/talk/${encodeURIComponent(id)}`;
