/** How the bucket is served next to the relay, without the Worker. */
export interface LifeboatOptions {
  /** 0 picks a free port. */
  readonly port: number;
  /** Its public URL without a trailing slash, if that is not the relay's address with this port. */
  readonly url?: string;
}

/**
 * Interprets the variable LIFEBOAT. If it is not set, the bucket is served on the port after the relay's. With `off`, or if
 * there is no port after the relay's, it is not served (null). Any other value is the URL at which that port is reached. Throws
 * if it is not such a URL.
 */
export function readLifeboat(variable: string | undefined, relay: number): LifeboatOptions | null {
  if (variable === "off" || relay === 65_535) return null;
  const port = relay + 1;
  if (variable === undefined) return { port };
  const url = variable.replace(/\/$/, "");
  if (/^https?:\/\/[^\s"/?#]+$/.test(url)) return { port, url };
  throw new Error(
    `LIFEBOAT must be off, or the URL at which port ${port} is reached, such as https://copy.example.org, not "${variable}".`,
  );
}
