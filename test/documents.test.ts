import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

/** The documents name only files, npm scripts and links that exist, and ARCHITECTURE's map has every file of src/ and local/. */

const ROOT = join(import.meta.dirname, "..");
const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "docs/lifeboat.md",
];
const FILES = ["src", "local", "test", "bench", "build", "docs", ".github"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
);
const SCRIPTS: ReadonlySet<string> = new Set(
  Object.keys(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).scripts),
);

function read(name: string): string {
  return readFileSync(join(ROOT, name), "utf8");
}

function captures(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
}

/** Returns the files that a text names and that do not exist. A name may leave out the folders that it lies in. */
function missingFiles(text: string): string[] {
  return captures(text, /`([\w./-]+\.(?:ts|mjs|html|md|toml|grit))`/g).filter(
    (name) => !existsSync(join(ROOT, name)) && !FILES.some((file) => file.endsWith(`/${name}`)),
  );
}

function missingScripts(text: string): string[] {
  return captures(text, /npm run ([\w:-]+)/g).filter((name) => !SCRIPTS.has(name));
}

/** Returns the relative links in document `name` that lead nowhere. */
function brokenLinks(name: string, text: string): string[] {
  return captures(text, /\]\(([^)#:]+)(?:#[^)]*)?\)/g).filter(
    (link) => !existsSync(join(ROOT, dirname(name), link)),
  );
}

/**
 * Returns the files and folders that a map names in the first cells of its tables. A name without a folder lies in the folder
 * of the name before it in its cell, else in one of the folders that its section's heading names, else in src/.
 */
function mapped(map: string): string[] {
  let folders: readonly string[] = [];
  return map.split("\n").flatMap((line) => {
    if (line.startsWith("### ")) folders = captures(line, /`([\w/]+)\/`/g).map((folder) => `src/${folder}`);
    if (!line.startsWith("| `")) return [];
    let within: readonly string[] = folders.length > 0 ? folders : ["src"];
    return captures(line.split(" | ")[0] ?? "", /`([^`]+)`/g).flatMap((name) => {
      if (!name.includes("/")) return within.map((folder) => `${folder}/${name}`);
      const path = /^(local|build)\//.test(name) ? name : `src/${name}`;
      within = [dirname(path)];
      return [path];
    });
  });
}

/** Returns the files of `files` that the map does not name, alone or by a folder of theirs. */
function unmapped(map: string, files: readonly string[]): string[] {
  const named = mapped(map);
  return files.filter((file) =>
    named.every((name) => (name.endsWith("/") ? !file.startsWith(name) : name !== file)),
  );
}

describe.each(DOCUMENTS)("%s", (name) => {
  test("names only files, npm scripts and links that exist", () => {
    const text = read(name);
    expect(missingFiles(text)).toEqual([]);
    expect(missingScripts(text)).toEqual([]);
    expect(brokenLinks(name, text)).toEqual([]);
  });
});

test("a file, a script or a link that does not exist is found", () => {
  expect(missingFiles("`limit.ts`, `audio/limiter.ts`, `test/kit/none.ts`")).toEqual(["test/kit/none.ts"]);
  expect(missingScripts("`npm run load -- --help` and `npm run lod`")).toEqual(["lod"]);
  expect(brokenLinks("docs/x.md", "[a](lifeboat.md#x) [b](../README.md) [c](#d) [e](README.md)")).toEqual([
    "README.md",
  ]);
});

describe("ARCHITECTURE's map", () => {
  test("has every file of src/ and local/", () => {
    const [, map = ""] = /^## The map([\s\S]*?)^## /m.exec(read("ARCHITECTURE.md")) ?? [];
    const sources = FILES.filter((file) => /^(src|local)\/.*\.(ts|html)$/.test(file)).filter(
      (file) => file !== "src/worker.ts" && file !== "local/worker.d.ts",
    );
    expect(sources.length).toBeGreaterThan(200);
    expect(unmapped(map, sources)).toEqual([]);
  });

  test("lacks a file that it does not name in that file's folder", () => {
    const map = [
      "### The edge: `edge/`",
      "| `hold.ts` | a |",
      "| `audio/hold.ts`, `loop.ts` | `edge/b.ts` |",
      "| `local/sfu/` | c |",
    ].join("\n");
    const named = ["src/edge/hold.ts", "src/audio/hold.ts", "src/audio/loop.ts", "local/sfu/api.ts"];
    expect(unmapped(map, [...named, "src/hold.ts", "src/edge/b.ts", "local/sfu.ts"])).toEqual([
      "src/hold.ts",
      "src/edge/b.ts",
      "local/sfu.ts",
    ]);
  });
});
