import { ANSWER_MS, type Others, type TalkOffer } from "../talk.ts";
import { readError } from "./relay-error.ts";
import { readOffer, readOthers, readTalk } from "./talk-answer.ts";

/** Timeout for a request for the other hosts, ms: longer than the relay holds it. */
const OTHERS_MS = 25_000;
/** Timeout for beginning a session, and for stopping tracks, ms. */
const REPLY_MS = 10_000;

/** The other hosts who are on. `over`: the relay has ended the talk session. `unreachable`: it does not answer just now. */
export type Asked =
  | ({ readonly kind: "others" } & Others)
  | { readonly kind: "over" }
  | { readonly kind: "unreachable" };

/**
 * One talk session at the relay, over HTTP (edge/talk.ts). When a request fails, it is unknown how far the session has changed:
 * the caller must give the session up.
 */
export class TalkSession {
  readonly #url: string;
  readonly #headers: { readonly Authorization: string };

  private constructor(url: string, headers: { readonly Authorization: string }) {
    this.#url = url;
    this.#headers = headers;
  }

  /** Makes a talk session beside a WHIP session; null where the relay makes none. @param session the WHIP session's id */
  static async begin(endpoint: string, key: string, session: string): Promise<TalkSession | null> {
    const headers = { Authorization: `Bearer ${key}` };
    const talk = readTalk(await jsonOf(await send(endpoint, "POST", headers, { session }, REPLY_MS)));
    return talk === null ? null : new TalkSession(`${endpoint}/${talk}`, headers);
  }

  /**
   * Asks for the other hosts who are on. The relay answers at once if `since` is not the revision of its newest list. Otherwise
   * it answers when there is a newer list, or after some 20 s. Null: the caller has no list yet.
   */
  async others(since: number | null): Promise<Asked> {
    try {
      const response = await fetch(`${this.#url}${since === null ? "" : `?since=${since}`}`, {
        headers: this.#headers,
        signal: AbortSignal.timeout(OTHERS_MS),
      });
      if (!response.ok) return await readRefusal(response);
      const others = readOthers(await response.json());
      return others === null ? { kind: "unreachable" } : { kind: "others", ...others };
    } catch {
      return { kind: "unreachable" };
    }
  }

  /** Asks for the tracks of publications; null where the request has failed. */
  async tracks(publications: readonly string[]): Promise<TalkOffer | null> {
    const url = `${this.#url}/tracks`;
    return readOffer(await jsonOf(await send(url, "POST", this.#headers, { publications }, ANSWER_MS)));
  }

  /** Answers the offer of exchange `mutation` with SDP. Resolves with whether the relay has taken it. */
  async answer(mutation: string, answer: string): Promise<boolean> {
    const url = `${this.#url}/answer`;
    return (await send(url, "PUT", this.#headers, { mutation, answer }, ANSWER_MS)) !== null;
  }

  /** Stops receiving the tracks of publications. Resolves with whether the relay has done so. */
  async close(publications: readonly string[]): Promise<boolean> {
    return (await send(`${this.#url}/close`, "PUT", this.#headers, { publications }, REPLY_MS)) !== null;
  }

  /** Ends the session. The request outlives the page. If it fails, the relay finds out by itself. */
  async end(): Promise<void> {
    await fetch(this.#url, { method: "DELETE", headers: this.#headers, keepalive: true }).catch(
      () => undefined,
    );
  }
}

/** Sends a request. Resolves with a 2xx; null where the relay gives another answer, or none in time. */
async function send(
  url: string,
  method: "POST" | "PUT",
  headers: { readonly Authorization: string },
  body: object,
  millis: number,
): Promise<Response | null> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(millis),
  }).catch(() => null);
  return response?.ok ? response : null;
}

/** Reads a refusal of the list. One that is not the relay's says nothing about the session, nor does a 5xx. */
async function readRefusal(response: Response): Promise<Asked> {
  const isOver = response.status < 500 && (await readError(response)) !== null;
  return { kind: isOver ? "over" : "unreachable" };
}

/** Reads an answer's JSON; null where there is no answer, or it is not JSON. */
function jsonOf(response: Response | null): Promise<unknown> {
  return response === null ? Promise.resolve(null) : response.json().catch(() => null);
}
