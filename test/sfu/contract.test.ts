import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSfu } from "../../sfu/server.ts";
import { CONTRACT, CONTRACT_AT_THE_END, CONTRACT_WITH_ENDPOINT, type Context, type Row } from "./contract.ts";
import { Ear } from "./ear.ts";
import { SfuCaller } from "./front.ts";
import { bareOffer, connectShape } from "./shape.ts";

/**
 * Runs against the stand-in. With SFU_APP_ID and SFU_APP_SECRET in the environment (and SFU_API, by default the
 * real service's base) it runs against that service instead; the rows with an adapter then need SFU_ENDPOINT too, a
 * public WebSocket endpoint that accepts whatever dials it.
 */
const { SFU_API, SFU_APP_ID, SFU_APP_SECRET, SFU_ENDPOINT } = process.env;
const real = SFU_APP_ID !== undefined && SFU_APP_SECRET !== undefined;

let context: Context;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  const [appId, secret] = real ? [SFU_APP_ID, SFU_APP_SECRET] : ["contract-app", "contract-secret"];
  let api = SFU_API ?? "https://rtc.live.cloudflare.com/v1";
  let endpoint = SFU_ENDPOINT ?? "";
  if (!real) {
    const server = await startSfu({ port: 0, appId, appSecret: secret });
    const ear = await Ear.start();
    cleanups.push(
      () => server.close(),
      () => ear.close(),
    );
    api = server.url;
    endpoint = ear.url;
  }
  const sfu = new SfuCaller(api, appId, secret);
  const publisher = await connectShape(sfu, {});
  cleanups.unshift(() => publisher.close());
  context = {
    sfu,
    nowhere: new SfuCaller(api, "00000000000000000000000000000000", secret),
    live: publisher.sessionId,
    fresh: await sfu.newSession(),
    endpoint,
    offer: bareOffer,
  };
}, 30_000);

afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

async function hold({ request, status, body }: Row): Promise<void> {
  const reply = await request(context);
  expect(reply).toMatchObject({ status });
  expect(body.safeParse(reply.json).error?.issues ?? [], JSON.stringify(reply.json)).toEqual([]);
}

describe(`the API of ${real ? "the service at SFU_API" : "the stand-in"}`, () => {
  const rows = real && !SFU_ENDPOINT ? CONTRACT : [...CONTRACT, ...CONTRACT_WITH_ENDPOINT];
  for (const row of [...rows, ...CONTRACT_AT_THE_END]) test(row.name, () => hold(row));
});

describe("the table itself", () => {
  test("notices a field that is not in the document, and one that is missing", async () => {
    const row = CONTRACT.find(({ name }) => name === "sessions/new") as Row;
    const answers = (json: unknown) => hold({ ...row, request: async () => ({ status: 201, json }) });
    await answers({ sessionId: "a" });
    await expect(answers({ sessionId: "a", extra: 1 })).rejects.toThrow();
    await expect(answers({})).rejects.toThrow();
    await expect(hold({ ...row, status: 200 })).rejects.toThrow();
  });
});
