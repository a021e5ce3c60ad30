/**
 * Checks what one client captured of a live run against the rules of HLS (rules.ts). It is written from the specifications and
 * shares no code with what it judges.
 */

import type { Capture, Exchange } from "./capture.ts";
import { attributes, type MediaList, nanos, pathOf, readList, resolve } from "./list.ts";
import { checkMedia, timeline } from "./media.ts";
import type { Finding, Report } from "./rules.ts";
import { checkSequence } from "./sequence.ts";
import { checkList } from "./single.ts";

/**
 * Returns everything wrong with a capture; empty is good. `jitterMillis` is how late the capturing client may have received an
 * answer or asked for it, on top of what the rules allow the server.
 */
export function validateCapture(capture: Capture, options: { jitterMillis?: number } = {}): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (rule, where, what) => findings.push({ rule, where, what });
  const multivariants: { text: string; url: string }[] = [];
  const lists: MediaList[] = [];
  const bodies = new Map<string, Uint8Array>();
  for (const exchange of capture) {
    checkAnswer(exchange, report);
    if (exchange.status !== 200) continue;
    const path = pathOf(exchange.url);
    if (!path.endsWith(".m3u8")) {
      const had = bodies.get(path);
      if (had !== undefined && !Buffer.from(had).equals(exchange.body)) report("same-bytes", path, "changed");
      bodies.set(path, exchange.body);
      continue;
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(exchange.body);
    if (/^#EXT-X-(STREAM-INF|MEDIA:)/m.test(text)) multivariants.push({ text, url: exchange.url });
    else lists.push(readList(text, exchange.url, exchange.at));
  }
  for (const list of lists) checkList(list, report);
  checkSequence(lists, options.jitterMillis ?? 250, report);
  checkMedia(lists, bodies, report);
  if (multivariants.length === 0) report("multivariant", "capture", "has none");
  for (const { text, url } of multivariants) checkMultivariant(text, url, lists, bodies, report);
  return findings;
}

function checkAnswer({ url, status, headers }: Exchange, report: Report): void {
  if (status !== 200) report("status", url, `${status}`);
  const list = pathOf(url).endsWith(".m3u8");
  const type = headers["content-type"]?.split(";")[0] ?? "";
  const right = list
    ? type === "application/vnd.apple.mpegurl"
    : type === "audio/mp4" || type === "video/mp4";
  if (!right) report("content-type", url, type);
  const life = headers["cache-control"] ?? "";
  if (list ? life === "" : !/max-age=\d{2,}/.test(life)) report("cache-control", url, life);
  if (headers["access-control-allow-origin"] !== "*") report("cors", url, "is not *");
}

function checkMultivariant(
  text: string,
  url: string,
  lists: readonly MediaList[],
  bodies: ReadonlyMap<string, Uint8Array>,
  report: Report,
): void {
  const lines = text.split(/\r?\n/);
  const say = (what: string) => report("multivariant", url, what);
  if (lines[0] !== "#EXTM3U") report("first-line", url, `starts with ${lines[0]}`);
  if (!lines.includes("#EXT-X-INDEPENDENT-SEGMENTS")) say("does not say that segments are independent");
  const variants = lines.flatMap((line, index) => (line.startsWith("#EXT-X-STREAM-INF:") ? [index] : []));
  if (variants.length !== 1) say(`${variants.length} variants`);
  const variant = variants[0] ?? 0;
  const given = attributes(lines[variant]?.slice("#EXT-X-STREAM-INF:".length) ?? "");
  const [peak, average] = [Number(given.get("BANDWIDTH")), Number(given.get("AVERAGE-BANDWIDTH"))];
  if (!(peak > 0 && average > 0 && average <= peak)) say("bandwidths are missing or upside down");
  if (given.get("CODECS") !== "mp4a.40.2") say(`codecs ${given.get("CODECS")}`);
  const uri = lines[variant + 1] ?? "";
  if (!lists.some((list) => list.path === resolve(uri, url))) say(`${uri} is not the media list`);

  let [bits, seconds] = [0, 0];
  for (const segment of timeline(lists)) {
    const bytes = bodies.get(segment.uri)?.length;
    const duration = Number(nanos(segment.text)) / 1e9;
    // The last segment is short and says nothing about a rate.
    if (bytes === undefined || duration < 1) continue;
    [bits, seconds] = [bits + bytes * 8, seconds + duration];
    const rate = (bytes * 8) / duration;
    if (rate > peak * 1.25)
      report("bandwidth", segment.uri, `${Math.round(rate)} bit/s, BANDWIDTH is ${peak}`);
  }
  if (bits > average * 1.1 * seconds)
    report("bandwidth", url, `${Math.round(bits / seconds)} bit/s on average`);
}
