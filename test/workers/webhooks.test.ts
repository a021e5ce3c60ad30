import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook as Reader } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Event } from "../../src/events.ts";
import type { WebhookState } from "../../src/webhook-api.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { Runtime } from "../kit/runtime.ts";

/** Webhooks, from the real runtime to a real HTTP receiver that fails, hangs and comes back. */

interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: Event;
}

/** An HTTP server whose answers the test sets. */
class Receiver {
  readonly came: Message[] = [];
  /** The answers to the next messages; later ones get a 204. */
  answers: ("hang" | "cut" | number)[] = [];
  /** Whether it cuts every new connection; it keeps its port meanwhile. */
  isAway = false;
  readonly #server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => this.#answer({ headers: request.headers, body }, response));
  }).on("connection", (socket) => {
    if (this.isAway) socket.destroy();
  });
  port = 0;

  async open(): Promise<void> {
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  get ids(): number[] {
    return this.came.map(({ event }) => event.id);
  }

  #answer(came: Omit<Message, "event">, response: ServerResponse): void {
    this.came.push({ ...came, event: (JSON.parse(came.body) as { data: Event }).data });
    const answer = this.answers.shift() ?? 204;
    if (answer === "cut") response.destroy();
    else if (answer !== "hang")
      response.writeHead(answer, answer >= 300 && answer < 400 ? { location: this.url } : {}).end();
  }
}

let relay: Runtime;
let receiver: Receiver;
beforeAll(async () => {
  relay = await Runtime.start([EARSHOT], { opensStorage: true });
});
afterAll(() => relay.close());
beforeEach(async () => {
  receiver = new Receiver();
  await receiver.open();
});
afterEach(() => receiver.close());

const path = ({ id }: CreatedBroadcast) => `/broadcasts/${id}/webhook`;
const stateOf = async (show: CreatedBroadcast) =>
  (await (await relay.api("GET", path(show))).json()) as WebhookState;
const rename = (show: CreatedBroadcast, title: string) =>
  relay.api("PATCH", `/broadcasts/${show.id}`, { title });

async function setFor(show: CreatedBroadcast, body: Record<string, unknown> = {}): Promise<Reader> {
  const response = await relay.api("PUT", path(show), { url: receiver.url, ...body });
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const { secret = "" } = (await response.json()) as WebhookState;
  return new Reader(secret);
}

/** Makes the next attempt due at once, and wakes the object. */
async function hurry(show: CreatedBroadcast): Promise<void> {
  const [row] = await relay.sql(show.id, "SELECT json FROM webhook");
  const json = JSON.stringify({ ...JSON.parse(String(row?.json)), nextAt: 0 }).replaceAll("'", "''");
  await relay.sql(show.id, `UPDATE webhook SET json = '${json}'`);
  await relay.evict("Broadcast", show.id);
  await relay.describe(show.id);
}

test("a receiver gets the events in order, signed by Standard Webhooks", async () => {
  const show = await relay.create({ title: "A" });
  const reader = await setFor(show);
  for (const title of ["B", "C", "D"]) await rename(show, title);
  await relay.api("POST", `/broadcasts/${show.id}/open`);
  await relay.api("POST", `/broadcasts/${show.id}/end`);
  await expect.poll(() => receiver.ids).toEqual([1, 2, 3, 4, 5]);
  expect(receiver.came.map(({ event }) => event.kind)).toEqual([
    "title",
    "title",
    "title",
    "opened",
    "ended",
  ]);
  for (const { headers, body } of receiver.came) {
    expect(headers["content-type"]).toBe("application/json");
    expect(reader.verify(body, headers as Record<string, string>)).toMatchObject({
      data: { broadcast: show.id },
    });
  }
  await expect.poll(() => stateOf(show)).toMatchObject({ waiting: 0, doneUntil: 5, nextAttemptAt: null });
});

test("a failing receiver is retried, before any later event, by an object that was made anew", async () => {
  const show = await relay.create();
  const reader = await setFor(show);
  receiver.answers = [204, 500, 302, "cut"];
  for (const title of ["B", "C", "D"]) await rename(show, title);
  const failures = [
    "the receiver answered 500",
    "the receiver answered 302",
    "the receiver could not be reached",
  ];
  for (const n of failures.keys()) {
    await expect.poll(async () => (await stateOf(show)).attempts).toBeGreaterThan(n);
    // On a machine that stalls for seconds, the next attempt may have been made already.
    const { attempts, ...state } = await stateOf(show);
    expect(state).toMatchObject({ waiting: 2, lastFailure: { event: 2, why: failures[attempts - 1] } });
    await hurry(show);
  }
  await expect.poll(() => receiver.ids).toEqual([1, 2, 2, 2, 2, 3]);
  for (const { headers, body } of receiver.came) reader.verify(body, headers as Record<string, string>);
  await expect.poll(() => stateOf(show)).toMatchObject({ waiting: 0, attempts: 0 });
});

