import type { Heard } from "./ears.ts";

/** The results of one crowd on one server. Times are milliseconds. */
export interface Measured {
  readonly listeners: number;
  /** The server's CPU per request, without the show's cost when it has no listeners. */
  readonly cpuPerRequest: number;
  /** CPU of the show with one host and no listener, ms per second. */
  readonly idle: number;
  readonly failed: number;
  readonly stalls: number;
  readonly p50: number;
  readonly p99: number;
  /** Median time from joining until the first media has arrived. */
  readonly start: number;
}

/** Returns a table with a row per figure and a column per server. Figures that hardly depend on the crowd are the smallest's. */
export function table(results: ReadonlyMap<string, readonly Measured[]>): string {
  const sizes = [...new Set([...results.values()].flat().map(({ listeners }) => listeners))];
  const [least = 0, ...crowds] = sizes.sort((a, b) => a - b);
  const row = (figure: string, listeners: number, show: (measured: Measured) => string) => [
    figure,
    ...[...results.values()].map((all) => {
      const measured = all.filter((one) => one.listeners === listeners);
      return measured.length === 0 ? "-" : measured.map(show).join(", ");
    }),
  ];
  const rows = [
    ["figure", ...results.keys()],
    row("CPU of a show with one host and no listener, ms/s", least, ({ idle }) => idle.toFixed(0)),
    row(`last sample, by the list's dates, to part fetched, ${least} listeners, p50 / p99 ms`, least, way),
    row("joining to first media here, median ms", least, ({ start }) => start.toFixed(0)),
    ...crowds.flatMap((count) => [
      row(`CPU per request of ${count} listeners, us`, count, (one) => (1000 * one.cpuPerRequest).toFixed(0)),
      row(`stalls, failed listeners of ${count}`, count, ({ stalls, failed }) => `${stalls}, ${failed}`),
      row(`last sample to part fetched by all of ${count}, p50 / p99 ms`, count, way),
    ]),
  ];
  return marked(rows);
}

/** Returns a table of what a person at a loudspeaker notices: a row per figure, a column per server, a value per round. */
export function heardTable(results: ReadonlyMap<string, readonly Heard[]>): string {
  const row = (figure: string, read: (heard: Heard) => number) => [
    figure,
    ...[...results.values()].map((all) =>
      all.map((one) => (Number.isNaN(read(one)) ? "-" : read(one).toFixed(0))).join(", "),
    ),
  ];
  return marked([
    ["figure", ...results.keys()],
    row("mouth to ear, hls.js alone, ms", ({ bare }) => bare),
    row("mouth to ear, the server's own page, ms", ({ own }) => own),
    row("press play to sound, warm, hls.js alone, ms", ({ bareStart }) => bareStart),
    row("press play to sound, warm, the server's own page, ms", ({ ownStart }) => ownStart),
    row("stalls", ({ stalls }) => stalls),
  ]);
}

/** Formats a Markdown table; the first row is its head. */
function marked([head = [], ...rows]: readonly (readonly string[])[]): string {
  const rule = head.map(() => "---");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function way({ p50, p99 }: Measured): string {
  return `${p50} / ${p99}`;
}
