import type { HostKey } from "../access/keys.ts";
import type { HostAct, HostAnswer, HostDescription } from "../broadcast-api.ts";
import { toMillis } from "../media.ts";
import { urlsOf } from "../paths.ts";
import { isProblem, PROBLEMS, type Problem } from "../problem.ts";
import type { Cast } from "./cast.ts";
import type { HostRow } from "./host-row.ts";
import { type Life, pipelineOf } from "./life.ts";
import type { Publishers } from "./publishers.ts";

/** A show, as operators who manage its hosts know it. */
interface ManagedShow {
  readonly life: Life;
  readonly cast: Pick<Cast, "all" | "of" | "make" | "change" | "remove" | "applyTo">;
  readonly publishers: Pick<Publishers, "all" | "of" | "dropAll">;
  /** Returns a host's key. */
  keyOf(host: HostKey): Promise<string>;
  /** Replaces a host's key, and cuts off those who are on with the previous one. */
  rotateKey(hostId: string): void;
}

/**
 * Lists, makes, shows, changes or revokes hosts, or replaces a key, for an operator.
 *
 * @param origin absolute URLs begin with it
 */
export async function handleHostAct(
  show: ManagedShow,
  act: HostAct,
  origin: string,
): Promise<HostAnswer | Problem> {
  switch (act.kind) {
    case "list": {
      const hosts = await Promise.all(show.cast.all.map((row) => describeHost(show, row, origin)));
      return { kind: "hosts", hosts };
    }
    case "make":
      return answerOf(show, show.cast.make(act.settings, Date.now()), origin);
    case "look":
      return answerOf(show, show.cast.of(act.hostId), origin);
    case "change": {
      const row = show.cast.change(act.hostId, act.changes);
      show.cast.applyTo(pipelineOf(show.life), show.publishers.all);
      return answerOf(show, row, origin);
    }
    case "rotate":
      if (show.cast.of(act.hostId) !== null) show.rotateKey(act.hostId);
      return answerOf(show, show.cast.of(act.hostId), origin);
    case "remove": {
      const problem = show.cast.remove(act.hostId);
      if (problem !== null) return problem;
      show.publishers.dropAll("the host has been revoked", act.hostId);
      return { kind: "removed" };
    }
  }
}

async function answerOf(
  show: ManagedShow,
  row: HostRow | Problem | null,
  origin: string,
): Promise<HostAnswer | Problem> {
  if (row === null) return PROBLEMS.noHost;
  return isProblem(row) ? row : { kind: "host", host: await describeHost(show, row, origin) };
}

async function describeHost(show: ManagedShow, row: HostRow, origin: string): Promise<HostDescription> {
  const { hostId, name, muted, gainDb, level, createdAt } = row;
  const { hostKey, whipUrl, studioUrl } = urlsOf(origin, show.life.row.id, await show.keyOf(row));
  const sessions = show.publishers.of(hostId);
  const last = sessions.toSorted((a, b) => (b.heardAt ?? 0) - (a.heardAt ?? 0))[0];
  const pipeline = pipelineOf(show.life);
  const packets = last === undefined ? null : (pipeline?.countsOf(last.session) ?? null);
  const sound = last === undefined ? null : (pipeline?.loudnessOf(last.session) ?? null);
  return {
    hostId,
    name,
    muted,
    gainDb,
    level,
    createdAt,
    hostKey,
    whipUrl,
    studioUrl,
    connected: last !== undefined,
    heard: sessions.some(({ session }) => pipeline?.isHeard(session)),
    state: last?.state.state ?? null,
    loudness: sound?.loudness ?? null,
    levelDb: sound?.levelDb ?? null,
    loss: packets === null ? null : lossOf(packets),
    jitter: packets === null ? null : Math.round(toMillis(packets.jitter ?? 0)),
    codec: last?.row.codec ?? null,
    client: last?.row.client ?? null,
  };
}

/**
 * Returns the share of a host's packets that are missing, 0 to 1. Concealed sound would not tell it: a host who sends nothing
 * while it is silent (Opus DTX) leaves gaps in which nothing is missing.
 */
function lossOf({ missing = 0, received = 0 }: Readonly<Record<string, number>>): number {
  return missing / Math.max(1, missing + received);
}
