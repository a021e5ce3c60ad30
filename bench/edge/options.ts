import { parseArgs } from "node:util";
import { Misuse } from "../misuse.ts";

export const USAGE = `npm run bench:edge -- [options]

CPU per request of the edge for a part and a playlist that it holds, beside a Worker that has the same answer ready and,
where it is installed, nginx with the same bytes in a file. Takes about a minute; wrk puts the load on where it is
installed.

  --json FILE  writes the report as JSON too, for \`npm run scale -- --measured FILE\`
  --help       this text`;

export interface Options {
  readonly json: string | null;
}

/** Parses the command line; "help" if that was given. Throws {@link Misuse}. */
export function readOptions(args: readonly string[]): Options | "help" {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { json: { type: "string" }, help: { type: "boolean", default: false } },
    });
    return values.help ? "help" : { json: values.json ?? null };
  } catch (error) {
    throw new Misuse((error as Error).message);
  }
}
