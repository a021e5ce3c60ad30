import { z } from "zod";
import { withoutNames } from "./pulled-offer.ts";
import { NewSession, type SfuApi, type SfuFault, sfuFault, TRACK_NAME, TrackReply } from "./sfu-api.ts";

/** The SFU's offer to a session that pulls tracks. */
export interface Offered {
  readonly kind: "offered";
  /** The SDP offer, to be answered by the studio, without the SFU's names; null if every item failed. */
  readonly offer: string | null;
  /** By the publisher's session. */
  readonly items: ReadonlyMap<string, PulledItem>;
}

/** The track of one publisher: it comes on this mid, or it does not come. */
export type PulledItem = { readonly kind: "mid"; readonly mid: string } | SfuFault;

/** Timeout of a pull, ms: the SFU waits 5 s for the puller's transport before it says that it is not there. */
const PULL_TIMEOUT_MS = 8_000;

const Pulled = TrackReply.extend({ sessionId: z.string().optional(), mid: z.string().optional() });
const NewPulls = z.looseObject({
  errorCode: z.string().optional(),
  sessionDescription: z
    .looseObject({ type: z.literal("offer"), sdp: z.string().startsWith("v=0") })
    .optional(),
  tracks: z.array(Pulled).optional(),
});

/**
 * Pulls publishers' tracks from the SFU, on sessions of their own, in which the SFU makes the offers (OpenAPI document
 * 2024-05-21; sessions, tracks). Calls that change a session must follow each other, from the offer to its answer. A call whose
 * outcome is unknown is not made again, because the session may not be what it seems: the caller makes a new session.
 */
export class Pulls {
  readonly #api: SfuApi;

  constructor(api: SfuApi) {
    this.#api = api;
  }

  /** Makes a session. An unused one expires by itself, so a failed try is made once more. */
  async open(): Promise<{ readonly kind: "opened"; readonly session: string } | SfuFault> {
    const reply = await this.#api.callTwice("POST", "sessions/new", undefined, NewSession);
    return reply.kind === "fault" ? reply : { kind: "opened", session: reply.body.sessionId };
  }

  /** Asks for the tracks of these publishers' sessions. The SFU offers what it has; the items say why others do not come. */
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
    if (errorCode !== undefined) return sfuFault(200, errorCode);
    const items = publishers.map((publisher): [string, PulledItem] => {
      const item = replied.find(({ sessionId }) => sessionId === publisher);
      const { errorCode, mid = "" } = item ?? {};
      const isGood = errorCode === undefined && mid !== "";
      return [publisher, isGood ? { kind: "mid", mid } : sfuFault(200, errorCode ?? "no_item")];
    });
    const isAnyGood = items.some(([, item]) => item.kind === "mid");
    if (isAnyGood && sessionDescription === undefined) return sfuFault(200, "no_offer");
    const offer = sessionDescription === undefined ? null : withoutNames(sessionDescription.sdp);
    return { kind: "offered", offer, items: new Map(items) };
  }

  /** Answers the last offer; null: the SFU has accepted the answer. */
  async answer(session: string, sdp: string): Promise<SfuFault | null> {
    const sessionDescription = { type: "answer", sdp };
    const path = `sessions/${session}/renegotiate`;
    const reply = await this.#api.call("PUT", path, { sessionDescription }, z.unknown());
    return reply.kind === "fault" ? reply : null;
  }

  /**
   * Stops the tracks on these mids. A second call changes nothing, so a failed try is made once more. It is no fault if the
   * session is over.
   */
  async close(session: string, mids: readonly string[]): Promise<SfuFault | null> {
    const body = { tracks: mids.map((mid) => ({ mid })), force: true };
    const reply = await this.#api.callTwice("PUT", `sessions/${session}/tracks/close`, body, z.unknown());
    return reply.kind === "fault" && reply.status !== 410 ? reply : null;
  }
}

/** Whether the fault says only that no track could be had, and nothing about the session itself. */
function isOfItem({ code }: SfuFault): boolean {
  return code === "not_found_track_error" || code === "empty_track_error";
}
