import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** A file of TypeScript. */
export interface Source {
  /** Relative to the project's root. */
  readonly path: string;
  readonly text: string;
}

/** Reads the TypeScript files of a folder and of all folders in it, without declaration files. */
export function readTree(folder: string): Source[] {
  const root = join(import.meta.dirname, "..", "..");
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: path.slice(root.length + 1), text: readFileSync(path, "utf8") };
    });
}

/** Returns a source's text without its block comments. */
export function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "");
}

/** Returns the path of what a file imports by a relative specifier. */
export function targetOf(path: string, specifier: string): string {
  return normalize(join(dirname(path), specifier));
}
