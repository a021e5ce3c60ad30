import type { Level, Status } from "../status.ts";
import { readError } from "./relay-error.ts";
import { statusPath } from "./relay-paths.ts";

/** The fields of `GET /live/:id/status.json` that the pages use. */
export type KnownStatus = Pick<
  Status,
  | "title"
  | "description"
  | "opensAt"
  | "autoOpen"
  | "state"
  | "replay"
  | "hosts"
  | "onAir"
  | "line"
  | "listeners"
  | "error95"
  | "confidence"
  | "meter"
  | "lastEvent"
>;

/** The result of asking for the status: the status, or why there is none. */
export type StatusAnswer =
  | { readonly kind: "status"; readonly status: KnownStatus }
  | { readonly kind: "missing" }
  | { readonly kind: "unreachable" };

/** Timeouts for the status, ms: for an immediate answer, and for one that the relay holds, for 12 s at most. */
const ANSWER_MS = 5_000;
const HELD_MS = 16_000;

/**
 * Asks once. `unreachable`: the relay is down, slow or gives no proper answer. `missing`: the relay does not know the show. With
 * `waits`, the answer for a show whose doors are closed comes when they open, or after some 12 s.
 */
export async function readStatus(id: string, waits = false): Promise<StatusAnswer> {
  try {
    const url = `${statusPath(id)}${waits ? "?wait=open" : ""}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(waits ? HELD_MS : ANSWER_MS) });
    if (response.status === 404 || response.status === 410)
      return { kind: (await readError(response)) === null ? "unreachable" : "missing" };
    if (!response.ok) return { kind: "unreachable" };
    const status = parseStatus(await response.json());
    return status ? { kind: "status", status } : { kind: "unreachable" };
  } catch {
    return { kind: "unreachable" };
  }
}

/** Reads a status; null where `json` is not one. Fields that these pages do not know are ignored. */
export function parseStatus(json: unknown): KnownStatus | null {
  if (typeof json !== "object" || json === null) return null;
  const said = json as Record<keyof KnownStatus, unknown>;
  const { title, description, opensAt, autoOpen, state, hosts, onAir, line, meter } = said;
  const { listeners, error95, confidence, lastEvent, replay } = said;
  if (state !== "announced" && state !== "open" && state !== "live" && state !== "ended") return null;
  return {
    title: typeof title === "string" ? title : "",
    description: typeof description === "string" ? description : "",
    opensAt: typeof opensAt === "string" && !Number.isNaN(Date.parse(opensAt)) ? opensAt : null,
    autoOpen: autoOpen === true,
    state,
    replay: replay === true,
    hosts: typeof hosts === "number" ? hosts : 0,
    onAir: Array.isArray(onAir) ? onAir.filter((name) => typeof name === "string") : [],
    line: line === "hosts" || line === "hold" || line === "silence" ? line : null,
    listeners: typeof listeners === "number" ? listeners : null,
    error95: typeof error95 === "number" ? error95 : null,
    confidence: confidence === "high" || confidence === "low" ? confidence : null,
    meter: isLevel(meter) ? meter : null,
    lastEvent: typeof lastEvent === "number" ? lastEvent : 0,
  };
}

function isLevel(value: unknown): value is Level {
  if (typeof value !== "object" || value === null) return false;
  const { peakDb, rmsDb } = value as Record<keyof Level, unknown>;
  return typeof peakDb === "number" && typeof rmsDb === "number";
}
