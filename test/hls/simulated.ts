/** A capture of a show that never ran: what a flawless client would have received from a flawless relay. */

import { initSegment } from "../../src/hls/cmaf.ts";
import { mediaPlaylist, multivariantPlaylist } from "../../src/hls/playlist.ts";
import { rewindPlaylist, rewindSkippedUntil } from "../../src/hls/rewind.ts";
import { liveEdgeOf } from "../../src/hls/window.ts";
import { covers, firstPublished } from "../../src/live-edge.ts";
import { type Profile, toMillis } from "../../src/media.ts";
import { names, pastBefore, STARTED_AT, show } from "../kit/show.ts";
import type { Exchange } from "../validator/capture.ts";

const BASE = "https://relay.test/live/show/a/";
const LIST = { "content-type": "application/vnd.apple.mpegurl", "cache-control": "public, max-age=1" };
const MEDIA = { "content-type": "audio/mp4", "cache-control": "public, max-age=3600, immutable" };

/**
 * Captures a show of `units` access units, from the first published list to its end. `length` is as for a window; with
 * `rewinds` the client reads the rewind list.
 */
export function simulatedCapture(
  profile: Profile,
  units: number,
  options: { length?: number; events?: boolean; rewinds?: boolean } = {},
): Exchange[] {
  const { cuts, windows } = show(profile, units, options);
  const capture: Exchange[] = [];
  const answer = (at: number, path: string, headers: Record<string, string>, body: Uint8Array | string) => {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const url = new URL(path, BASE).href;
    capture.push({
      at,
      url,
      status: 200,
      headers: { "access-control-allow-origin": "*", ...headers },
      body: bytes,
    });
  };
  const first = windows
    .map((window) => liveEdgeOf(window))
    .findIndex((edge) => covers(edge, firstPublished(edge)));
  const start = STARTED_AT + 5000;
  const name = options.rewinds ? "rewind.m3u8" : "index.m3u8";
  const multivariant = { uri: `a/${name}`, bandwidth: 60_000, averageBandwidth: 50_000 };
  answer(start, "../index.m3u8", LIST, multivariantPlaylist(multivariant));
  for (const [index, window] of windows.entries()) {
    if (index < first) continue;
    // A window is published once the last sample of its last part is due.
    const last = cuts[Math.min(index, cuts.length) - 1];
    if (last === undefined) throw new Error("a published list has a part");
    const at = STARTED_AT + toMillis(last.part.at + last.part.duration) + 20;
    const { msn, index: part } = last.part;
    const past = options.rewinds ? pastBefore(window, windows) : null;
    const skip = past !== null && index > first && rewindSkippedUntil(window, past) !== null;
    const blocking = index > first && profile.lowLatency;
    const directives = [
      ...(blocking ? [`_HLS_msn=${msn}`, `_HLS_part=${part}`] : []),
      ...(skip ? ["_HLS_skip=YES"] : []),
    ];
    const query = directives.length > 0 ? `?${directives.join("&")}` : "";
    if (index === first || profile.lowLatency || last.closes) {
      const text =
        past === null ? mediaPlaylist(window, names) : rewindPlaylist(window, past, names, { skip });
      answer(at, `${name}${query}`, LIST, text);
    }
    if (index === first) {
      const config = Uint8Array.from([0x11, 0x90, 0x56, 0xe5, 0x00]);
      answer(at + 1, names.init, MEDIA, initSegment(config, { bitrate: 128_000 }));
    }
    if (profile.lowLatency) answer(at + 2, names.part(msn, part), MEDIA, last.part.bytes);
    if (last.closes) {
      const parts = new Set(cuts.filter(({ part }) => part.msn === msn).map(({ part }) => part));
      const whole = Buffer.concat([...parts].map(({ bytes }) => bytes));
      answer(at + 3, names.segment(msn), MEDIA, new Uint8Array(whole));
    }
  }
  return capture;
}
