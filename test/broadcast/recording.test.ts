import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TooManyCalls } from "../../src/broadcast/bounded-bucket.ts";
import { Recording } from "../../src/broadcast/recording.ts";
import type { MediaObject } from "../../src/broadcast/store.ts";

/** Every object that R2 is to have gets there in the end, whatever R2 does. */

/**
 * A bucket that fails on demand: a fake, because neither the local R2 nor the real one can be made to fail. The puts of
 * a real Broadcast are checked against the real runtime's R2 in test/workers.
 */
class Bucket {
  readonly objects = new Map<string, Uint8Array>();
  readonly puts: string[] = [];
  mode: "works" | "fails" | "hangs" | "full" = "works";
  /** Completes the puts that hang, oldest first. */
  readonly hanging: (() => void)[] = [];

  put(key: string, bytes: Uint8Array): Promise<unknown> {
    this.puts.push(key);
    if (this.mode === "hangs") return new Promise((resolve) => this.hanging.push(() => resolve({})));
    if (this.mode === "full") return Promise.reject(new TooManyCalls(4));
    if (this.mode === "fails") return Promise.reject(new Error("10001: internal error"));
    if (this.objects.has(key)) throw new Error(`${key} was put twice`);
    this.objects.set(key, bytes);
    return Promise.resolve({});
  }
}

/** The objects of one timeline that are to be put; the init segment is null. */
function outbox(...msns: (number | null)[]) {
  return {
    msns,
    next: (): MediaObject | null =>
      msns[0] === undefined ? null : { epoch: "mwq4yx3z", msn: msns[0], bytes: Uint8Array.of(msns[0] ?? 0) },
    markKept: ({ msn }: MediaObject) => {
      if (msns.includes(msn)) msns.splice(msns.indexOf(msn), 1);
    },
  };
}

const record = (bucket: Bucket, held: ReturnType<typeof outbox>) =>
  new Recording(bucket as unknown as R2Bucket, "a-b", held);

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  vi.useFakeTimers();
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  warn.mockRestore();
});

describe("a recording", () => {
  test("puts the init segment first, then every segment once, oldest first", async () => {
    const [bucket, held] = [new Bucket(), outbox(null, 3, 4)];
    const recording = record(bucket, held);
    await recording.putAll();
    held.msns.push(5);
    await recording.putAll();
    expect(bucket.puts).toEqual([
      "a-b/mwq4yx3z/init.mp4",
      "a-b/mwq4yx3z/s0000000003.m4s",
      "a-b/mwq4yx3z/s0000000004.m4s",
      "a-b/mwq4yx3z/s0000000005.m4s",
    ]);
    expect(bucket.objects.get("a-b/mwq4yx3z/s0000000004.m4s")).toEqual(Uint8Array.of(4));
    expect(held.msns).toEqual([]);
    expect(recording.failures).toBe(0);
  });

  test("puts what comes just after a run has found nothing, when run again", async () => {
    const [bucket, held] = [new Bucket(), outbox()];
    const recording = record(bucket, held);
    void recording.putAll();
    held.msns.push(3);
    await recording.putAll();
    expect(held.msns).toEqual([]);
  });

  test("leaves nothing out when R2 fails for a while: a later run puts it, in order", async () => {
    const [bucket, held] = [new Bucket(), outbox(null, 3)];
    const recording = record(bucket, held);
    bucket.mode = "fails";
    await recording.putAll();
    held.msns.push(4);
    await recording.putAll();
    expect(bucket.objects.size).toBe(0);
    expect(recording.failures).toBe(2);
    bucket.mode = "works";
    await recording.putAll();
    expect([...bucket.objects.keys()].map((key) => key.slice(13))).toEqual([
      "init.mp4",
      "s0000000003.m4s",
      "s0000000004.m4s",
    ]);
  });

  test("counts no failure where a put was not made, because R2 has too many calls to answer", async () => {
    const [bucket, held] = [new Bucket(), outbox(null, 3)];
    const recording = record(bucket, held);
    bucket.mode = "full";
    await recording.putAll();
    expect([recording.failures, held.msns]).toEqual([0, [null, 3]]);
    expect(warn).not.toHaveBeenCalled();
    bucket.mode = "works";
    await recording.putAll();
    expect(held.msns).toEqual([]);
  });

  test("does not wait for ever for a put that hangs, nor start a second run beside it", async () => {
    const [bucket, held] = [new Bucket(), outbox(null, 3)];
    const recording = record(bucket, held);
    bucket.mode = "hangs";
    const run = recording.putAll();
    expect(recording.putAll()).toBe(run);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(recording.failures).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await run;
    expect(bucket.puts).toHaveLength(1);
    expect(recording.failures).toBe(1);
    bucket.mode = "works";
    await recording.putAll();
    expect(held.msns).toEqual([]);
  });

  test("has at most two puts in flight, however long R2 hangs: the object has only six connections", async () => {
    const [bucket, held] = [new Bucket(), outbox(null, 3, 4, 5)];
    const recording = record(bucket, held);
    bucket.mode = "hangs";
    for (let second = 0; second < 600; second++) {
      void recording.putAll();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(bucket.puts).toHaveLength(2);
    expect(held.msns).toEqual([null, 3, 4, 5]);
    // One put completes, and R2 works again: everything goes on, and the object that came late is not put again.
    bucket.mode = "works";
    bucket.hanging[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(held.msns).toEqual([3, 4, 5]);
    await recording.putAll();
    expect(held.msns).toEqual([]);
    expect(bucket.puts.slice(2).map((key) => key.slice(-8))).toEqual(["0003.m4s", "0004.m4s", "0005.m4s"]);
  });

  test("makes progress even if every put takes R2 longer than its timeout", async () => {
    const [bucket, held] = [new Bucket(), outbox(3, 4, 5)];
    const recording = record(bucket, held);
    bucket.mode = "hangs";
    for (let second = 0; second < 120; second++) {
      void recording.putAll();
      await vi.advanceTimersByTimeAsync(1_000);
      if (second % 12 === 11) bucket.hanging.shift()?.();
    }
    expect(held.msns).toEqual([]);
  });

  test("logs its failure once a run", async () => {
    const [bucket, held] = [new Bucket(), outbox(null, 3)];
    bucket.mode = "fails";
    await record(bucket, held).putAll();
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("10001"));
  });
});
