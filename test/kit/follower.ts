import type { Event } from "../../src/events.ts";
import type { CreatedBroadcast } from "./created.ts";
import type { Runtime } from "./runtime.ts";

export interface Followed {
  readonly events: Event[];
  /** The stream's text as it came. */
  readonly text: string;
  readonly headers: Headers;
}

export interface Following {
  /** Only events after this one. */
  readonly lastId?: number;
  /** When following is given up, ms; default 10 s. */
  readonly millis?: number;
  /** Called whenever some of the stream has come. */
  readonly begun?: () => void;
}

/** Follows a show's events as an operator does (text/event-stream), until `enough` is true or the time is up. */
export async function follow(
  { url, adminToken }: Pick<Runtime, "url" | "adminToken">,
  { id }: Pick<CreatedBroadcast, "id">,
  enough: (events: readonly Event[]) => boolean,
  { lastId, millis = 10_000, begun }: Following = {},
): Promise<Followed> {
  const off = new AbortController();
  const timer = setTimeout(() => off.abort(), millis);
  const events: Event[] = [];
  let [text, read] = ["", 0];
  let headers = new Headers();
  try {
    const response = await fetch(`${url}/api/broadcasts/${id}/events`, {
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(lastId !== undefined && { "last-event-id": String(lastId) }),
      },
      signal: off.signal,
    });
    if (response.status !== 200) throw new Error(`the events were answered ${response.status}`);
    headers = response.headers;
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      begun?.();
      for (let end = text.indexOf("\n\n", read); end >= 0; end = text.indexOf("\n\n", read)) {
        events.push(...eventIn(text.slice(read, end)));
        read = end + 2;
      }
      if (enough(events)) break;
    }
  } catch (error) {
    if (!off.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    off.abort();
  }
  return { events, text, headers };
}

/** The event in one message; none in a comment or in a retry field. */
function eventIn(message: string): Event[] {
  const data = /^data: (.*)$/m.exec(message)?.[1];
  if (data === undefined) return [];
  const event = JSON.parse(data) as Event;
  const id = /^id: (.*)$/m.exec(message)?.[1];
  if (id !== String(event.id)) throw new Error(`event ${event.id} came with id ${id}`);
  return [event];
}
