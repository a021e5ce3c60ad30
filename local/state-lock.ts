import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartFailure } from "./runtime.ts";

/**
 * Locks a relay's storage until this process ends, however it ends: two relays on one storage would write each other's shows.
 * The lock is a SQLite database beside the folder. Throws a {@link StartFailure} if another process has it.
 *
 * @param state the folder of the storage; it need not exist
 * @returns what releases the lock
 */
export function lockState(state: string): Disposable {
  try {
    mkdirSync(dirname(state), { recursive: true });
    const lock = new DatabaseSync(`${state}.lock`);
    lock.exec("BEGIN EXCLUSIVE");
    return { [Symbol.dispose]: () => lock.close() };
  } catch (error) {
    const { errcode, message } = error as Error & { errcode?: number };
    if (errcode === SQLITE_BUSY)
      throw new StartFailure(
        `Another relay is using ${state}, which has its shows. Stop that one, or start this one in a folder of its own.`,
      );
    throw new StartFailure(`${state} can not be written: ${message}.`);
  }
}

/** SQLite's result code when another connection has the lock (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
