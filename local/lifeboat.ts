/** How the bucket is served beside the relay, without the Worker. */
export interface LifeboatOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Where it is reached, without a slash at the end, where that is not the address that the relay is on. */
  readonly url?: string;
}

/**
 * What the variable LIFEBOAT says: where it is not set the bucket is served on the port after the relay's; with `off`, or where
 * there is no port after that, nowhere (null). Else it is the URL at which that port is reached. Throws where it is none.
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