test("a receiver that was away gets all events when it is back, by the alarm of a show that nobody attends", async () => {
  const show = await relay.create();
  await setFor(show);
  receiver.isAway = true;
  await rename(show, "B");
  await rename(show, "C");
  const why = "the receiver could not be reached";
  await expect.poll(() => stateOf(show)).toMatchObject({ waiting: 2, lastFailure: { event: 1, why } });
  expect(receiver.ids).toEqual([]);
  receiver.isAway = false;
  // Without any request: the alarm sends it 2.5 to 5 s after the first failure, 5 to 10 s after a second one.
  await expect.poll(() => receiver.ids, { timeout: 20_000, interval: 200 }).toEqual([1, 2]);
}, 40_000);

test("a receiver that hangs is given up after 10 s, and the show goes on meanwhile", async () => {
  const show = await relay.create({ latency: "low" });
  await setFor(show);
  receiver.answers = ["hang"];
  const from = Date.now();
  await relay.api("POST", `/broadcasts/${show.id}/open`);
  await expect.poll(() => receiver.came.length).toBe(1);
  const lists: number[] = [];
  while (Date.now() - from < 8_000) {
    const asked = Date.now();
    expect((await fetch(show.playbackUrl)).status).toBe(200);
    lists.push(Date.now() - asked);
    await sleep(250);
  }
  // A request that waited for the receiver would take 10 s.
  expect(Math.max(...lists), "ms for a list").toBeLessThan(5_000);
  await expect
    .poll(() => stateOf(show), { timeout: 12_000 })
    .toMatchObject({ lastFailure: { event: 1, why: "there was no answer within 10 s" } });
  expect(Date.now() - from).toBeGreaterThan(9_500);
  const described = (await (await relay.api("GET", `/broadcasts/${show.id}`)).json()) as {
    listingMs: { p99: number };
  };
  expect(described.listingMs.p99, "how late parts were listed, ms").toBeLessThan(5_000);
  await expect.poll(() => receiver.ids, { timeout: 15_000 }).toEqual([1, 1]);
}, 40_000);

test("a webhook is set, described without its secret, and dropped; the next broadcast of that name has none", async () => {
  const show = await relay.create({ slug: "hooked" });
  expect((await relay.api("GET", path(show))).status).toBe(404);
  expect((await relay.api("DELETE", path(show))).status).toBe(404);
  const own = `whsec_${btoa("k".repeat(24))}`;
  await setFor(show, { secret: own });
  const text = await (await relay.api("GET", path(show))).text();
  expect(JSON.parse(text)).toMatchObject({ url: receiver.url, waiting: 0, deadLetters: [], lost: 0 });
  expect(text).not.toContain("whsec_");
  expect((await relay.api("DELETE", path(show))).status).toBe(204);
  await rename(show, "B");
  await setFor(show);
  receiver.answers = ["hang"];
  await rename(show, "C");
  await expect
    .poll(() => receiver.ids, { message: "what came while there was none is not sent" })
    .toEqual([2]);
  expect((await relay.api("DELETE", `/broadcasts/${show.id}`)).status).toBe(204);
  const again = await relay.create({ slug: "hooked" });
  expect(again.id).toBe(show.id);
  expect((await relay.api("GET", path(again))).status).toBe(404);
});

test("a URL that can not be a receiver is refused, and the field is named", async () => {
  const show = await relay.create();
  const put = async (body: unknown) => {
    const response = await relay.api("PUT", path(show), body);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return [response.status, error.code, error.message];
  };
  const { port } = new URL(relay.url);
  for (const url of [
    relay.url,
    `http://localhost:${port}/x`,
    "ftp://x.example",
    "https://a:b@x.example",
    "x",
  ])
    expect(await put({ url }), url).toEqual([422, "receiver_refused", expect.stringContaining('"url"')]);
  expect(await put({})).toEqual([400, "invalid_settings", expect.stringContaining('"url"')]);
  expect(await put({ url: receiver.url, secret: "short" })).toEqual([
    400,
    "invalid_settings",
    expect.stringContaining('"secret"'),
  ]);
  expect(await put("no JSON")).toEqual([400, "invalid_settings", expect.anything()]);
  expect((await relay.api("POST", path(show), {})).status).toBe(405);
  expect((await fetch(`${relay.url}/api${path(show)}`)).status, "no token").toBe(401);
  expect((await relay.api("GET", path(show))).status, "and nothing is set").toBe(404);
});
