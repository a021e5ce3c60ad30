import type { Level, Status } from "../status.ts";

/** What `GET /live/:id/status.json` says, as far as the pages use it. */
export type Seen = Pick<Status, "title" | "state" | "hosts" | "listeners" | "meter">;

/** One answer to "how is the show?": the status, or why there is none. */
export type Report =
  | { readonly kind: "status"; readonly status: Seen }
  | { readonly kind: "missing" }
  | { readonly kind: "unreachable" };

/** The URL of a broadcast's public state. */
export function statusUrl(id: string): string {
  return `/live/${encodeURIComponent(id)}/status.json`;
}

/** Asks once. A relay that is down, slow (5 s) or speaks nonsense is `unreachable`, an unknown show `missing`. */
export async function readStatus(id: string): Promise<Report> {
  try {
    const response = await fetch(statusUrl(id), { signal: AbortSignal.timeout(5000) });
    if (response.status === 404 || response.status === 410) return { kind: "missing" };
    if (!response.ok) return { kind: "unreachable" };
    const status = parseStatus(await response.json());
    return status ? { kind: "status", status } : { kind: "unreachable" };
  } catch {
    return { kind: "unreachable" };
  }
}

/** Reads the JSON; `null` when it is not a status. Fields these pages do not know are ignored. */
export function parseStatus(json: unknown): Seen | null {
  if (typeof json !== "object" || json === null) return null;
  const { title, state, hosts, listeners, meter } = json as Record<keyof Seen, unknown>;
  if (state !== "announced" && state !== "open" && state !== "live" && state !== "ended") return null;
  return {
    title: typeof title === "string" ? title : "",
    state,
    hosts: typeof hosts === "number" ? hosts : 0,
    listeners: typeof listeners === "number" ? listeners : null,
    meter: isLevel(meter) ? meter : null,
  };
}

function isLevel(value: unknown): value is Level {
  if (typeof value !== "object" || value === null) return false;
  const { peakDb, rmsDb } = value as Record<keyof Level, unknown>;
  return typeof peakDb === "number" && typeof rmsDb === "number";
}
