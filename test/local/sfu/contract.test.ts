import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSfu } from "../../../local/sfu/server.ts";
import { type Published, Sfu } from "../../../src/ingest/sfu.ts";
import { Ear } from "../../kit/ear.ts";
import { SfuCaller } from "../../kit/front.ts";
import {
  CONTRACT,
  CONTRACT_AT_THE_END,
  CONTRACT_OF_PULLS,
  CONTRACT_WITH_ENDPOINT,
  type Context,
  type Row,
} from "./contract.ts";
import { Puller } from "./puller.ts";
import { bareOffer, connectBy, connectShape } from "./shape.ts";

/**
 * The stand-in answers as the SFU's API is documented. With SFU_APP_ID and SFU_APP_SECRET in the environment (and SFU_API, by
 * default the real service's base URL), the tests run against that service instead. The rows with an adapter then also need
 * SFU_ENDPOINT, a public WebSocket endpoint that accepts any connection.
 */

const { SFU_API, SFU_APP_ID, SFU_APP_SECRET, SFU_ENDPOINT } = process.env;
const real = SFU_APP_ID !== undefined && SFU_APP_SECRET !== undefined;

let context: Context;
let target: { readonly api: string; readonly appId: string; readonly secret: string };
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
  target = { api, appId, secret };
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
    puller: async () => {
      const puller = await Puller.start(sfu);
      cleanups.unshift(() => puller.close());
      return puller;
    },
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
  for (const row of [...rows, ...CONTRACT_OF_PULLS, ...CONTRACT_AT_THE_END]) test(row.name, () => hold(row));
});

describe(`the relay's own client at ${real ? "the service at SFU_API" : "the stand-in"}`, () => {
  /** RFC 2606: a name that never resolves. */
  const NOWHERE = "wss://earshot.invalid/ear";
  /** The faults that the SFU reports when it is asked `tries` times to dial an unreachable endpoint. */
  const faultsOf = async (session: string, tries: number) => {
    const codes: string[] = [];
    await sfu.attach(session, async (fault) => {
      if (fault !== null) codes.push(fault.code);
      return codes.length < tries ? NOWHERE : null;
    });
    return codes;
  };
  const clientOf = (changed: Partial<typeof target> = {}) => {
    const { api, appId, secret } = { ...target, ...changed };
    return new Sfu(api, appId, secret);
  };
  const publishWith = async (sfu: Sfu, sdp: string, mid: string): Promise<Published> => {
    const published = await sfu.publish({ sdp, mid });
    if (published.kind === "fault") throw new Error(`${published.status} ${published.code}`);
    return published;
  };

  let sfu: Sfu;
  /** A session whose publisher is connected and sends. */
  let live: string;
  beforeAll(async () => {
    sfu = clientOf();
    const publisher = await connectBy(async (sdp, mid) => {
      const { session, answer } = await publishWith(sfu, sdp, mid);
      return { sessionId: session, answer };
    }, {});
    cleanups.unshift(() => publisher.close());
    live = publisher.sessionId;
  }, 30_000);

  test.each([
    ["the secret is wrong", { secret: "wrong" }, { status: 401, code: "unauthorized" }],
    ["the app is unknown", { appId: "0".repeat(32) }, { status: 404, code: "not_found" }],
  ])("publish fails where %s", async (_, changed, fault) => {
    const offer = { sdp: await bareOffer(), mid: "0" };
    expect(await clientOf(changed).publish(offer)).toEqual({ kind: "fault", transient: false, ...fault });
  });

  test("publish fails where the SDP is invalid", async () => {
    expect(await sfu.publish({ sdp: "garbage", mid: "0" })).toEqual({
      kind: "fault",
      status: 406,
      code: "invalid_session_description",
      transient: false,
    });
  });

  test("attach waits for a publisher that has not connected yet", async () => {
    const { session } = await publishWith(sfu, await bareOffer(), "0");
    expect(await faultsOf(session, 3)).toHaveLength(3);
    expect(await sfu.close(session, "0")).toBeNull();
  });

  test("attach fails where the endpoint can not be reached", async () => {
    expect(await faultsOf(live, 1)).toEqual([expect.stringMatching(/^websocket_/)]);
  });

  test.runIf(!real || SFU_ENDPOINT)("attach works, and detach works twice", async () => {
    const attached = await sfu.attach(live, () => Promise.resolve(context.endpoint));
    if (attached?.kind !== "attached") throw new Error(attached?.code);
    expect(await sfu.detach(attached.adapter)).toBeNull();
    expect(await sfu.detach(attached.adapter)).toBeNull();
  });

  test("close works twice, and then there is nothing left to attach to", async () => {
    expect(await sfu.close(live, "0")).toBeNull();
    expect(await sfu.close(live, "0")).toBeNull();
    expect(await faultsOf(live, 1)).toEqual([expect.stringMatching(/^(not_found|empty)_track_error$/)]);
  });
});

describe("the table itself", () => {
  test("rejects a field that is not in the document, and a missing one", async () => {
    const row = CONTRACT.find(({ name }) => name === "sessions/new") as Row;
    const answers = (json: unknown) => hold({ ...row, request: async () => ({ status: 201, json }) });
    await answers({ sessionId: "a" });
    await expect(answers({ sessionId: "a", extra: 1 })).rejects.toThrow();
    await expect(answers({})).rejects.toThrow();
    await expect(hold({ ...row, status: 200 })).rejects.toThrow();
  });
});
