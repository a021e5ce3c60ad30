import type { LiveEdge } from "../../src/live-edge.ts";

/** Live edges for tests. */
export const EPOCH = "mwq4uj3r";
export const NOW = 1_800_000_000_000;
/** Segments 10 to 20 are listed; segment 21 has three parts, and two more complete it. */
export const LIVE: LiveEdge = {
  epoch: EPOCH,
  ended: false,
  oldestMsn: 0,
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
/** Only whole segments are listed. */
export const PLAIN: LiveEdge = { ...LIVE, listsParts: false };
