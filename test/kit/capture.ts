import { setTimeout as sleep } from "node:timers/promises";
import type { Capture, Exchange } from "../validator/capture.ts";
import { type Listed, readList, variantOf } from "./list.ts";

/**
 * Captures a show as test/validator/capture.ts describes: one client that makes blocking reloads where there are parts, and
 * fetches every new part and segment once it is listed, until the end. A list without parts is polled every half target
 * duration.
 */
export async function capture(playbackUrl: string): Promise<Capture> {
  const exchanges: Exchange[] = [];
  const seen = new Set<string>();
  const ask = async (url: string): Promise<string> => {
    const exchange = await get(url);
    exchanges.push(exchange);
    return new TextDecoder().decode(exchange.body);
  };
  const multivariant = await ask(playbackUrl);
  const mediaUrl = new URL(variantOf(multivariant), playbackUrl).href;
  // Media is fetched beside the reloads and one at a time, as players do. In between the reloads it would delay the next
  // reload, and so the arrival of a part that was listed in time. If all the media of the first list were fetched at once, it
  // would queue with the reload before this machine's one relay.
  let fetched: Promise<unknown> = Promise.resolve();
  let url = mediaUrl;
  for (;;) {
    const list = readList(await ask(url));
    const { init, parts, segments } = list;
    const listed = [...parts, ...segments].map(({ name }) => name);
    for (const name of init === null ? listed : [init, ...listed]) {
      const media = new URL(name, mediaUrl).href;
      if (seen.has(media)) continue;
      seen.add(media);
      fetched = fetched.then(() => ask(media));
    }
    if (list.ended) break;
    url = await next(list, mediaUrl);
  }
  await fetched;
  return exchanges;
}

/** The URL of the blocking reload for the hinted part; without a hint, the same list after half a target duration. */
async function next(list: Listed, mediaUrl: string): Promise<string> {
  if (list.hint === null) {
    await sleep(list.target * 500);
    return mediaUrl;
  }
  const msn = list.firstMsn + list.skipped + list.segments.length;
  const part = list.parts.filter((listed) => listed.msn === msn).length;
  const directives = [`_HLS_msn=${msn}`, `_HLS_part=${part}`];
  if (list.text.includes("CAN-SKIP-UNTIL")) directives.push("_HLS_skip=YES");
  return `${mediaUrl}${mediaUrl.includes("?") ? "&" : "?"}${directives.join("&")}`;
}

async function get(url: string): Promise<Exchange> {
  const response = await fetch(url);
  const body = new Uint8Array(await response.arrayBuffer());
  return {
    at: Date.now(),
    url,
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body,
  };
}
