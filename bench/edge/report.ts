/** What a held answer cost those who can give it: the ceiling first, then the edge, then whoever else there is. */
export interface Hit {
  readonly kind: "part" | "playlist";
  /** Of the answer. */
  readonly bytes: number;
  readonly contenders: readonly { readonly name: string; readonly costs: readonly number[] }[];
}

/** How much of the ceiling's requests the edge is to give with the same CPU. */
const GOAL = 0.7;

/** One contender in numbers. CPU is microseconds per request: the median of the rounds, and their ends. */
interface Figures {
  readonly name: string;
  readonly cpu: number;
  readonly least: number;
  readonly most: number;
  readonly requestsPerCoreSecond: number;
  /** Median of the rounds' own: neighbours disturb a round's contenders alike. */
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

/** As people read it. */
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

/** For other programs; `constants` are what the simulation (bench/scale) is driven by, by the names it has there. */
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
