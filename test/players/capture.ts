import type { Capture, Exchange } from "../validator/capture.ts";
import { attributes } from "../validator/list.ts";

/**
 * Captures a show as test/validator/capture.ts asks: one client, blocking reloads where there are parts, every new part
 * and segment fetched as it becomes listed, until the end. A list without parts is polled every half target duration.
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
  const mediaUrl = new URL(uris(multivariant)[0] ?? "", playbackUrl).href;
  // Media is fetched beside the reloads and one at a time, as players do: in between the reloads it would make the next
  // one late, and with it the arrival of a part that was listed in time; all that is listed at first would, if fetched
  // at once, stand in a queue with the reload before this machine's one relay.
  let fetched: Promise<unknown> = Promise.resolve();
  let url = mediaUrl;
  for (;;) {
    const list = await ask(url);
    for (const uri of [...quoted(list, "EXT-X-MAP"), ...quoted(list, "EXT-X-PART"), ...uris(list)]) {
      const media = new URL(uri, mediaUrl).href;
      if (seen.has(media)) continue;
      seen.add(media);
      fetched = fetched.then(() => ask(media));
    }
    if (list.includes("#EXT-X-ENDLIST")) break;
    url = await next(list, mediaUrl);
  }
  await fetched;
  return exchanges;
}

/** The blocking reload for the part that the list hints; without a hint, the same list after half a target duration. */
async function next(list: string, mediaUrl: string): Promise<string> {
  const target = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(list)?.[1]);
  if (!list.includes("#EXT-X-PRELOAD-HINT")) {
    await new Promise((resolve) => setTimeout(resolve, target * 500));
    return mediaUrl;
  }
  const skipped = Number(/SKIPPED-SEGMENTS=(\d+)/.exec(list)?.[1] ?? 0);
  const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(list)?.[1]);
  const open = list.slice(list.lastIndexOf("#EXTINF"));
  const msn = first + skipped + uris(list).length;
  const directives = [`_HLS_msn=${msn}`, `_HLS_part=${quoted(open, "EXT-X-PART").length}`];
  if (list.includes("CAN-SKIP-UNTIL")) directives.push("_HLS_skip=YES");
  return `${mediaUrl}${mediaUrl.includes("?") ? "&" : "?"}${directives.join("&")}`;
}

function uris(list: string): string[] {
  return list.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** The URI attribute of each tag of this name. */
function quoted(list: string, tag: string): string[] {
  return list
    .split("\n")
    .filter((line) => line.startsWith(`#${tag}:`))
    .flatMap((line) => attributes(line.slice(tag.length + 2)).get("URI") ?? []);
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
