/** The cost of one kind of hit: of the ceiling first, then of the edge, then of other contenders. */
export interface Hit {
  readonly kind: "part" | "playlist";
  /** Size of the answer. */
  readonly bytes: number;
  readonly contenders: readonly { readonly name: string; readonly costs: readonly number[] }[];
}

/** The share of the ceiling's requests that the edge should answer with the same CPU. */
const GOAL = 0.7;

/** One contender's figures. CPU is microseconds per request: median, minimum and maximum of the rounds. */
interface Figures {
  readonly name: string;
  readonly cpu: number;
  readonly least: number;
  readonly most: number;
  readonly requestsPerCoreSecond: number;
  /** The median of the rounds' ratios, because other load disturbs all contenders of a round alike. */
  readonly ofCeiling: number;
}

function figuresOf({ contenders }: Hit): Figures[] {
  const ceiling = contenders[0]?.costs ?? [];
  return contenders.map(({ name, costs }) => ({
    name,
    cpu: median(costs),
    least: Math.min(...costs),
    most: Math.max(...costs),
    requestsPerCoreSecond: 1e6 / median(costs),
    ofCeiling: median(costs.map((cost, round) => (ceiling[round] ?? Number.NaN) / cost)),
  }));
}

/** The report as text. */
export function toText(hit: Hit): string {
  const lines = figuresOf(hit).map(({ name, cpu, least, most, requestsPerCoreSecond, ofCeiling }, n) =>
    [
      `  ${name.padEnd(30)}`,
      `${cpu.toFixed(0).padStart(4)} us of CPU (${least.toFixed(0)} to ${most.toFixed(0)})`,
      `${requestsPerCoreSecond.toFixed(0).padStart(6)} requests/s/core`,
      n === 0 ? "" : `${ofCeiling.toFixed(2)} of the Worker${n === 1 ? ` (goal: ${GOAL})` : ""}`,
    ].join("  "),
  );
  return [`A ${hit.kind} that is held (${hit.bytes} bytes)`, ...lines, ""].join("\n");
}

/** The report as JSON. `constants` are inputs of the simulation (bench/scale), by their names there. */
export function toJson(machine: string, loader: string, hits: readonly Hit[]): string {
  const measured = hits.map((hit) => ({ kind: hit.kind, bytes: hit.bytes, contenders: figuresOf(hit) }));
  const constants = Object.fromEntries(
    measured.map(({ kind, contenders }) => [`${kind}CpuMs`, (contenders[1]?.cpu ?? Number.NaN) / 1000]),
  );
  return `${JSON.stringify({ machine, loader, hits: measured, constants }, null, 2)}\n`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
