import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";

/** The file in which the relay on this machine keeps its secrets, in the folder where it is started. */
export const DEV_VARS = ".dev.vars";

/**
 * Returns the value of a variable in the text of a `.dev.vars` file, which has the form of dotenv as wrangler reads it: quotes are
 * no part of a value, `#` outside quotes begins a comment, and the last of several lines holds. Null where it is absent or empty.
 */
export function variableIn(text: string, name: string): string | null {
  const value = parseEnv(text)[name] ?? "";
  return value === "" ? null : value;
}

/** Returns the admin token of the environment, else of the project's `.dev.vars`; null where neither has one. */
export async function storedAdminToken(): Promise<string | null> {
  if (process.env.ADMIN_TOKEN) return process.env.ADMIN_TOKEN;
  const text = await readFile(new URL(`../${DEV_VARS}`, import.meta.url), "utf8").catch(() => "");
  return variableIn(text, "ADMIN_TOKEN");
}
