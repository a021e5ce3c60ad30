import { expect, test } from "vitest";
import { heardTable, type Measured, table } from "../../bench/peer/table.ts";

/** The tables that `npm run bench:peer` prints. */

const of = (listeners: number, over: Partial<Measured> = {}): Measured => ({
  listeners,
  cpuPerRequest: 0.1484,
  idle: 87.4,
  failed: 0,
  stalls: 0,
  p50: 122,
  p99: 150,
  start: 31.2,
  ...over,
});

test("the table of peers has a column for each, every round's figures, and a dash where nothing was measured", () => {
  const ours = [of(500, { stalls: 3, failed: 1 }), of(10), of(500)];
  expect(
    table(
      new Map([
        ["Earshot", ours],
        ["Peer", [of(10, { idle: 17, p50: 29, p99: 31 })]],
      ]),
    ),
  ).toBe(
    `| figure | Earshot | Peer |
| --- | --- | --- |
| CPU of a show with one host and no listener, ms/s | 87 | 17 |
| last sample, by the list's dates, to part fetched, 10 listeners, p50 / p99 ms | 122 / 150 | 29 / 31 |
| joining to first media here, median ms | 31 | 31 |
| CPU per request of 500 listeners, us | 148, 148 | - |
| stalls, failed listeners of 500 | 3, 1, 0, 0 | - |
| last sample to part fetched by all of 500, p50 / p99 ms | 122 / 150, 122 / 150 | - |`,
  );
});

test("the table of what is heard has every round's figures, and a dash where a server has no page of its own", () => {
  const heard = { bare: 1486.4, own: 1435.9, bareStart: 171.2, ownStart: 110.3, stalls: 0 };
  const pageless = { ...heard, own: Number.NaN, ownStart: Number.NaN, stalls: 2 };
  expect(
    heardTable(
      new Map([
        ["Earshot", [heard, { ...heard, ownStart: 120 }]],
        ["Peer", [pageless]],
      ]),
    ),
  ).toBe(
    `| figure | Earshot | Peer |
| --- | --- | --- |
| mouth to ear, hls.js alone, ms | 1486, 1486 | 1486 |
| mouth to ear, the server's own page, ms | 1436, 1436 | - |
| press play to sound, warm, hls.js alone, ms | 171, 171 | 171 |
| press play to sound, warm, the server's own page, ms | 110, 120 | - |
| stalls | 0, 0 | 2 |`,
  );
});
