import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { lifeboatOf, withCopy } from "./lifeboat.mjs";

const SOURCE = fileURLToPath(new URL("../src/web/", import.meta.url));
const TARGET = fileURLToPath(new URL("../dist/web/", import.meta.url));

const COPIED = ["index.html", "listen.html", "embed.html", "studio.html", "icon.svg", "_redirects"];
const WRITTEN = ["_headers", "lifeboat.json"];
const BUNDLED = ["listen.ts", "studio.ts", "page.css"];

/**
 * Builds the static pages into dist/web: their scripts (hls.js bundled in), one style sheet, and _redirects and _headers for the
 * asset service. Other files in dist/web are deleted. Files are replaced in place, never the folder, because a running relay
 * serves from it.
 */
export async function buildPages() {
  await mkdir(TARGET, { recursive: true });
  const wanted = new Set([...COPIED, ...WRITTEN, ...BUNDLED.map((name) => name.replace(/\.ts$/, ".js"))]);
  for (const name of await readdir(TARGET)) {
    if (!wanted.has(name)) await rm(TARGET + name, { recursive: true });
  }
  await Promise.all(COPIED.map((name) => copyFile(SOURCE + name, TARGET + name)));
  const config = await readFile(new URL("../wrangler.toml", import.meta.url), "utf8");
  const lifeboat = lifeboatOf(process.env.LIFEBOAT_URL, config);
  const headers = await readFile(`${SOURCE}_headers`, "utf8");
  await writeFile(`${TARGET}_headers`, lifeboat === null ? headers : withCopy(headers, lifeboat));
  await writeFile(`${TARGET}lifeboat.json`, `${JSON.stringify({ url: lifeboat })}\n`);
  await build({
    entryPoints: BUNDLED.map((name) => SOURCE + name),
    outdir: TARGET,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome107", "firefox110", "safari16"],
    // The light build of hls.js has all that one unencrypted audio rendition needs, and is a third smaller.
    // It is aliased here and not imported by its own name because only the full build has types.
    alias: { "hls.js": "hls.js/light" },
    logLevel: "warning",
  });
}
