import { afterAll, beforeAll, expect, test } from "vitest";
import { take } from "../../../bench/load/turn.ts";
import { ForeignServer } from "./foreign.ts";

/** The load tool's listeners play another project's server. */

let server: ForeignServer;
beforeAll(async () => {
  server = await ForeignServer.start();
});
afterAll(() => server.close());

test("listeners play another project's server: they fetch each part once, as a byte range, as soon as it exists", async () => {
  const playbackUrls = Array.from({ length: 4 }, () => server.url);
  const cpu = () => ({ server: 0, group: 0 });
  const { notes, outcome, requests } = await take({ playbackUrls, ramp: 1, duration: 3, exitSpike: 0, cpu });
  expect(outcome).toEqual({ joined: 4, failedJoins: 0, givenUp: 0, stalls: 0, stalledFor: 0 });
  expect([...notes.traffic.failures]).toEqual([]);
  expect(server.strange).toEqual([]);
  expect(notes.start.total).toBe(4);
  // Each listens for 3 to 4 s, to parts of 200 ms. Besides the parts there is a list for each, and the requests of joining.
  expect(notes.delivery.total).toBeGreaterThan(4 * 14);
  expect(notes.delivery.total).toBeLessThan(4 * 21);
  expect(requests).toBeLessThan(4 * (2 * 21 + 8));
  expect(notes.delivery.read()?.p50).toBeLessThan(100);
});
