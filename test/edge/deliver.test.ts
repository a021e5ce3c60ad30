import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Delivery } from "../../src/edge/deliver.ts";
import type { Directives } from "../../src/media.ts";

// Which list an isolate hands out, when caches between it and the origin may have older ones.

const EPOCHS = ["k0000000", "k0000001"] as const;
const PART_MS = 640;

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** A list whose last segment is `lastMsn`, with `openParts` of the next; its text says so. */
function list(epoch: string, lastMsn: number, openParts: number): Response {
  const horizon = `${epoch};live;0;${lastMsn};${openParts};3;${PART_MS};parts;${Date.now()}`;
  const headers = {
    "content-type": "application/vnd.apple.mpegurl",
    "cache-control": "public, max-age=1",
    "earshot-horizon": horizon,
  };
  return new Response(`${epoch} ${lastMsn}.${openParts}`, { headers });
}

/** A delivery whose upstream answers with what is queued, one after the other. */
function upstream() {
  const queue: Response[] = [];
  const origin = { fetch: async () => queue.shift() ?? Response.error() };
  const delivery = new Delivery();
  const ask = async (directives: Directives, epoch: string = EPOCHS[0]) => {
    const target = { kind: "playlist", id: "a", epoch, directives } as const;
    const request = new Request("https://earshot.test/");
    const answer = await delivery.answer(
      () => origin as unknown as Fetcher,
      target,
      request,
      null,
      () => undefined,
    );
    return answer.ok ? answer.text() : String(answer.status);
  };
  return { queue, ask };
}

test("a list that a cache has kept does not take back what has been listed here", async () => {
  const { queue, ask } = upstream();
  queue.push(list(EPOCHS[0], 9, 2), list(EPOCHS[0], 9, 2), list(EPOCHS[0], 10, 0));
  expect(await ask({})).toBe("k0000000 9.2");
  expect(await ask({ msn: 10, part: 2 })).toBe("k0000000 10.0");
  vi.advanceTimersByTime(PART_MS);
  queue.push(list(EPOCHS[0], 9, 2));
  expect(await ask({})).toBe("k0000000 10.0");
  // From the memory now.
  expect(await ask({})).toBe("k0000000 10.0");
  expect(await ask({ msn: 3 })).toBe("k0000000 10.0");
  vi.advanceTimersByTime(PART_MS);
  queue.push(list(EPOCHS[0], 10, 1));
  expect(await ask({})).toBe("k0000000 10.1");
  expect(queue).toEqual([]);
});

test("a newer list of another epoch is no answer to who asks for this one", async () => {
  const { queue, ask } = upstream();
  queue.push(list(EPOCHS[0], 9, 2), list(EPOCHS[0], 9, 2));
  expect(await ask({})).toBe("k0000000 9.2");
  vi.advanceTimersByTime(700);
  queue.push(list(EPOCHS[0], 10, 0));
  expect(await ask({})).toBe("k0000000 10.0");
  // The multivariant playlist, by which the epoch is known, is asked for anew after a second.
  vi.advanceTimersByTime(350);
  queue.push(list(EPOCHS[1], 0, 1), list(EPOCHS[1], 0, 1));
  expect(await ask({}, EPOCHS[1])).toBe("k0000001 0.1");
  expect(await ask({})).toBe("k0000000 10.0");
  vi.advanceTimersByTime(PART_MS);
  expect(await ask({})).toBe("410");
  expect(queue).toEqual([]);
});
