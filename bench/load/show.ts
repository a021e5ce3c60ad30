import type { Latency } from "../../src/media.ts";

/** A relay's admin side, as the load tool uses it. */
export interface Desk {
  readonly url: string;
  readonly adminToken: string;
}

/** A show made for the load. */
export interface Show {
  readonly id: string;
  readonly playbackUrl: string;
  readonly listenUrl: string;
  readonly statusUrl: string;
  readonly whipUrl: string;
  readonly hostKey: string;
}

/** Makes a broadcast and opens its doors. */
export async function openShow(desk: Desk, latency: Latency): Promise<Show> {
  const show = await makeShow(desk, latency);
  await openDoors(desk, show);
  return show;
}

/** Makes a broadcast; its first host opens the doors. */
export async function makeShow(desk: Desk, latency: Latency): Promise<Show> {
  return (await call(desk, "POST", "", { latency, title: `Load ${latency}` })) as Show;
}

export async function openDoors(desk: Desk, { id }: Show): Promise<void> {
  await call(desk, "POST", `/${id}/open`);
}

/**
 * What reached the origin of a show since its doors opened, by kind, but for reads of its state, of which one is made here:
 * the origin tells of reads that R2 has answered with the next one that it has to ask the Broadcast for.
 */
export async function originReads(desk: Desk, { id, statusUrl }: Show): Promise<Record<string, number>> {
  await (await fetch(statusUrl, { signal: AbortSignal.timeout(15_000) })).text();
  const { originReads: reads } = (await call(desk, "GET", `/${id}`)) as {
    originReads: { byKind: Record<string, number> };
  };
  const { status: _, ...byKind } = reads.byKind;
  return byKind;
}

export async function removeShow(desk: Desk, { id }: Show): Promise<void> {
  await call(desk, "DELETE", `/${id}`);
}

async function call(desk: Desk, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${desk.url}/api/broadcasts${path}`, {
    method,
    headers: { authorization: `Bearer ${desk.adminToken}` },
    signal: AbortSignal.timeout(15_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${method} /api/broadcasts${path} was answered ${response.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}
