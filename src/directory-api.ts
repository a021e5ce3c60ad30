import type { Latency } from "./media.ts";

/**
 * What the Directory knows of all broadcasts, and what crosses its seam: Broadcasts tell it what they are like
 * (broadcast/notice.ts), the edge reads it for operators (edge/directory.ts), directory/directory.ts keeps it. It has no keys.
 */
export interface DirectoryApi {
  /** Puts a broadcast's entry in the place of the one there was of it, if any. */
  put(entry: Entry): Promise<void>;
  /** Forgets broadcast `id`; one that it does not know is forgotten already. */
  remove(id: string): Promise<void>;
  page(query: Query): Promise<Page>;
}

export const STATES = ["announced", "open", "live", "ended"] as const;
export type State = (typeof STATES)[number];

/** One broadcast. Times are milliseconds since 1970. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly state: State;
  readonly latency: Latency;
  readonly createdAt: number;
  /** Null before its end, and where its row was damaged. */
  readonly endedAt: number | null;
}

/** Which entries are asked for. */
export interface Query {
  /** Those in this state alone; null: all. */
  readonly state: State | null;
  /** How many at most, 1 to 100. */
  readonly limit: number;
  /** Those behind this place alone; null: from the newest on. */
  readonly after: Place | null;
}

/** Where an entry stands in the order of all: by when it was created, newest first, and by its id where that is the same. */
export type Place = Pick<Entry, "createdAt" | "id">;

export interface Page {
  readonly entries: readonly Entry[];
  /** The place of the last of them, behind which the next page begins; null where there is none behind it. */
  readonly next: Place | null;
}

/** The objects of that class; there is one. */
export interface Directories {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): DirectoryApi;
}

/** The one Directory of a deployment. */
export function directoryOf(directories: Directories): DirectoryApi {
  return directories.get(directories.idFromName("directory"));
}
