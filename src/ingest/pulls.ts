import { z } from "zod";
import { withoutNames } from "./pulled-offer.ts";
import { fault, Item, NewSession, type SfuApi, type SfuFault, TRACK_NAME } from "./sfu-api.ts";

/** What the SFU offers to who pulls tracks. */
export interface Offered {
  readonly kind: "offered";
  /** To be answered, with no name of the SFU's in it; null where every item failed. */
  readonly offer: string | null;
  /** By the publisher's session: the mid of what comes of it, or why it does not come. */
  readonly items: ReadonlyMap<string, string | SfuFault>;
}

/** The SFU waits for the puller's transport for 5 s before it says that it is not there. */
const PULL_TIMEOUT_MS = 8_000;

const Pulled = Item.extend({ sessionId: z.string().optional(), mid: z.string().optional() });
const NewPulls = z.looseObject({
  errorCode: z.string().optional(),
  sessionDescription: z
    .looseObject({ type: z.literal("offer"), sdp: z.string().startsWith("v=0") })
    .optional(),
  tracks: z.array(Pulled).optional(),
});

/**
 * Hears publishers at the SFU: sessions of their own, whose offers are the SFU's (OpenAPI document 2024-05-21; sessions,
 * tracks). Calls that change a session must follow each other, from the offer to its answer. A call of which nobody knows
 * whether it took effect is not made again, for then the session is another than it seems: who asked makes a new one.
 */
export class Pulls {
  readonly #api: SfuApi;

  constructor(api: SfuApi) {
    this.#api = api;
  }

  /** Makes a session. One that is not used expires by itself, so a failed try is made once more. */
  async open(): Promise<{ readonly kind: "opened"; readonly session: string } | SfuFault> {
    const reply = await this.#api.callTwice("POST", "sessions/new", undefined, NewSession);
    return reply.kind === "fault" ? reply : { kind: "opened", session: reply.body.sessionId };
  }

  /** Asks for these publishers' tracks, by their sessions. What can not be had yet is in the items; the rest is offered. */
  async pull(session: string, publishers: readonly string[]): Promise<Offered | SfuFault> {
    const tracks = publishers.map((publisher) => ({
      location: "remote",
      sessionId: publisher,
      trackName: TRACK_NAME,
    }));
    const path = `sessions/${session}/tracks/new`;
    const reply = await this.#api.call("POST", path, { tracks }, NewPulls, undefined, PULL_TIMEOUT_MS);
    if (reply.kind === "fault") {
      if (!isOfItem(reply)) return reply;
      return { kind: "offered", offer: null, items: new Map(publishers.map((one) => [one, reply])) };
    }
    const { errorCode, sessionDescription, tracks: replied = [] } = reply.body;
    if (errorCode !== undefined) return fault(200, errorCode);
    const items = publishers.map((publisher): [string, string | SfuFault] => {
      const item = replied.find(({ sessionId }) => sessionId === publisher);
      const { errorCode, mid = "" } = item ?? {};
      return [publisher, errorCode === undefined && mid !== "" ? mid : fault(200, errorCode ?? "no_item")];
    });
    const isAnyGood = items.some(([, item]) => typeof item === "string");
    if (isAnyGood && sessionDescription === undefined) return fault(200, "no_offer");
    const offer = sessionDescription === undefined ? null : withoutNames(sessionDescription.sdp);
    return { kind: "offered", offer, items: new Map(items) };
  }

  /** Answers the last offer. */
  async answer(session: string, sdp: string): Promise<SfuFault | null> {
    const sessionDescription = { type: "answer", sdp };
    const path = `sessions/${session}/renegotiate`;
    const reply = await this.#api.call("PUT", path, { sessionDescription }, z.unknown());
    return reply.kind === "fault" ? reply : null;
  }

  /** Ceases to hear what comes on these mids. To be asked twice changes nothing, so a failed try is made once more. */
  async close(session: string, mids: readonly string[]): Promise<SfuFault | null> {
    const body = { tracks: mids.map((mid) => ({ mid })), force: true };
    const reply = await this.#api.callTwice("PUT", `sessions/${session}/tracks/close`, body, z.unknown());
    return reply.kind === "fault" && reply.status !== 410 ? reply : null;
  }
}

/** Whether it says that no track could be had, and nothing of the session itself. */
function isOfItem({ code }: SfuFault): boolean {
  return code === "not_found_track_error" || code === "empty_track_error";
}
