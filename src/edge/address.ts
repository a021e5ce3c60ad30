/** A request's URL, as far as {@link parseListen} (paths.ts) reads one; a `URL` is one too. */
export interface Address {
  readonly pathname: string;
  readonly searchParams: Pick<URLSearchParams, "get">;
}

/** A path and a query that mean what they say: nothing encoded, no dot segments. */
const PLAIN = /^https?:\/\/[^/?#\\@]+((?:\/(?!\.)[\w.-]*)+)(?:\?([\w.~=&-]*))?$/;

/**
 * Reads a request's URL. What players send is cut up by hand, since in the runtime a `URL` and its query cost a quarter
 * of all that answering a listener does (bench/edge); whatever is unusual is left to `URL`, so that the answer is always
 * the one that `URL` gives.
 */
export function addressOf(url: string): Address {
  const plain = PLAIN.exec(url);
  if (plain === null) return new URL(url);
  const [, pathname = "", query = ""] = plain;
  return { pathname, searchParams: { get: (name) => firstOf(query, name) } };
}

/** The first value of `name`, as `URLSearchParams.get` has it. */
function firstOf(query: string, name: string): string | null {
  for (const term of query.split("&")) {
    if (term === "") continue;
    if (term === name) return "";
    if (term.startsWith(name) && term[name.length] === "=") return term.slice(name.length + 1);
  }
  return null;
}
