import { Webhook as Reader } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isWebhookSecret } from "../../src/access/webhook.ts";
import { Store } from "../../src/broadcast/store.ts";
import { type Send, type Sent, Webhook } from "../../src/broadcast/webhook.ts";
import type { WebhookState } from "../../src/webhook-api.ts";
import { sqlite } from "../kit/sqlite.ts";

/** What a webhook sends, when it retries, and what it gives up; on a fake clock. */

const NOW = Date.UTC(2026, 10, 26, 20);
const HOUR = 3_600_000;
const SHOW = { id: "show", createdAt: NOW };
const URL = "https://hooks.example/x";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A webhook and its receiver. */
class Rig {
  readonly sql = sqlite();
  store = new Store(this.sql);
  /** The receiver's failure for each event; null: it accepts the event. */
  answer: (event: number) => string | null = () => null;
  readonly came: { headers: Record<string, string>; body: string; event: number }[] = [];
  arranged = 0;
  webhook = this.restart();

  restart(): Webhook {
    this.store = new Store(this.sql);
    const send: Send = async (url, headers, body) => {
      expect(url).toBe(URL);
      const event = JSON.parse(body).data.id as number;
      this.came.push({ headers, body, event });
      const why = this.answer(event);
      return why === null ? { kind: "taken" } : { kind: "not-taken", why };
    };
    this.webhook = new Webhook(this.store, SHOW, () => this.arranged++, send);
    return this.webhook;
  }

  set(secret: string | null = null): WebhookState {
    return this.webhook.handle({ kind: "set", url: URL, secret }) as WebhookState;
  }

  state(): WebhookState {
    return this.webhook.handle({ kind: "describe" }) as WebhookState;
  }

  note(title: string): void {
    this.store.log.add({ kind: "marker", title }, Date.now(), null);
  }

  /** Runs until nothing waits any more, or for `most` ms. Returns how long each wait was, ms. */
  async waits(most: number): Promise<number[]> {
    const waits: number[] = [];
    while (this.webhook.dueAt !== null && Date.now() < NOW + most && this.came.length < 100) {
      const wait = this.webhook.dueAt - Date.now();
      if (wait > 0) waits.push(wait);
      vi.setSystemTime(Math.max(Date.now(), this.webhook.dueAt));
      await this.webhook.run();
    }
    return waits;
  }

  /** The first message. */
  get message(): (typeof this.came)[number] {
    const [message] = this.came;
    if (message === undefined) throw new Error("nothing has come");
    return message;
  }

  get events(): number[] {
    return this.came.map(({ event }) => event);
  }
}

test("there is no webhook until it is set, and none once it is dropped; its secret is told once", async () => {
  const rig = new Rig();
  const none = { kind: "problem", status: 404, code: "no_webhook" };
  expect(rig.state()).toMatchObject(none);
  expect(rig.webhook.handle({ kind: "drop" })).toMatchObject(none);
  rig.note("before it was set");
  expect(rig.webhook.dueAt).toBeNull();
  const { secret = "" } = rig.set();
  expect(isWebhookSecret(secret), secret).toBe(true);
  expect(rig.set().secret, "another each time").not.toBe(secret);
  expect(rig.state()).not.toHaveProperty("secret");
  expect(rig.webhook.dueAt, "what was before it is not told").toBeNull();
  rig.note("after");
  expect(rig.webhook.dueAt).not.toBeNull();
  expect(rig.webhook.handle({ kind: "drop" })).toBeNull();
  await rig.webhook.run();
  expect(rig.came).toEqual([]);
  expect(rig.restart().dueAt).toBeNull();
});

test("each message has the headers of Standard Webhooks, and a body that says what happened", async () => {
  const rig = new Rig();
  const { secret = "" } = rig.set();
  rig.note("One");
  await rig.webhook.run();
  const { headers, body } = rig.message;
  expect(headers["webhook-id"]).toBe(`show.${NOW.toString(36)}.1`);
  expect(new Reader(secret).verify(body, headers)).toEqual({
    type: "marker",
    timestamp: new Date(NOW).toISOString(),
    data: { broadcast: "show", id: 1, at: NOW, kind: "marker", title: "One" },
  });
  expect(() => new Reader(secret).verify(`${body} `, headers)).toThrow();
  expect(() => new Reader(`whsec_${btoa("x".repeat(32))}`).verify(body, headers)).toThrow();
});

test("a secret may be the receiver's own", async () => {
  const rig = new Rig();
  const own = `whsec_${btoa("k".repeat(24))}`;
  expect(rig.set(own).secret).toBe(own);
  rig.note("One");
  await rig.webhook.run();
  const { headers, body } = rig.message;
  new Reader(own).verify(body, headers);
  for (const bad of [
    "",
    "whsec_",
    `whsec_${btoa("k".repeat(23))}`,
    `whsec_${btoa("k".repeat(65))}`,
    "whsec_a===",
    btoa("k".repeat(24)),
  ])
    expect(isWebhookSecret(bad), bad).toBe(false);
});

test("events are sent in order, and an event that was not accepted is sent again before later ones", async () => {
  const rig = new Rig();
  rig.set();
  let failures = 2;
  rig.answer = (event) => (event === 2 && failures-- > 0 ? "the receiver answered 500" : null);
  for (const title of ["One", "Two", "Three"]) rig.note(title);
  await rig.webhook.run();
  expect(rig.events).toEqual([1, 2]);
  expect(rig.state()).toMatchObject({
    doneUntil: 1,
    waiting: 2,
    attempts: 1,
    takenAt: NOW,
    lastFailure: { at: NOW, event: 2, why: "the receiver answered 500" },
  });
  await rig.webhook.run();
  expect(rig.events, "not before its time").toEqual([1, 2]);
  await rig.waits(HOUR);
  expect(rig.events).toEqual([1, 2, 2, 2, 3]);
  expect(rig.state()).toMatchObject({ doneUntil: 3, waiting: 0, attempts: 0, nextAttemptAt: null });
  // A message that is sent again keeps its id, by which a receiver recognizes it.
  expect(new Set(rig.came.map(({ headers }) => headers["webhook-id"])).size).toBe(3);
});

