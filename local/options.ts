import { parseArgs } from "node:util";
import { isAdvertisable, isLoopback, ownAddresses } from "./address.ts";
import { type LifeboatOptions, readLifeboat } from "./lifeboat.ts";

/** The options of `npm start`. */
export interface Options {
  readonly fresh: boolean;
  readonly help: boolean;
  /** Whether changed code is rebuilt. */
  readonly dev: boolean;
  /** Whether to show all that the runtime prints. */
  readonly log: boolean;
  readonly port: number;
  readonly host: string;
  readonly udpPorts?: readonly [number, number];
  /** Where the bucket is served without the Worker; null: it is not served. */
  readonly lifeboat: LifeboatOptions | null;
}

/** Returns an environment variable's value; an empty one counts as not set. */
export function given(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable;
}

/** Parses the command line and the environment. Throws an Error that says in one sentence what is wrong and what to do. */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Options {
  const { fresh = false, help = false, dev = false } = readArguments(args);
  const host = given(env.HOST) ?? "127.0.0.1";
  if (!isAdvertisable(host)) {
    throw new Error(`HOST must be one IP address of this machine (${ownAddresses()}), not "${host}".`);
  }
  if (dev && !isLoopback(host)) {
    throw new Error(
      `npm run dev serves this machine alone: wrangler answers more than the relay does. Unset HOST.`,
    );
  }
  const port = readPort(given(env.PORT) ?? "8787");
  if (port === null) throw new Error(`PORT must be a number from 1 to 65535, not "${env.PORT}".`);
  const udpPorts = env.UDP_PORTS ? { udpPorts: readRange(env.UDP_PORTS) } : {};
  const lifeboat = dev ? null : readLifeboat(given(env.LIFEBOAT), port);
  return { fresh, help, dev, log: Boolean(env.LOG), port, host, lifeboat, ...udpPorts };
}

function readArguments(args: readonly string[]) {
  try {
    const options = {
      fresh: { type: "boolean" },
      help: { type: "boolean" },
      dev: { type: "boolean" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message.split(". ")[0]}. Try npm start -- --help.`);
  }
}

function readRange(text: string): readonly [number, number] {
  const [first, last] = (/^(\d+)-(\d+)$/.exec(text) ?? []).slice(1).map(readPort);
  if (!first || !last || first > last) {
    throw new Error(
      `UDP_PORTS must be two ports from 1 to 65535, the lower one first, such as 40000-40100, not "${text}".`,
    );
  }
  return [first, last];
}

function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}
