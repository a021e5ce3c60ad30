import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** SQLite, by Node's binding in place of the runtime's; as much of it as the store uses. */
export function sqlite(): SqlStorage {
  const database = new DatabaseSync(":memory:");
  const exec = (query: string, ...values: SQLInputValue[]) => {
    if (/^\s*CREATE/.test(query)) database.exec(query);
    const rows = /^\s*CREATE/.test(query) ? [] : database.prepare(query).all(...values);
    return { toArray: () => rows };
  };
  return { exec } as unknown as SqlStorage;
}
