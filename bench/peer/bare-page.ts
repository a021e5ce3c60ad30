import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { listen } from "../../test/kit/port.ts";

/** The button joins and leaves. hls.js has its default configuration, with low latency on. */
const PAGE = `<!doctype html><title>hls.js</title><script src="/hls.js"></script>
<button id="play">Play</button><audio id="audio"></audio>
<script>
  const audio = document.getElementById("audio");
  let hls = null;
  document.getElementById("play").addEventListener("click", () => {
    if (hls !== null) {
      audio.pause();
      hls.destroy();
      hls = null;
      return;
    }
    hls = new Hls({ lowLatencyMode: true });
    hls.on(Hls.Events.MANIFEST_PARSED, () => audio.play());
    hls.loadSource(new URLSearchParams(location.search).get("url"));
    hls.attachMedia(audio);
  });
</script>`;

/** Starts a web server with a page that contains only hls.js, for any playback URL. */
export async function serveBarePage(): Promise<{ urlFor(playbackUrl: string): string; stop(): void }> {
  const script = await readFile(createRequire(import.meta.url).resolve("hls.js/dist/hls.min.js"), "utf8");
  const server = createServer((request, response) => {
    const isScript = request.url === "/hls.js";
    const type = isScript ? "text/javascript" : "text/html; charset=utf-8";
    response.writeHead(200, { "content-type": type }).end(isScript ? script : PAGE);
  });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  return {
    urlFor: (playbackUrl) => `${origin}/?url=${encodeURIComponent(playbackUrl)}`,
    stop: () => void server.close(),
  };
}
