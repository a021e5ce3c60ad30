/**
 * Returns a listener's delay, in seconds, from a media playlist fetched at `now` (ms since 1970). It is the distance behind the
 * playlist's end that the playlist asks players to keep (PART-HOLD-BACK, else HOLD-BACK: draft-pantos-hls-rfc8216bis section
 * 4.4.3.8), plus the time from that end, dated by PROGRAM-DATE-TIME, to `now`. Null if the playlist has no dated sound or has
 * ended.
 */
export function listeningDelay(playlist: string, now: number): number | null {
  let edge: number | null = null;
  let parts = 0;
  let distance = 0;
  for (const line of playlist.split("\n")) {
    const [, tag = line, value = ""] = /^(#EXT[^:]*):(.*)$/.exec(line.trim()) ?? [];
    if (tag === "#EXT-X-ENDLIST") return null;
    if (tag === "#EXT-X-SERVER-CONTROL") {
      distance = attribute(value, "PART-HOLD-BACK") ?? attribute(value, "HOLD-BACK") ?? distance;
    } else if (tag === "#EXT-X-TARGETDURATION") {
      // Section 4.4.3.8: without HOLD-BACK, players stay three target durations behind the playlist's end.
      distance ||= 3 * Number(value);
    } else if (tag === "#EXT-X-PROGRAM-DATE-TIME") {
      edge = Date.parse(value) / 1000;
      parts = 0;
    } else if (tag === "#EXT-X-PART") {
      parts += attribute(value, "DURATION") ?? 0;
    } else if (tag === "#EXTINF" && edge !== null) {
      edge += Number.parseFloat(value);
      parts = 0;
    }
  }
  return edge === null ? null : distance + now / 1000 - (edge + parts);
}

/** Returns the absolute URL of the first media playlist in a multivariant playlist. */
export function firstVariant(multivariant: string, base: string): string | null {
  const lines = multivariant.split("\n").map((line) => line.trim());
  const at = lines.findIndex((line) => line.startsWith("#EXT-X-STREAM-INF"));
  const uri = at < 0 ? undefined : lines.slice(at + 1).find((line) => line !== "" && !line.startsWith("#"));
  return uri === undefined ? null : new URL(uri, base).href;
}

function attribute(list: string, name: string): number | null {
  const [, value] = new RegExp(`(?:^|,)${name}=([0-9.]+)`).exec(list) ?? [];
  return value === undefined ? null : Number(value);
}
