import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const SOURCE = fileURLToPath(new URL("../src/web/", import.meta.url));
const TARGET = fileURLToPath(new URL("../dist/web/", import.meta.url));

const COPIED = ["index.html", "listen.html", "embed.html", "studio.html", "icon.svg", "_redirects"];
const WRITTEN = ["_headers", "lifeboat.json"];
const BUNDLED = ["listen.ts", "studio.ts", "page.css"];

/**
 * The base URL of the copy that is served without a Worker: the environment's LIFEBOAT_URL, else that of wrangler.toml; null where
 * there is none. Throws where it is none that has a host alone.
 */
async function lifeboatUrl() {
  const config = await readFile(new URL("../wrangler.toml", import.meta.url), "utf8");
  const [, configured = ""] = /^LIFEBOAT_URL\s*=\s*"([^"]*)"/m.exec(config) ?? [];
  const url = (process.env.LIFEBOAT_URL ?? configured).replace(/\/$/, "");
  if (url === "") return null;
  if (/^https?:\/\/[^\s"/?#;,]+$/.test(url)) return url;
  throw new Error(
    `LIFEBOAT_URL must be the URL of the bucket's domain, such as https://copy.example.org, not "${url}".`,
  );
}

/** The headers of the pages that play let them load from the copy. */
function withCopy(headers, url) {
  const rules = headers.split("\n");
  const open = (rule) => rule.replace(/(?:connect|media)-src 'self'/g, `$& ${url}`);
  return rules.map((rule) => (rule.includes("media-src") ? open(rule) : rule)).join("\n");
}

/**
 * Builds the static pages into dist/web: one script per page (hls.js bundled in), one style sheet, and the asset
 * service's own _redirects and _headers. dist/web holds nothing else afterwards. Files are replaced in place, never
 * the folder: a relay that is running serves from it.
 */
export async function buildPages() {
  await mkdir(TARGET, { recursive: true });
  const wanted = new Set([...COPIED, ...WRITTEN, ...BUNDLED.map((name) => name.replace(/\.ts$/, ".js"))]);
  for (const name of await readdir(TARGET)) {
    if (!wanted.has(name)) await rm(TARGET + name, { recursive: true });
  }
  await Promise.all(COPIED.map((name) => copyFile(SOURCE + name, TARGET + name)));
  const lifeboat = await lifeboatUrl();
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
    // One audio rendition in clear needs none of what the light build leaves out, and a listener loads a third less.
    // Aliased here and not imported by that name because only the full build has types.
    alias: { "hls.js": "hls.js/light" },
    logLevel: "warning",
  });
}
