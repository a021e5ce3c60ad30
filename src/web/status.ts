/** What `GET /live/:id/status.json` says, as far as the pages use it. */
export interface Status {
  readonly title: string;
  readonly state: "announced" | "open" | "live" | "ended";
  /** Hosts whose audio the relay is receiving. */
  readonly hosts: number;
  /** An estimate; absent where the relay does not count. */
  readonly listeners?: number;
  /** The programme's level as the relay hears it, dBFS; absent where the relay does not measure. */
  readonly meter?: { readonly peakDb: number; readonly rmsDb: number };
}

/** One answer to "how is the show?": the status, or why there is none. */
export type Report =
  | { readonly kind: "status"; readonly status: Status }
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
export function parseStatus(json: unknown): Status | null {
  if (typeof json !== "object" || json === null) return null;
  const { title, state, hosts, listeners, meter } = json as Record<string, unknown>;
  if (state !== "announced" && state !== "open" && state !== "live" && state !== "ended") return null;
  return {
    title: typeof title === "string" ? title : "",
    state,
    hosts: typeof hosts === "number" ? hosts : 0,
    ...(typeof listeners === "number" ? { listeners } : {}),
    ...(isMeter(meter) ? { meter } : {}),
  };
}

function isMeter(value: unknown): value is { peakDb: number; rmsDb: number } {
  if (typeof value !== "object" || value === null) return false;
  const { peakDb, rmsDb } = value as Record<string, unknown>;
  return typeof peakDb === "number" && typeof rmsDb === "number";
}
