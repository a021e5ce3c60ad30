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
  for (let at = 0; at < query.length; ) {
    const next = query.indexOf("&", at);
    const end = next < 0 ? query.length : next;
    const after = at + name.length;
    if (end > at && after <= end && query.startsWith(name, at)) {
      if (after === end) return "";
      if (query[after] === "=") return query.slice(after + 1, end);
    }
    at = end + 1;
  }
  return null;
}
