import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Agenda } from "../../src/broadcast/agenda.ts";
import { announce, end, open } from "../../src/broadcast/lifecycle.ts";
import { Presence } from "../../src/broadcast/presence.ts";
import { PROFILES } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";

/** When the alarm of a show's object is set to bring the object back. */

const NOW = Date.UTC(2026, 10, 26, 20);
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

test("the alarm of a resting show is not set before the show has something to do, whatever else is arranged", () => {
  const row = announce({ ...DETAILS, id: "show", latency: "low", bitrate: 128_000 }, NOW);
  const timeline = { epoch: "mwq4yx3z", startedAt: NOW, profile: PROFILES.low };
  const opened = open(row, timeline);
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
  agenda.arrange(opened);
  expect(alarm).toBe(NOW + 30_000);
  agenda.arrangeFor(NOW + 300_000);
  expect(alarm).toBe(NOW + 330_000);
  agenda.arrange(opened);
  expect(alarm, "as it was").toBe(NOW + 330_000);
  webhook = NOW + 20_000;
  agenda.arrange(opened);
  expect(alarm, "a webhook is due before").toBe(NOW + 50_000);
  webhook = null;
  agenda.renew(NOW + 100_000);
  agenda.arrange(opened);
  expect(alarm, "it is awake").toBe(NOW + 30_000);
});

test("the alarm of an ended show is set for its removal, or earlier for a webhook that is due", () => {
  const row = announce({ ...DETAILS, retainDays: 2, id: "show", latency: "low", bitrate: 128_000 }, NOW);
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
  const ended = end(row, NOW);
  agenda.arrange(ended);
  expect(alarm).toBe(NOW + 2 * 86_400_000);
  webhook = NOW + 60_000;
  agenda.arrange(ended);
  expect(alarm).toBe(NOW + 60_000);
  webhook = null;
  agenda.arrange({ ...ended, retainDays: null });
  expect(alarm).toBeNull();
});
