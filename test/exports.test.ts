import { expect, test } from "vitest";
import { codeOf, readTree, type Source, targetOf } from "./kit/sources.ts";

/** Whatever a file exports, other than a type, is imported somewhere; else the `export` or the code can go. */

/** Classes that the runtime finds by their names in a Worker's entry, and what Miniflare finds in a plugin. */
const FOUND_BY_NAME = ["Audience", "Broadcast", "Directory", "Origin", "Relay", "plugins"];

/** Returns the exports that no file imports, as `PATH NAME`. */
function unused(sources: readonly Source[]): string[] {
  const imported = new Set(sources.flatMap(importedBy));
  return sources.flatMap(({ path, text }) => {
    const names = [...codeOf(text).matchAll(EXPORTED)].map(([, name = ""]) => name);
    return names
      .filter((name) => !FOUND_BY_NAME.includes(name))
      .map((name) => `${path} ${name}`)
      .filter((one) => !imported.has(one) && !imported.has(`${path} *`));
  });
}
const EXPORTED = /^export (?:abstract |async )?(?:function\*?|const|let|class|enum) (\w+)/gm;

/** Returns what a file imports or exports again, as `PATH NAME`; `*` for all of a file. */
function importedBy({ path, text }: Source): string[] {
  const code = codeOf(text);
  const named = [...code.matchAll(NAMED)].flatMap(([, names = "", specifier = ""]) =>
    names
      .split(",")
      .map(
        (name) =>
          name
            .trim()
            .replace(/^type /, "")
            .split(" as ")[0],
      )
      .map((name) => `${targetOf(path, specifier)} ${name}`),
  );
  const whole = [...code.matchAll(WHOLE)].map(([, specifier = ""]) => `${targetOf(path, specifier)} *`);
  return [...named, ...whole];
}
const NAMED = /\b(?:import|export)\b[^;{]*\{([^}]*)\}\s*from "(\.[^"]+)"/g;
const WHOLE = /(?:\* (?:as \w+ )?from|\bimport\() ?"(\.[^"]+)"/g;

test("each exported value is imported by another file", () => {
  const sources = ["src", "local", "test", "bench"].flatMap(readTree);
  expect(sources.length).toBeGreaterThan(400);
  expect(unused(sources)).toEqual([]);
});

test("an export that no file imports is found", () => {
  const one = {
    path: "src/hls/a.ts",
    text: "export const a = 1;\nexport function b() {}\nexport type C = 1;\n",
  };
  expect(unused([one])).toEqual(["src/hls/a.ts a", "src/hls/a.ts b"]);
  const named = { path: "src/b.ts", text: 'import {\n  type C,\n  a as other,\n} from "./hls/a.ts";\n' };
  expect(unused([one, named])).toEqual(["src/hls/a.ts b"]);
  for (const text of ['import * as all from "./hls/a.ts";', 'export * from "./hls/a.ts";'])
    expect(unused([one, { path: "src/b.ts", text }])).toEqual([]);
});
