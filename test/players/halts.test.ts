import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chosenOf, NONE_HERE } from "./chosen-faults.ts";
import { type FaultRig, startRig } from "./fault-rig.ts";
import { FaultTable } from "./fault-table.ts";
import { RUNTIME_FAULTS } from "./runtime-faults.ts";

// The whole runtime is ended and restarted, stopped for a while, or has its clock set, one after the other, while
// players listen: they hear on, and the recording is whole.

const faults = chosenOf(RUNTIME_FAULTS);

let rig: FaultRig;
const table = new FaultTable(1);

beforeAll(async () => {
  rig = await startRig();
  table.begin(faults.map((fault) => ({ fault, rig })));
});
afterAll(async () => {
  console.log(table.text);
  await rig.close();
});

// A file without a test would be an error.
if (faults.length === 0) test.skip(NONE_HERE);
describe.each(faults)("$name", (fault) => {
  test("listeners hear on, and the recording is whole", async () => {
    const { errors, findings } = await table.rowOf(fault);
    expect(findings).toEqual([]);
    expect(errors).toEqual([]);
  });
});
