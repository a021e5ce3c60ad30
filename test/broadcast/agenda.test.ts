import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Agenda } from "../../src/broadcast/agenda.ts";
import type { Life } from "../../src/broadcast/life.ts";
import { announce, open } from "../../src/broadcast/lifecycle.ts";
import { Presence } from "../../src/broadcast/presence.ts";
import { PROFILES } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";

/** When the object of a show is to be brought back. */

const NOW = Date.UTC(2026, 10, 26, 20);
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a show that rests is not brought back before it has something to do, whatever is arranged meanwhile", () => {
  const row = announce({ ...DETAILS, id: "show", latency: "low", bitrate: 128_000 }, NOW);
  const timeline = { epoch: "mwq4yx3z", startedAt: NOW, profile: PROFILES.low };
  const life = { kind: "standing", row: open(row, timeline) } as Life;
  let alarm: number | null = null;
  let webhook: number | null = null;
  const agenda = new Agenda(
    new Presence(NOW),
    { owes: false },
    () => webhook,
    (time) => {
      alarm = time;
    },
  );
  agenda.arrange(life);
  expect(alarm).toBe(NOW + 30_000);
  agenda.arrangeFor(NOW + 300_000);
  expect(alarm).toBe(NOW + 330_000);
  agenda.arrange(life);
  expect(alarm, "as it was").toBe(NOW + 330_000);
  webhook = NOW + 20_000;
  agenda.arrange(life);
  expect(alarm, "a webhook is due before").toBe(NOW + 50_000);
  webhook = null;
  agenda.renew(NOW + 100_000);
  agenda.arrange(life);
  expect(alarm, "it is awake").toBe(NOW + 30_000);
});
