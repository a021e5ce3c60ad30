import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const SOURCE = fileURLToPath(new URL("../src/web/", import.meta.url));
const TARGET = fileURLToPath(new URL("../dist/web/", import.meta.url));

const COPIED = [
  "index.html",
  "listen.html",
  "embed.html",
  "studio.html",
  "icon.svg",
  "_redirects",
  "_headers",
];
const BUNDLED = ["listen.ts", "studio.ts", "page.css"];

/**
 * Builds the static pages into dist/web: one script per page (hls.js bundled in), one style sheet, and the asset
 * service's own _redirects and _headers. dist/web holds nothing else afterwards. Files are replaced in place, never
 * the folder: a relay that is running serves from it.
 */
export async function buildPages() {
  await mkdir(TARGET, { recursive: true });
  const wanted = new Set([...COPIED, ...BUNDLED.map((name) => name.replace(/\.ts$/, ".js"))]);
  for (const name of await readdir(TARGET)) {
    if (!wanted.has(name)) await rm(TARGET + name, { recursive: true });
  }
  await Promise.all(COPIED.map((name) => copyFile(SOURCE + name, TARGET + name)));
  await build({
    entryPoints: BUNDLED.map((name) => SOURCE + name),
    outdir: TARGET,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome107", "firefox110", "safari16"],
    // One audio rendition in clear needs none of what the light build leaves out, and a listener loads a third less.
    // Aliased here and not imported by that name because only the full build has types.
    alias: { "hls.js": "hls.js/light" },
    logLevel: "warning",
  });
}
