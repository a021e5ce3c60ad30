/**
 * Returns the base URL of the copy that is served without a Worker; null where there is none. It comes from the environment
 * variable LIFEBOAT_URL if that is set, even to an empty text, otherwise from the same variable in wrangler.toml, whose text is
 * `config`. Throws if the URL is not exactly a scheme and a host.
 */
export function lifeboatOf(variable, config) {
  const [, configured = ""] = /^\s*LIFEBOAT_URL\s*=\s*["']([^"']*)["']/m.exec(config) ?? [];
  const url = (variable ?? configured).replace(/\/$/, "");
  if (url === "") return null;
  if (/^https?:\/\/[^\s"/?#;,]+$/.test(url)) return url;
  throw new Error(
    `LIFEBOAT_URL must be the URL of the bucket's domain, such as https://copy.example.org, not "${url}".`,
  );
}

/** Returns the text of _headers, changed so that pages with a player may also load from the copy. */
export function withCopy(headers, url) {
  const open = (rule) => rule.replace(/(?:connect|media)-src 'self'/g, `$& ${url}`);
  return headers
    .split("\n")
    .map((rule) => (rule.includes("media-src") ? open(rule) : rule))
    .join("\n");
}
