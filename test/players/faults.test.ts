import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startChromium } from "../kit/chromium.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { ARE_LONG, chosenOf, NONE_HERE } from "./chosen-faults.ts";
import { type FaultRig, startRig } from "./fault-rig.ts";
import { AT_ONCE, FaultTable } from "./fault-table.ts";
import { HOST_FAULTS, hostNetworkGone } from "./host-faults.ts";
import { RELAY_FAULTS, r2Outage, resets } from "./relay-faults.ts";
import { sfuFaults } from "./sfu-faults.ts";

// Faults of the host, the SFU and the relay while players listen: listeners hear on and the recording is whole. Each
// fault has a show of its own; some shows run at the same time.

const LONG = [
  resets(20, 15_000),
  r2Outage("refuses", 600_000),
  r2Outage("hangs", 600_000),
  hostNetworkGone(600_000, [595_000, 620_000]),
];
/** All rows may have to end before the first one is judged. */
const TIMEOUT_MS = ARE_LONG ? 2_400_000 : 900_000;
const withStandIn = ARE_LONG ? LONG : chosenOf([...RELAY_FAULTS, ...HOST_FAULTS]);
const withFake = chosenOf(sfuFaults(() => fake));

let browser: Browser;
let fake: FakeSfu;
let rigs: readonly FaultRig[];
const table = new FaultTable(AT_ONCE);

beforeAll(async () => {
  browser = await startChromium();
  fake = await FakeSfu.start();
  // One after the other: starting a rig runs the build.
  const [first, second] = [await startRig(browser), await startRig(browser, fake.url)];
  rigs = [first, second];
  table.begin([
    ...withStandIn.map((fault) => ({ fault, rig: first })),
    ...withFake.map((fault) => ({ fault, rig: second })),
  ]);
});
afterAll(async () => {
  console.log(table.text);
  for (const rig of rigs) await rig.close();
  fake.close();
  await browser.close();
});

// A file without a test would be an error.
if (withStandIn.length + withFake.length === 0) test.skip(NONE_HERE);
describe.each([...withStandIn, ...withFake])("$name", (fault) => {
  test("listeners hear on, and the recording is whole", { timeout: TIMEOUT_MS }, async () => {
    const { errors, findings } = await table.rowOf(fault);
    expect(findings).toEqual([]);
    expect(errors).toEqual([]);
  });
});
