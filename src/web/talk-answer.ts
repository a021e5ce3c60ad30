import type { Other, Others, TalkOffer, TalkTrack } from "../talk.ts";

/** The relay's answers to a studio under /talk/. Each reader returns null for JSON that is none of them. */

/** Reads the name of the talk session that was made. */
export function readTalk(json: unknown): string | null {
  const { talk } = fieldsOf(json);
  return typeof talk === "string" ? talk : null;
}

/** Reads the list of the other hosts who are on. */
export function readOthers(json: unknown): Others | null {
  const { revision, others, squeals } = fieldsOf(json);
  if (typeof revision !== "number" || typeof squeals !== "boolean") return null;
  return Array.isArray(others) && others.every(isOther) ? { revision, others, squeals } : null;
}

/** Reads the SFU's offer of tracks. */
export function readOffer(json: unknown): TalkOffer | null {
  const { mutation, offer, tracks } = fieldsOf(json);
  if (typeof mutation !== "string" || (typeof offer !== "string" && offer !== null)) return null;
  return Array.isArray(tracks) && tracks.every(isTrack) ? { mutation, offer, tracks } : null;
}

function isOther(json: unknown): json is Other {
  const { publication, name } = fieldsOf(json);
  return typeof publication === "string" && typeof name === "string";
}

function isTrack(json: unknown): json is TalkTrack {
  const { publication, mid, error } = fieldsOf(json);
  return (
    typeof publication === "string" && (typeof mid === "string" || error === "not-yet" || error === "gone")
  );
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null ? { ...json } : {};
}
