import type { Changes, DescribedHost, HostChanges, HostDescription } from "../../src/broadcast-api.ts";
import type { Latency } from "../../src/media.ts";
import type { CreatedBroadcast } from "./created.ts";

/** The admin side of any relay, through its API. Refusals are thrown. */
export interface Desk {
  readonly url: string;
  readonly adminToken: string;
}

/** How long an answer may take, ms. A DELETE is answered after up to 20 s (broadcast/broadcast.ts, `REMOVAL_MS`). */
const ANSWER_MS = 25_000;

/** Creates a broadcast and opens its doors. */
export async function openShow(desk: Desk, latency: Latency): Promise<CreatedBroadcast> {
  const show = await makeShow(desk, latency);
  await openDoors(desk, show);
  return show;
}

/** Creates a broadcast without hold audio, so that only its hosts are heard. Its first host or listener opens the doors. */
export async function makeShow(
  desk: Desk,
  latency: Latency,
  details: Changes = {},
): Promise<CreatedBroadcast> {
  return (await call(desk, "POST", "", {
    latency,
    title: `A ${latency} show`,
    hold: "none",
    ...details,
  })) as CreatedBroadcast;
}

/** Makes a host with a name and a key of its own; the rest of `settings` are its other settings. */
export async function makeHost(
  desk: Desk,
  { id }: CreatedBroadcast,
  settings: HostChanges,
): Promise<HostDescription> {
  return (await call(desk, "POST", `/${id}/hosts`, settings)) as HostDescription;
}

export async function changeHost(
  desk: Desk,
  { id }: CreatedBroadcast,
  hostId: string,
  changes: HostChanges,
): Promise<HostDescription> {
  return (await call(desk, "PATCH", `/${id}/hosts/${hostId}`, changes)) as HostDescription;
}

/** Replaces a host's key. */
export async function rotateHost(
  desk: Desk,
  { id }: CreatedBroadcast,
  hostId: string,
): Promise<HostDescription> {
  return (await call(desk, "POST", `/${id}/hosts/${hostId}/rotate`)) as HostDescription;
}

export async function openDoors(desk: Desk, { id }: CreatedBroadcast): Promise<void> {
  await call(desk, "POST", `/${id}/open`);
}

export async function changeShow(desk: Desk, { id }: CreatedBroadcast, details: Changes): Promise<void> {
  await call(desk, "PATCH", `/${id}`, details);
}

export async function endShow(desk: Desk, { id }: CreatedBroadcast): Promise<void> {
  await call(desk, "POST", `/${id}/end`);
}

/** How long after its last sample each of the last parts was listed, as the Broadcast reports it, ms. */
export async function listingOf(
  desk: Desk,
  { id }: Pick<CreatedBroadcast, "id">,
): Promise<{ p50: number; p99: number; max: number }> {
  const described = await call(desk, "GET", `/${id}`);
  return (described as { listingMs: { p50: number; p99: number; max: number } }).listingMs;
}

/**
 * The reads that reached the origin of a show since its doors opened, by kind, without reads of its state. One read of the
 * state is made here: the origin reports the reads that R2 has answered with the next read for which it has to ask the
 * Broadcast.
 */
export async function originReads(
  desk: Desk,
  { id, statusUrl }: CreatedBroadcast,
): Promise<Record<string, number>> {
  await (await fetch(statusUrl, { signal: AbortSignal.timeout(15_000) })).text();
  const { originReads: reads } = (await call(desk, "GET", `/${id}`)) as {
    originReads: { byKind: Record<string, number> };
  };
  const { status: _, ...byKind } = reads.byKind;
  return byKind;
}

/** How many puts to R2 have failed. */
export async function recordingFailuresOf(desk: Desk, { id }: CreatedBroadcast): Promise<number> {
  const described = await call(desk, "GET", `/${id}`);
  return (described as { recordingFailures: number }).recordingFailures;
}

/** Returns the show's hosts, as the relay describes them. */
export async function hostsOf(desk: Desk, { id }: CreatedBroadcast): Promise<readonly DescribedHost[]> {
  return ((await call(desk, "GET", `/${id}`)) as { hosts: readonly DescribedHost[] }).hosts;
}

export async function stateOf(desk: Desk, { id }: CreatedBroadcast): Promise<string> {
  return ((await call(desk, "GET", `/${id}`)) as { state: string }).state;
}

export async function removeShow(desk: Desk, { id }: CreatedBroadcast): Promise<void> {
  await call(desk, "DELETE", `/${id}`);
}

async function call(desk: Desk, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${desk.url}/api/broadcasts${path}`, {
    method,
    headers: { authorization: `Bearer ${desk.adminToken}` },
    signal: AbortSignal.timeout(ANSWER_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${method} /api/broadcasts${path} was answered ${response.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}
