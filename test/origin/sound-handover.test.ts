import { describe, expect, test } from "vitest";
import type { HoldDescription } from "../../src/hold-api.ts";
import { handOver } from "../../src/origin/sound-handover.ts";
import { PROBLEMS, type Problem } from "../../src/problem.ts";

/** A sound that was put into R2 is deleted again where its broadcast does not use it; a sound that is used never is. */

const KEY = "show/hold/v2.s16le";
const describing = (setAt: number): HoldDescription => ({
  kind: "hold-description",
  hold: "own",
  own: { seconds: 2, loudness: -20, gainDb: -4, setAt },
});
const lost = async (): Promise<never> => {
  throw new Error("the object was reset");
};

/**
 * Hands a sound over to a Broadcast with these answers. Returns the answer and the deleted keys. The Broadcast is a fake, so
 * that it can fail.
 */
async function handed(
  use: () => Promise<HoldDescription | Problem>,
  describe: () => Promise<HoldDescription | Problem>,
) {
  const deleted: string[] = [];
  const bucket = { delete: async (key: string) => void deleted.push(key) } as unknown as R2Bucket;
  const setAtOf = ({ own }: HoldDescription) => own?.setAt ?? null;
  const user = { use, describe, setAtOf };
  const answer = await handOver(bucket, KEY, 2_000, user).catch((error: Error) => error);
  return { answer, deleted };
}

describe("a sound whose Broadcast", () => {
  test("takes it is kept", async () => {
    const { answer, deleted } = await handed(async () => describing(2_000), lost);
    expect([answer, deleted]).toEqual([describing(2_000), []]);
  });

  test("has ended is deleted", async () => {
    const { answer, deleted } = await handed(async () => PROBLEMS.ended, lost);
    expect([answer, deleted]).toEqual([PROBLEMS.ended, [KEY]]);
  });

  test("fails and has another is deleted, and the failure is passed on", async () => {
    const { answer, deleted } = await handed(lost, async () => describing(1_000));
    expect([answer, deleted]).toEqual([new Error("the object was reset"), [KEY]]);
  });

  test("fails after it has taken it is kept, and is answered as set", async () => {
    const { answer, deleted } = await handed(lost, async () => describing(2_000));
    expect([answer, deleted]).toEqual([describing(2_000), []]);
  });

  test("says that it could not, after it has taken it, is kept, and is answered as set", async () => {
    const { answer, deleted } = await handed(
      async () => PROBLEMS.notNow,
      async () => describing(2_000),
    );
    expect([answer, deleted]).toEqual([describing(2_000), []]);
  });

  test.each([
    ["has another", async () => describing(1_000), [KEY]],
    ["has been deleted", async () => PROBLEMS.unknownBroadcast, [KEY]],
    ["can not say which it has", async () => PROBLEMS.notNow, []],
    ["does not answer then", lost, []],
  ])("says that it could not and %s is deleted only if it is certainly not used", async (_, say, gone) => {
    const { answer, deleted } = await handed(async () => PROBLEMS.notNow, say);
    expect([answer, deleted]).toEqual([PROBLEMS.notNow, gone]);
  });

  test("can not be reached at all is kept: it may be what is played", async () => {
    const { answer, deleted } = await handed(lost, lost);
    expect([answer, deleted]).toEqual([new Error("the object was reset"), []]);
  });
});
