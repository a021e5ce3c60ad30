import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Notice } from "../../src/broadcast/notice.ts";
import type { DirectoryApi, Entry, State } from "../../src/directory-api.ts";

/** What the Directory is told of a broadcast, and when; and that no failure of it reaches the show. */

/**
 * A Directory that fails on demand: a fake, because the real one can not be made to. It records states and removals.
 */
class FakeDirectory implements DirectoryApi {
  readonly calls: string[] = [];
  mode: "works" | "fails" | "hangs" = "works";
  /** Completes the calls that hang, oldest first. */
  readonly hanging: (() => void)[] = [];

  put({ state }: Entry): Promise<void> {
    return this.#answer(state);
  }

  remove(id: string): Promise<void> {
    return this.#answer(`remove ${id}`);
  }

  page(): Promise<never> {
    throw new Error("a Broadcast reads no list");
  }

  #answer(call: string): Promise<void> {
    this.calls.push(call);
    if (this.mode === "hangs") return new Promise((resolve) => this.hanging.push(resolve));
    return this.mode === "fails" ? Promise.reject(new Error("failed by the test")) : Promise.resolve();
  }
}

const ID = "a-b";
const entry = (state: State, changes: Partial<Entry> = {}): Entry => ({
  id: ID,
  title: "A show",
  state,
  latency: "low",
  createdAt: 1_800_000_000_000,
  endedAt: null,
  ...changes,
});

let directory: FakeDirectory;
let notice: Notice;
let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  vi.useFakeTimers();
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  directory = new FakeDirectory();
  notice = new Notice(ID, () => directory);
});
afterEach(() => {
  vi.useRealTimers();
  warn.mockRestore();
});

/** Lets everything happen that takes no time. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe("the Directory is told", () => {
  test("once of each change, and leaves no timer behind", async () => {
    notice.tell(entry("announced"));
    await settle();
    notice.tell(entry("announced"));
    await settle();
    notice.tell(entry("announced", { title: "Another title" }));
    await settle();
    notice.tell(entry("open", { title: "Another title" }));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(directory.calls).toEqual(["announced", "announced", "open"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("only of the fields that its list has", async () => {
    const put = vi.spyOn(directory, "put");
    notice.tell({ ...entry("open"), keyGeneration: 7, timeline: { epoch: "mwq4yx3z" } } as Entry);
    expect(put.mock.calls).toEqual([[entry("open")]]);
  });

  test("at once when a show goes back to a former state", async () => {
    for (const state of ["open", "announced", "open"] as const) {
      notice.tell(entry(state));
      await settle();
    }
    expect(directory.calls).toEqual(["open", "announced", "open"]);
  });

  test("with one call at a time, and then only of the newest state", async () => {
    directory.mode = "hangs";
    notice.tell(entry("announced"));
    for (const state of ["open", "live", "ended"] as const) notice.tell(entry(state));
    await settle();
    expect(directory.calls).toEqual(["announced"]);
    directory.mode = "works";
    directory.hanging[0]?.();
    await settle();
    expect(directory.calls).toEqual(["announced", "ended"]);
  });
});

describe("a Directory that does not accept a notice", () => {
  test("is told again half a minute later until it accepts, each time of the newest state", async () => {
    directory.mode = "fails";
    notice.tell(entry("announced"));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(directory.calls).toEqual(["announced"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(directory.calls).toEqual(["announced", "announced"]);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(`not told of ${ID}`));
    directory.mode = "works";
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(directory.calls).toEqual(["announced", "announced", "announced"]);
  });

  test("is told of the next change at once, and then nothing is repeated", async () => {
    directory.mode = "fails";
    notice.tell(entry("announced"));
    await vi.advanceTimersByTimeAsync(1_000);
    directory.mode = "works";
    notice.tell(entry("open"));
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(directory.calls).toEqual(["announced", "open"]);
  });

  test("is waited for three seconds at most", async () => {
    directory.mode = "hangs";
    notice.tell(entry("announced"));
    notice.tell(entry("open"));
    await vi.advanceTimersByTimeAsync(2_999);
    expect(warn).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(warn).toHaveBeenCalledOnce();
    directory.mode = "works";
    await vi.advanceTimersByTimeAsync(30_000);
    expect(directory.calls).toEqual(["announced", "open"]);
  });

  test("because there is none does no harm to the show", async () => {
    const lost = new Notice(ID, () => {
      throw new TypeError("there is no such binding");
    });
    expect(() => lost.tell(entry("open"))).not.toThrow();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(warn).toHaveBeenCalledTimes(3);
    await expect(lost.remove()).rejects.toThrow("no such binding");
  });
});

describe("a deleted broadcast", () => {
  test("is forgotten, and nothing is told of it afterwards, not even what failed before", async () => {
    directory.mode = "fails";
    notice.tell(entry("ended"));
    await settle();
    directory.mode = "works";
    await notice.remove();
    expect(vi.getTimerCount()).toBe(0);
    expect(directory.calls).toEqual(["ended", `remove ${ID}`]);
  });

  test("is forgotten while a notice is in flight, and the notice's failure is not retried", async () => {
    directory.mode = "hangs";
    notice.tell(entry("ended"));
    directory.mode = "works";
    await notice.remove();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(directory.calls).toEqual(["ended", `remove ${ID}`]);
  });

  test("is told of no more if the Directory does not confirm the removal, and the caller learns of that", async () => {
    notice.tell(entry("ended"));
    await settle();
    directory.mode = "hangs";
    const removed = notice.remove();
    const refused = expect(removed).rejects.toThrow("no answer in 3000 ms");
    await vi.advanceTimersByTimeAsync(3_000);
    await refused;
    expect(vi.getTimerCount()).toBe(0);
    directory.mode = "works";
    await notice.remove();
    expect(directory.calls).toEqual(["ended", `remove ${ID}`, `remove ${ID}`]);
  });

  test("leaves its name free: the next broadcast of that name is told of", async () => {
    notice.tell(entry("announced"));
    await settle();
    await notice.remove();
    notice.tell(entry("announced"));
    await settle();
    expect(directory.calls).toEqual(["announced", `remove ${ID}`, "announced"]);
  });
});
