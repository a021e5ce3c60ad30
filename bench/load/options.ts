import { parseArgs } from "node:util";
import type { Latency } from "../../src/media.ts";
import { Misuse } from "../misuse.ts";

export const USAGE = `npm run load -- [options]

Puts listeners on a relay, each one a faithful HLS or LL-HLS player without a decoder, and reports what they got and
what it cost. By default the relay is its own, on this machine, and ends with it.

  --listeners N       how many (default 200)
  --ramp S            seconds over which they join (default 10)
  --duration S        seconds that all of them stay after the ramp (default 20)
  --mix PROFILES      their shares by profile, e.g. low=1,balanced=8,economy=1 (default balanced=1)
  --exit-spike SHARE  a share of them (0 to 1) leaves in one instant, half way through the duration
  --isolates N        puts N edges before the relay's origin, each in a runtime of its own, and divides the listeners
                      among them (default 0: edge and origin share one runtime, as one isolate); not with --target
  --target URL        a relay that is running already; its admin token is taken from ADMIN_TOKEN
  --peer URL          any other server's multivariant playlist, LL-HLS or HLS, with dates; somebody publishes there
  --peer-pid PID      its process on this machine, for its CPU
  --i-own-this-host   allows a --target or --peer that is not this machine
  --json FILE         writes the report as JSON too
  --help              this text

For what never changes (init, parts, segments, lists that are waited for) it prints fetches per object; for what is kept
for a second, fetches a second. Of a --target it is not known how many isolates it has, how many of the lists were waited for,
and what its Broadcast and Audience were asked.

The exit code is 1 where a listener could not join, stalled or gave up, or where an isolate fetched what never changes
more than once (1.02 times by kind; not of a --target), 2 where the options are wrong.`;

const MIX = "balanced=1";
/** The limits of one run, on any relay. */
const MOST = { listeners: 20_000, seconds: 3_600 };

export interface Options {
  readonly listeners: number;
  /** In seconds, like `duration`. */
  readonly ramp: number;
  readonly duration: number;
  readonly mix: Readonly<Partial<Record<Latency, number>>>;
  readonly exitSpike: number;
  readonly isolates: number;
  /** Without a trailing slash; null to start a relay. */
  readonly target: string | null;
  /** The multivariant playlist's URL on another server; null to measure a relay. */
  readonly peer: string | null;
  readonly peerPid: number | null;
  readonly json: string | null;
}

/** Parses the command line; "help" if that was given. Throws {@link Misuse}. */
export function readOptions(args: readonly string[]): Options | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const target = values.target ?? null;
  const peer = values.peer ?? null;
  if (peer !== null && (target !== null || values.isolates !== "0" || values.mix !== MIX))
    throw new Misuse("--peer goes with no --target, no --isolates and no --mix.");
  if (peer === null && values["peer-pid"] !== undefined) throw new Misuse("--peer-pid is of a --peer.");
  for (const [name, url] of Object.entries({ "--target": target, "--peer": peer })) {
    if (url !== null && !isLoopback(name, url) && !values["i-own-this-host"])
      throw new Misuse(`${url} is not this machine. Load is for relays of your own: say --i-own-this-host.`);
  }
  const isolates = number("--isolates", values.isolates, 0, 16);
  if (target !== null && isolates > 0)
    throw new Misuse("--isolates are of the tool's own relay, not a --target.");
  return {
    listeners: number("--listeners", values.listeners, 1, MOST.listeners),
    ramp: number("--ramp", values.ramp, 0, MOST.seconds),
    duration: number("--duration", values.duration, 5, MOST.seconds),
    mix: readMix(values.mix),
    isolates,
    exitSpike: number("--exit-spike", values["exit-spike"], 0, 1),
    target: target?.replace(/\/+$/, "") ?? null,
    peer,
    peerPid: values["peer-pid"] === undefined ? null : number("--peer-pid", values["peer-pid"], 1, 2 ** 22),
    json: values.json ?? null,
  };
}

/** Divides `listeners` among the profiles; the largest share takes the rounding remainder. */
export function allot(listeners: number, mix: Options["mix"]): [Latency, number][] {
  const shares = Object.entries(mix) as [Latency, number][];
  const whole = shares.reduce((sum, [, share]) => sum + share, 0);
  const counts = shares.map(([profile, share]): [Latency, number] => [
    profile,
    Math.floor((listeners * share) / whole),
  ]);
  const largest = counts.reduce((a, b) => (b[1] > a[1] ? b : a));
  largest[1] += listeners - counts.reduce((sum, [, count]) => sum + count, 0);
  return counts.filter(([, count]) => count > 0);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        listeners: { type: "string", default: "200" },
        ramp: { type: "string", default: "10" },
        duration: { type: "string", default: "20" },
        mix: { type: "string", default: MIX },
        "exit-spike": { type: "string", default: "0" },
        isolates: { type: "string", default: "0" },
        target: { type: "string" },
        peer: { type: "string" },
        "peer-pid": { type: "string" },
        "i-own-this-host": { type: "boolean", default: false },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new Misuse((error as Error).message);
  }
}

function isLoopback(name: string, url: string): boolean {
  if (!URL.canParse(url)) throw new Misuse(`${name} must be a URL.`);
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw new Misuse(`${name} must be a number from ${least} to ${most}.`);
}

function readMix(text: string): Options["mix"] {
  const mix: Partial<Record<Latency, number>> = {};
  for (const term of text.split(",")) {
    const [, profile, share] = /^(low|balanced|economy)=(\d+(?:\.\d+)?)$/.exec(term.trim()) ?? [];
    if (profile === undefined || Number(share) === 0) {
      throw new Misuse("--mix must be like low=1,balanced=8,economy=1, each share above 0.");
    }
    mix[profile as Latency] = Number(share);
  }
  return mix;
}
