import { describe, expect, test } from "vitest";
import { readOptions } from "../../bench/edge/options.ts";
import { type Hit, toJson, toText } from "../../bench/edge/report.ts";
import { Misuse } from "../../bench/misuse.ts";

/** What `npm run bench:edge` prints and stores. */

const HIT: Hit = {
  kind: "part",
  bytes: 10_650,
  contenders: [
    { name: "a Worker that has the answer", costs: [60, 50, 80] },
    { name: "Earshot's edge", costs: [75, 80, 90] },
    { name: "nginx", costs: [12, 10, 11] },
  ],
};

describe("the edge benchmark", () => {
  test("prints medians with their range, and how near the edge comes to its ceiling", () => {
    expect(toText(HIT)).toMatchInlineSnapshot(`
      "A part that is held (10650 bytes)
        a Worker that has the answer      60 us of CPU (50 to 80)   16667 requests/s/core  
        Earshot's edge                    80 us of CPU (75 to 90)   12500 requests/s/core  0.80 of the Worker (goal: 0.7)
        nginx                             11 us of CPU (10 to 12)   90909 requests/s/core  5.00 of the Worker
      "
    `);
  });

  test("stores the same as JSON, with the constants for the simulation", () => {
    const report = JSON.parse(toJson("a machine", "wrk", [HIT]));
    expect(report).toMatchObject({
      machine: "a machine",
      loader: "wrk",
      constants: { partCpuMs: 0.08 },
    });
    expect(report.hits[0].contenders[1]).toEqual({
      name: "Earshot's edge",
      cpu: 80,
      least: 75,
      most: 90,
      requestsPerCoreSecond: 12_500,
      ofCeiling: 0.8,
    });
  });

  test("takes a file for the report, and refuses unknown options", () => {
    expect(readOptions([])).toEqual({ json: null });
    expect(readOptions(["--json", "edge.json"])).toEqual({ json: "edge.json" });
    expect(readOptions(["--help"])).toBe("help");
    expect(() => readOptions(["--rounds", "3"])).toThrow(Misuse);
    expect(() => readOptions(["--json"])).toThrow(Misuse);
  });
});
