import { afterAll, beforeAll, expect, test } from "vitest";
import { EARSHOT } from "../kit/deployed.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/** A client that requests the hinted part of a playlist gets it, and loads no part twice. */

let runtime: Runtime;
beforeAll(async () => {
  runtime = await Runtime.start([EARSHOT]);
});
afterAll(() => runtime.close());

const PARTS = 20;

interface Described {
  readonly originReads: { readonly byKind: Readonly<Record<string, number>> };
}

async function readsOf(id: string): Promise<Readonly<Record<string, number>>> {
  return ((await (await runtime.api("GET", `/broadcasts/${id}`)).json()) as Described).originReads.byKind;
}

/** Loads parts as a client does that follows hints without blocking reloads (gohlslib); returns their names. */
async function follow(listener: Listener, parts: number): Promise<string[]> {
  const loaded: string[] = [];
  while (loaded.length < parts) {
    const { hint } = await listener.list();
    if (hint === null) throw new Error("the list hints at nothing");
    await listener.bytes(hint);
    loaded.push(hint);
  }
  return loaded;
}

test.for(["low", "balanced"])(
  "a client that follows the hints of a %s show, with plain reloads between them, loads each part once",
  { timeout: 60_000 },
  async (latency) => {
    const { id, playbackUrl } = await runtime.open({ latency });
    const listener = await Listener.join(playbackUrl);
    await listener.list("_HLS_msn=1&_HLS_part=0");
    const before = await readsOf(id);
    const followed = await Promise.all(Array.from({ length: 3 }, () => follow(listener, PARTS)));
    const after = await readsOf(id);
    for (const loaded of followed) expect(new Set(loaded).size).toBe(PARTS);
    // The parts are in order, and none is left out.
    const { parts } = await listener.list();
    const perSegment = Math.max(...parts.map(({ index }) => index)) + 1;
    const placeOf = (name: string) => {
      const [, msn, index] = /^p(\d+)\.(\d+)\.m4s$/.exec(name) ?? [];
      return Number(msn) * perSegment + Number(index);
    };
    for (const loaded of followed) {
      const places = loaded.map(placeOf);
      expect(places).toEqual(places.map((_, n) => (places[0] ?? 0) + n));
    }
    // The three clients together cost one read of each part, and one playlist with it.
    const reads = (kind: string) => (after[kind] ?? 0) - (before[kind] ?? 0);
    expect(reads("part")).toBeLessThanOrEqual(PARTS + 2);
    expect(reads("playlist")).toBeLessThanOrEqual(PARTS + 4);
  },
);