test("a restart resumes: no event is left out, and no accepted one is sent again", async () => {
  const rig = new Rig();
  rig.set();
  rig.answer = (event) => (event === 2 ? "the receiver answered 503" : null);
  for (const title of ["One", "Two", "Three"]) rig.note(title);
  await rig.webhook.run();
  const { nextAttemptAt } = rig.state();
  const again = rig.restart();
  expect(again.dueAt).toBe(nextAttemptAt);
  rig.answer = () => null;
  await rig.waits(HOUR);
  expect(rig.events).toEqual([1, 2, 2, 3]);
});

describe("a receiver that does not come back", () => {
  test("is tried less and less often, with some jitter, and events that waited for a day become dead letters", async () => {
    const rig = new Rig();
    rig.set();
    rig.answer = () => "the receiver could not be reached";
    rig.note("One");
    vi.setSystemTime(NOW + HOUR);
    rig.note("Two");
    const waits = await rig.waits(25 * HOUR + 1);
    for (const [n, wait] of waits.entries()) {
      const whole = Math.min(6 * HOUR, 5_000 * 2 ** n);
      expect(wait, `wait ${n}`).toBeGreaterThanOrEqual(whole / 2 - 1);
      expect(wait, `wait ${n}`).toBeLessThanOrEqual(whole + 1);
    }
    expect(new Set(waits.map((wait) => wait / 5_000)).size).toBe(waits.length);
    await rig.waits(40 * HOUR);
    const { deadLetters, waiting, doneUntil, lost } = rig.state();
    expect({ waiting, doneUntil, lost }).toEqual({ waiting: 0, doneUntil: 2, lost: 0 });
    expect(deadLetters).toEqual([
      { event: 1, kind: "marker", why: "the receiver could not be reached" },
      { event: 2, kind: "marker", why: "the receiver could not be reached" },
    ]);
    expect(rig.webhook.dueAt, "and then there is nothing to wake up for").toBeNull();
    expect(rig.came.length).toBeLessThan(40);
  });

  test.each([
    ["its turn comes before that, after 23.7 h", 0, [1, 2], []],
    ["its turn comes after that, after 24.8 h", 0.2, [2], [1]],
  ])("gets the events that are no dead letters yet once it is back, where %s", async (...row) => {
    const [, chance, events, dead] = row;
    vi.spyOn(Math, "random").mockReturnValue(chance);
    const rig = new Rig();
    rig.set();
    rig.answer = () => "the receiver could not be reached";
    rig.note("One");
    await rig.waits(23 * HOUR);
    rig.note("Two");
    rig.answer = () => null;
    rig.came.length = 0;
    vi.setSystemTime(rig.webhook.dueAt ?? 0);
    await rig.webhook.run();
    expect(rig.events).toEqual(events);
    const { waiting, deadLetters } = rig.state();
    expect([waiting, deadLetters.map(({ event }) => event)]).toEqual([0, dead]);
  });
});

test("events that the log has dropped are counted", async () => {
  const rig = new Rig();
  rig.set();
  for (let n = 0; n < 2_003; n++) rig.note("x");
  await rig.webhook.run();
  expect(rig.events).toEqual(Array.from({ length: 2_000 }, (_, n) => n + 4));
  expect(rig.state()).toMatchObject({ lost: 3, waiting: 0 });
});

test("a receiver that is set while a message is on its way gets that message too", async () => {
  const rig = new Rig();
  rig.set();
  rig.note("One");
  rig.answer = () => {
    if (rig.came.length === 1) {
      vi.setSystemTime(NOW + 1);
      rig.set();
    }
    return null;
  };
  await rig.webhook.run();
  expect(rig.events).toEqual([1, 1]);
});

test("one request is made at a time, and the alarm brings the object back if it goes meanwhile", async () => {
  const rig = new Rig();
  rig.set();
  rig.note("One");
  rig.answer = () => {
    expect(rig.webhook.dueAt).toBe(Date.now() + 30_000);
    void rig.webhook.run();
    return null;
  };
  await rig.webhook.run();
  expect(rig.events).toEqual([1]);
  expect(rig.arranged).toBeGreaterThan(0);
});

test("a message in flight when the show is deleted leaves nothing behind", async () => {
  const rig = new Rig();
  rig.set();
  rig.note("One");
  rig.answer = () => {
    rig.webhook.abandon();
    rig.sql.exec("DELETE FROM webhook");
    return null;
  };
  await rig.webhook.run();
  expect(rig.store.webhook.get()).toBeNull();
});

test("a message in flight when its show is deleted sets no alarm: that may be another show's", async () => {
  const rig = new Rig();
  rig.set();
  const [sent, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<Sent>()];
  const send: Send = () => {
    sent.resolve();
    return answer.promise;
  };
  let arranged = 0;
  const webhook = new Webhook(rig.store, SHOW, () => arranged++, send);
  rig.note("the last");
  const sending = webhook.run();
  await sent.promise;
  webhook.abandon();
  answer.resolve({ kind: "taken" });
  await sending;
  expect(arranged).toBe(0);
});
