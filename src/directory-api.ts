import type { Latency } from "./media.ts";

/**
 * The Directory's interface and its types. Each Broadcast reports its entry (broadcast/notice.ts), directory/directory.ts stores
 * it, and the edge reads the list for operators (edge/directory.ts). The Directory holds no keys.
 */
export interface DirectoryApi {
  /** Stores a broadcast's entry; it replaces the previous one, if any. */
  put(entry: Entry): Promise<void>;
  /** Deletes the entry of broadcast `id`. An unknown id is no error. */
  remove(id: string): Promise<void>;
  page(query: Query): Promise<Page>;
}

export const STATES = ["announced", "open", "live", "ended"] as const;
export type State = (typeof STATES)[number];

/** What the Directory knows of one broadcast. Times are milliseconds since 1970. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly state: State;
  readonly latency: Latency;
  readonly createdAt: number;
  /** Null before the show's end, and if the Broadcast could not read its own row. */
  readonly endedAt: number | null;
}

/** Selects entries. */
export interface Query {
  /** Only entries in this state; null: all. */
  readonly state: State | null;
  /** The largest number of entries to return, 1 to 100. */
  readonly limit: number;
  /** Only entries after this one; null: from the newest on. */
  readonly after: Cursor | null;
}

/** An entry as a cursor into the list, which is sorted by creation time, newest first, and by id where times are equal. */
export type Cursor = Pick<Entry, "createdAt" | "id">;

export interface Page {
  readonly entries: readonly Entry[];
  /** The last entry, after which the next page begins; null on the last page. */
  readonly next: Cursor | null;
}

/** The namespace of the Directory class, as far as it is used here; it has one object. */
export interface Directories {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): DirectoryApi;
}

/** Returns the one Directory of a deployment. */
export function directoryOf(directories: Directories): DirectoryApi {
  return directories.get(directories.idFromName("directory"));
}
