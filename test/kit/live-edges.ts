import type { LiveEdge } from "../../src/live-edge.ts";

/** Live edges for tests. */
export const EPOCH = "mwq4uj3r";
export const NOW = 1_800_000_000_000;
/** Segments 10 to 20 are listed, three parts of 21 are there, two more make it whole; clocks may differ by 1 s. */
export const LIVE: LiveEdge = {
  epoch: EPOCH,
  ended: false,
  firstMsn: 10,
  lastMsn: 20,
  openParts: 3,
  partsPerSegment: 5,
  partMillis: 400,
  listsParts: true,
  endsAt: NOW,
  former: [],
};
export const ENDED: LiveEdge = { ...LIVE, ended: true, openParts: 0 };
/** Whole segments alone are listed. */
export const PLAIN: LiveEdge = { ...LIVE, listsParts: false };
