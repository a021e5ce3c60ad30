import type { Heard } from "./ears.ts";

/** What one crowd before one server came to. Times are milliseconds. */
export interface Measured {
  readonly listeners: number;
  /** CPU of the server a request, less what the show costs without listeners. */
  readonly cpuPerRequest: number;
  /** CPU of the show with one host and no listener, ms a second. */
  readonly idle: number;
  readonly failed: number;
  readonly stalls: number;
  readonly p50: number;
  readonly p99: number;
  /** From joining to the first media's being here, the median. */
  readonly start: number;
}

/** The figures, a row each and a column for each server; those of the smallest crowd where the crowd's size matters least. */
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

/** What a person at a loudspeaker notices, a row each and a column for each server; one figure for each round. */
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

/** As Markdown; the first row is the head. */
function marked([head = [], ...rows]: readonly (readonly string[])[]): string {
  const rule = head.map(() => "---");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function way({ p50, p99 }: Measured): string {
  return `${p50} / ${p99}`;
}
