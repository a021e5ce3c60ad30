import { readFileSync } from "node:fs";

/** One number the simulation is driven by, and where it is from. */
export interface Constant {
  readonly value: number;
  readonly unit: string;
  readonly source: string;
}

const assumed = (value: number, unit: string, why: string): Constant => ({
  value,
  unit,
  source: `ASSUMPTION: ${why}`,
});

/** What stands where nothing was measured. Cloudflare publishes none of the figures about its machines. */
const DEFAULTS = {
  edgeCpuMs: assumed(0.2, "ms", "CPU of an edge request; `npm run load` and `bench:edge` measure it"),
  originCpuMs: assumed(2, "ms", "CPU of a run of the Origin entrypoint"),
  lowRequests: assumed(5.7, "/s", "of a listener, `low`: hls.js 1.7.4 at parts of 0.384 s"),
  balancedRequests: assumed(3.6, "/s", "of a listener, `balanced`: hls.js 1.7.4 at parts of 0.640 s"),
  economyRequests: assumed(0.53, "/s", "of a listener, `economy`: a list and a segment every 3.84 s"),
  pageShare: assumed(1, "", "of listeners, those who use our page: the link that is posted is its own"),
  statusSeconds: assumed(
    5,
    "s",
    "our page asks for the show's status so often, playing or not (src/web/poll.ts)",
  ),
  isolateRequests: assumed(400, "/s", "an isolate takes this much before the platform starts another"),
  spread: assumed(8, "isolates", "a data centre uses at least so many, however few the requests"),
  dataCentres: assumed(330, "", "cities on cloudflare.com/network, one data centre each"),
  skew: assumed(0.9, "", "the n-th largest data centre has 1/n^skew of the largest one's listeners"),
  upperTiers: assumed(10, "", "data centres that all others ask on a miss; how many is not published"),
  surgeSeconds: assumed(300, "s", "all join within this time, the middle of it twice as fast as its mean"),
  steadySeconds: assumed(120, "s", "then all stay for this time"),
  hosts: assumed(2, "", "hosts on air"),
} satisfies Record<string, Constant>;

export type Name = keyof typeof DEFAULTS | "audienceShards";
export type Constants = Readonly<Record<Name, Constant>>;

/**
 * The constants, those that `measured` has instead of the assumed ones.
 *
 * @param measured a load tool's report: `{"constants": {"edgeCpuMs": 0.31, ...}, "machine"?: "..."}`; other keys of it are
 *   its own. A constant that is not one of ours, or no number above zero, is an error: a typo must not pass for a measurement.
 * @param shards `AUDIENCE_SHARDS` as it is deployed
 */
export function constantsOf(measured: unknown, shards: number): Constants {
  const constants: Record<Name, Constant> = {
    ...DEFAULTS,
    audienceShards: { value: shards, unit: "", source: "wrangler.toml, AUDIENCE_SHARDS" },
  };
  if (measured === null) return constants;
  const { constants: values, machine } = measured as { constants?: unknown; machine?: unknown };
  if (typeof values !== "object" || values === null) throw new Error('The report has no object "constants".');
  for (const [name, value] of Object.entries(values)) {
    const known = constants[name as Name];
    if (known === undefined) throw new Error(`The report's constant "${name}" is none of the simulation's.`);
    if (typeof value !== "number" || !(value > 0))
      throw new Error(`The report's "${name}" is no number above 0.`);
    const where = typeof machine === "string" ? ` on ${machine}` : "";
    constants[name as Name] = { value, unit: known.unit, source: `measured${where}` };
  }
  return constants;
}

/** `AUDIENCE_SHARDS` of the deployed configuration. */
export function deployedShards(wranglerToml: string): number {
  const match = /^AUDIENCE_SHARDS = "(\d+)"$/m.exec(readFileSync(wranglerToml, "utf8"));
  if (match === null) throw new Error(`${wranglerToml} sets no AUDIENCE_SHARDS.`);
  return Number(match[1]);
}
