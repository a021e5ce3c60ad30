import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Session } from "../../../local/sfu/session.ts";

/** The time limits of a session. */

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a session to which nobody connects expires after 30 s, and reports that once", () => {
  const ends: string[] = [];
  const session = new Session("id", { host: "127.0.0.1" }, (reason) => ends.push(reason));
  vi.advanceTimersByTime(29_900);
  expect([session.state, ends]).toEqual(["new", []]);
  vi.advanceTimersByTime(600);
  expect([session.state, ends]).toEqual(["closed", ["nobody connected in time"]]);
  session.close("again");
  expect(ends).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("a caller that waits for a session is answered when the time is up or when the session closes", async () => {
  const session = new Session("id", { host: "127.0.0.1" }, () => {});
  const waiting = session.until(() => false, 5_000);
  vi.advanceTimersByTime(5_000);
  expect(await waiting).toBe(false);
  const interrupted = session.until(() => false, 5_000);
  session.close("over");
  expect(await interrupted).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
