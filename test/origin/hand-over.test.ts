import { describe, expect, test } from "vitest";
import type { HoldDescription } from "../../src/hold-api.ts";
import { handOver } from "../../src/origin/hand-over.ts";
import { PROBLEMS, type Problem } from "../../src/problem.ts";

/** A sound that is in R2 and that its broadcast does not use is deleted again; what it uses never is. */

const KEY = "show/hold/v2.s16le";
const describing = (setAt: number): HoldDescription => ({
  kind: "hold-description",
  hold: "own",
  own: { seconds: 2, loudness: -20, gainDb: -4, setAt },
});
const lost = async (): Promise<never> => {
  throw new Error("the object was reset");
};

/** What comes of it where the Broadcast answers like this, and what was deleted. The Broadcast is a fake, for it to fail. */
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

describe("where the Broadcast", () => {
  test("takes it, it stays", async () => {
    const { answer, deleted } = await handed(async () => describing(2_000), lost);
    expect([answer, deleted]).toEqual([describing(2_000), []]);
  });

  test("has ended, it is deleted", async () => {
    const { answer, deleted } = await handed(async () => PROBLEMS.ended, lost);
    expect([answer, deleted]).toEqual([PROBLEMS.ended, [KEY]]);
  });

  test("fails and has another, it is deleted, and the failure is told", async () => {
    const { answer, deleted } = await handed(lost, async () => describing(1_000));
    expect([answer, deleted]).toEqual([new Error("the object was reset"), [KEY]]);
  });

  test("fails after it has taken it, it stays and is what is set", async () => {
    const { answer, deleted } = await handed(lost, async () => describing(2_000));
    expect([answer, deleted]).toEqual([describing(2_000), []]);
  });

  test("says that it could not after it has taken it, it stays and is what is set", async () => {
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
  ])(
    "says that it could not and %s, it is deleted only where it is certain that it is not used",
    async (_, say, gone) => {
      const { answer, deleted } = await handed(async () => PROBLEMS.notNow, say);
      expect([answer, deleted]).toEqual([PROBLEMS.notNow, gone]);
    },
  );

  test("can not be reached at all, it stays: it may be what is played", async () => {
    const { answer, deleted } = await handed(lost, lost);
    expect([answer, deleted]).toEqual([new Error("the object was reset"), []]);
  });
});
