import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** SQLite through Node's binding instead of the runtime's, as far as the stores of `src/` use it. */
export function sqlite(): SqlStorage {
  const database = new DatabaseSync(":memory:");
  const statements = new Map<string, StatementSync>();
  const exec = (query: string, ...values: SQLInputValue[]) => {
    if (/^\s*CREATE/.test(query)) {
      database.exec(query);
      return { toArray: () => [] };
    }
    const statement = statements.get(query) ?? database.prepare(query);
    statements.set(query, statement);
    const rows = statement.all(...values);
    return { toArray: () => rows };
  };
  return { exec } as unknown as SqlStorage;
}
