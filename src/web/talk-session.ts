import { ANSWER_MS, type Others, type TalkOffer } from "../talk.ts";

/** How long the relay holds a question for who else is on, and some more, milliseconds. */
const OTHERS_MS = 25_000;
const REPLY_MS = 10_000;

/** Who else is on. `over`: the relay does not have the talk session any more; `unreachable`: nobody knows at the moment. */
export type Asked =
  | ({ readonly kind: "others" } & Others)
  | { readonly kind: "over" }
  | { readonly kind: "unreachable" };

/**
 * One talk session at the relay, by its HTTP (edge/talk.ts). What it throws has changed the session in a way that nobody knows:
 * it is to be given up then.
 */
export class TalkSession {
  readonly #url: string;
  readonly #headers: { readonly Authorization: string };

  private constructor(url: string, headers: { readonly Authorization: string }) {
    this.#url = url;
    this.#headers = headers;
  }

  /** Makes one for a WHIP session. */
  static async begin(endpoint: string, key: string, session: string): Promise<TalkSession> {
    const headers = { Authorization: `Bearer ${key}` };
    const response = await send(endpoint, "POST", headers, { session }, REPLY_MS);
    const { talk } = (await response.json()) as { talk: string };
    return new TalkSession(`${endpoint}/${talk}`, headers);
  }

  /** Who else is on: at once where `since` is not the newest list, else when there is another, or after some 20 s. */
  async others(since: number | null): Promise<Asked> {
    try {
      const response = await fetch(`${this.#url}${since === null ? "" : `?since=${since}`}`, {
        headers: this.#headers,
        signal: AbortSignal.timeout(OTHERS_MS),
      });
      if (response.ok) return { kind: "others", ...((await response.json()) as Others) };
      return { kind: response.status < 500 ? "over" : "unreachable" };
    } catch {
      return { kind: "unreachable" };
    }
  }

  /** Asks for publications. */
  async tracks(publications: readonly string[]): Promise<TalkOffer> {
    const response = await send(`${this.#url}/tracks`, "POST", this.#headers, { publications }, ANSWER_MS);
    return (await response.json()) as TalkOffer;
  }

  async answer(mutation: string, answer: string): Promise<void> {
    await send(`${this.#url}/answer`, "PUT", this.#headers, { mutation, answer }, ANSWER_MS);
  }

  /** Ceases to hear publications. */
  async close(publications: readonly string[]): Promise<void> {
    await send(`${this.#url}/close`, "PUT", this.#headers, { publications }, REPLY_MS);
  }

  /** Ends it; the request outlives the page. A relay that can not be told finds out by itself. */
  async end(): Promise<void> {
    await fetch(this.#url, { method: "DELETE", headers: this.#headers, keepalive: true }).catch(
      () => undefined,
    );
  }
}

async function send(
  url: string,
  method: "POST" | "PUT",
  headers: { readonly Authorization: string },
  body: object,
  millis: number,
): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(millis),
  });
  if (!response.ok) throw new Error(`The relay answered ${response.status}.`);
  return response;
}
