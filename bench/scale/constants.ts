/** One input of the simulation, and its source. */
export interface Constant {
  readonly value: number;
  readonly unit: string;
  /** "deployed": the value is in the code or its configuration. */
  readonly basis: "measured" | "ASSUMED" | "deployed";
  readonly source: string;
}

const assumed = (value: number, unit: string, why: string): Constant => ({
  value,
  unit,
  basis: "ASSUMED",
  source: why,
});

/** Defaults for what was not measured. Cloudflare does not publish the figures about its machines. */
const DEFAULTS = {
  edgeCpuMs: assumed(
    0.2,
    "ms",
    "CPU of an edge request; `npm run load` measures it, with the origin's share in it",
  ),
  originCpuMs: assumed(2, "ms", "CPU of a run of the Origin entrypoint"),
  lowRequests: assumed(5.7, "/s", "of a listener, `low`: hls.js 1.7.4 at parts of 0.384 s"),
  balancedRequests: assumed(3.6, "/s", "of a listener, `balanced`: hls.js 1.7.4 at parts of 0.640 s"),
  economyRequests: assumed(0.53, "/s", "of a listener, `economy`: a list and a segment every 3.84 s"),
  pageShare: assumed(1, "", "of listeners, those who use our page: the link that is posted is its own"),
  statusSeconds: {
    value: 60,
    unit: "s",
    basis: "deployed",
    source:
      "src/web/poll.ts: our page asks for the show's status so often while its player tells it of events",
  },
  nativeShare: assumed(
    0.4,
    "",
    "of our page's listeners, those on iPhone and iPad, whose browser reads the lists itself",
  ),
  nativeStatusSeconds: {
    value: 5,
    unit: "s",
    basis: "deployed",
    source: "src/web/poll.ts: and so often where the browser reads the lists itself",
  },
  isolateRequests: assumed(400, "/s", "an isolate takes this much before the platform starts another"),
  spread: assumed(8, "isolates", "a data centre uses at least so many, however few the requests"),
  dataCentres: assumed(330, "", "cities on cloudflare.com/network, one data centre each"),
  skew: assumed(0.9, "", "the n-th largest data centre has 1/n^skew of the largest one's listeners"),
  upperTiers: assumed(10, "", "data centres that all others ask on a miss; how many is not published"),
  surgeSeconds: assumed(300, "s", "all join within this time, the middle of it twice as fast as its mean"),
  steadySeconds: assumed(120, "s", "then all stay for this time"),
  hosts: assumed(2, "", "hosts on air"),
  failoverSeconds: assumed(
    2,
    "s",
    "in which all our pages come to the copy where every Worker fails at once",
  ),
  returnSeconds: assumed(60, "s", "in which they come back, each at a random moment"),
  reportMs: assumed(5, "ms", "an Audience object runs for each report and each read of the figure"),
} satisfies Record<string, Constant>;

export type Name = keyof typeof DEFAULTS | "partCpuMs" | "playlistCpuMs";
export type Constants = Readonly<Record<Name, Constant>>;

/** A report of one of the other tools, and the file it was read from. */
export interface Measured {
  readonly file: string;
  /**
   * `{"constants": {"edgeCpuMs": 0.31, ...}, "machine"?: "..."}`; other keys are ignored. An unknown constant, or one that is not
   * a number above zero, is an error: a typo must not pass for a measurement.
   */
  readonly report: unknown;
}

/**
 * Returns the constants, with measured values in place of assumed ones. If two reports have the same one, the later wins.
 */
export function constantsOf(measured: readonly Measured[]): Constants {
  const found = new Map(measured.flatMap((one) => Object.entries(valuesOf(one))));
  const edgeCpuMs = found.get("edgeCpuMs") ?? DEFAULTS.edgeCpuMs;
  const hit = (kind: string) =>
    assumed(
      edgeCpuMs.value,
      "ms",
      `as edgeCpuMs; CPU of a ${kind} that is held, \`npm run bench:edge\` measures it`,
    );
  const constants: Record<Name, Constant> = {
    partCpuMs: hit("part"),
    playlistCpuMs: hit("playlist"),
    ...DEFAULTS,
  };
  for (const [name, { value, source }] of found) {
    const known = constants[name as Name];
    if (known === undefined) throw new Error(`the report's constant "${name}" is none of the simulation's`);
    constants[name as Name] = { value, unit: known.unit, basis: "measured", source };
  }
  return constants;
}

/** Returns the constants that a report measured, by name. */
function valuesOf({ file, report }: Measured): Record<string, Pick<Constant, "value" | "source">> {
  const { constants, machine } = (report ?? {}) as { constants?: unknown; machine?: unknown };
  if (typeof constants !== "object" || constants === null)
    throw new Error('the report has no object "constants"');
  const source = `${file}${typeof machine === "string" ? `, on ${machine}` : ""}`;
  return Object.fromEntries(
    Object.entries(constants).map(([name, value]) => {
      if (typeof value !== "number" || !(value > 0))
        throw new Error(`the report's "${name}" is no number above 0`);
      return [name, { value, source }];
    }),
  );
}
