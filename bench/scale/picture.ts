import { short } from "./report.ts";
import { BROADCAST_GOAL, type Run } from "./run.ts";

const COLOURS = { low: "#b3261e", balanced: "#1a5fb4", economy: "#2b7a3d" } as const;
const PANEL = { width: 460, height: 300 };
const LEFT = 80;
const TOP = 100;
const GAP = 110;

/** Draws two panels over the number of listeners, all axes logarithmic: dollars per hour, and requests at edge and origin. */
export function picture(runs: readonly Run[], subtitle: string): string {
  const right = LEFT + PANEL.width + GAP;
  const width = right + PANEL.width + 190;
  const height = TOP + PANEL.height + 70;
  const x = axis(
    runs.map(({ outcome }) => outcome.listeners),
    0,
    PANEL.width,
  );
  const dollars = runs.map((run) => run.dollarsPerListenerHour * run.outcome.listeners);
  const rates = runs.flatMap(({ outcome }) => [outcome.edge.peak, outcome.origin.peak]);
  const cost = axis(dollars, PANEL.height, 0);
  const load = axis([...rates, BROADCAST_GOAL], PANEL.height, 0);
  const goal = load.at(BROADCAST_GOAL).toFixed(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#1c1b1f">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(LEFT, 34, "What a show costs, and what reaches its origin", 'font-size="19" font-weight="600"'),
    text(LEFT, 56, subtitle, 'fill="#605d64"'),
    `<g transform="translate(${LEFT} ${TOP})">`,
    text(0, -12, "List price, US dollars an hour", 'font-weight="600"'),
    grid(x, cost, (value) => `$${value < 1 ? value : short(value)}`),
    ...series(
      runs,
      (run) => [x.at(run.outcome.listeners), cost.at(run.dollarsPerListenerHour * run.outcome.listeners)],
      {
        label: ({ outcome }) => outcome.latency,
      },
    ),
    "</g>",
    `<g transform="translate(${right} ${TOP})">`,
    text(0, -12, "Requests a second, busiest second", 'font-weight="600"'),
    grid(x, load, short),
    `<line x1="0" x2="${PANEL.width}" y1="${goal}" y2="${goal}" stroke="#605d64" stroke-dasharray="5 4"/>`,
    text(6, Number(goal) - 6, `goal for one Broadcast: ${BROADCAST_GOAL}`, 'fill="#605d64"'),
    ...series(runs, ({ outcome }) => [x.at(outcome.listeners), load.at(outcome.edge.peak)], {
      label: ({ outcome }) => `${outcome.latency}, from listeners`,
      dash: "2 4",
    }),
    ...series(runs, ({ outcome }) => [x.at(outcome.listeners), load.at(outcome.origin.peak)], {
      label: ({ outcome }) => `${outcome.latency}, at the origin`,
    }),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** A logarithmic axis over whole decades. */
interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values)));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return { ticks, at: (value) => from + ((Math.log10(value) - low) / Math.max(1, high - low)) * (to - from) };
}

function grid(x: Axis, y: Axis, label: (value: number) => string): string {
  const { width, height } = PANEL;
  const rows = y.ticks.map((value) => {
    const at = y.at(value).toFixed(1);
    return `<line x1="0" x2="${width}" y1="${at}" y2="${at}" stroke="#e6e1e5"/>${text(-8, Number(at) + 4, label(value), 'text-anchor="end"')}`;
  });
  const columns = x.ticks.map((value) => {
    const at = x.at(value).toFixed(1);
    return `<line x1="${at}" x2="${at}" y1="0" y2="${height}" stroke="#e6e1e5"/>${text(Number(at), height + 20, short(value), 'text-anchor="middle"')}`;
  });
  return [...rows, ...columns, text(width / 2, height + 44, "listeners", 'text-anchor="middle"')].join("\n");
}

interface Style {
  label(run: Run): string;
  readonly dash?: string;
}

/** Draws a line for each profile. Its label is at its end; labels that would overlap are moved apart. */
function series(
  runs: readonly Run[],
  place: (run: Run) => readonly [number, number],
  style: Style,
): string[] {
  const lines = (["low", "balanced", "economy"] as const)
    .map((latency) => runs.filter(({ outcome }) => outcome.latency === latency))
    .filter((own) => own.length > 0);
  const ends = lines.map((own) => {
    const [x, y] = place(own.at(-1) as Run);
    return { own, x, y, labelY: y };
  });
  ends.sort((a, b) => a.y - b.y);
  for (const [i, end] of ends.entries()) end.labelY = Math.max(end.y, (ends[i - 1]?.labelY ?? -99) + 15);
  return ends.map(({ own, x, labelY }) => {
    const run = own.at(-1) as Run;
    const points = own
      .map((one) =>
        place(one)
          .map((value) => value.toFixed(1))
          .join(","),
      )
      .join(" ");
    const colour = COLOURS[run.outcome.latency];
    const dash = style.dash === undefined ? "" : ` stroke-dasharray="${style.dash}"`;
    const line = `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2.2"${dash}/>`;
    return `${line}${text(x + 8, labelY + 4, style.label(run), `fill="${colour}"`)}`;
  });
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;
}
