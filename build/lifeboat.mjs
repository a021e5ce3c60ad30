/**
 * The base URL of the copy that is served without a Worker: the variable LIFEBOAT_URL, where it is set (to nothing, too), else that
 * of wrangler.toml, whose text `config` is; null where there is none. Throws where it is more or less than a scheme and a host.
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

/** The text of _headers, in which the pages that play may load from the copy as well. */
export function withCopy(headers, url) {
  const open = (rule) => rule.replace(/(?:connect|media)-src 'self'/g, `$& ${url}`);
  return headers
    .split("\n")
    .map((rule) => (rule.includes("media-src") ? open(rule) : rule))
    .join("\n");
}
