import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Listener } from "./listener.ts";

/** TEMPORARY. The copy of one show, made of the relay's own list: whole segments, kept for a second. */
export async function startCopied(playbackUrl: string) {
  const id = playbackUrl.split("/").at(-2) ?? "";
  const listener = await Listener.join(playbackUrl);
  const { epoch } = listener;
  let text = "";
  const timer = setInterval(async () => {
    const list = await listener.list().catch(() => null);
    if (list === null) return;
    const segments = list.segments.map(({ msn, duration, date }) => `#EXT-X-PROGRAM-DATE-TIME:${new Date(date).toISOString()}\n#EXTINF:${duration},\ns${String(msn).padStart(10, "0")}.m4s`);
    const now = ["#EXTM3U", "#EXT-X-VERSION:6", `#EXT-X-TARGETDURATION:${list.target}`, `#EXT-X-MEDIA-SEQUENCE:${list.firstMsn}`, `#EXT-X-MAP:URI="init.mp4"`, ...segments, ""].join("\n");
    setTimeout(() => { text = now; }, 200);
  }, 1000);
  const server = createServer(async (request, response) => {
    const headers = { "access-control-allow-origin": "*", "cache-control": "public, max-age=1, must-revalidate" };
    const path = request.url ?? "";
    if (path === `/${id}/lifeboat.m3u8`) {
      const master = await (await fetch(playbackUrl)).text();
      response.writeHead(200, headers).end(master.replace(/^.*audio\.m3u8.*$/m, `${epoch}/lifeboat.m3u8`));
    } else if (path === `/${id}/${epoch}/lifeboat.m3u8`) response.writeHead(200, headers).end(text);
    else {
      const name = (path.split("/").at(-1) ?? "").replace(/^s0*(\d+)/, "s$1");
      const media = await listener.media(name);
      response.writeHead(media.status, headers).end(Buffer.from(await media.arrayBuffer()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
    },
  };
}
