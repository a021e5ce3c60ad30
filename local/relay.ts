import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { httpOrigin, ownAddresses } from "./address.ts";
import type { LifeboatOptions } from "./lifeboat.ts";
import { Runtime, StartFailure } from "./runtime.ts";
import { startSfu } from "./sfu/server.ts";

/** The whole relay on this machine: the SFU stand-in and the Worker in the real runtime. */
export interface Relay {
  /** Where it is reached, without a slash at the end. */
  readonly url: string;
  readonly adminToken: string;
  /** Where the bucket is served without the Worker, without a slash at the end; null where it is not. */
  readonly lifeboat: string | null;
  /** The runtime's process, for those who measure it. */
  readonly pid: number;
  /** Rejects with a {@link StartFailure} when the runtime ends without {@link stop}; never resolves. */
  readonly failed: Promise<never>;
  /** Ends every process this started; resolves when they are gone. */
  stop(): Promise<void>;
}

export interface RelayOptions {
  /** The HTTP port; 0 takes a free one. */
  readonly port?: number;
  /** The one address that is bound and advertised to publishers; this machine alone by default. */
  readonly host?: string;
  /** Where the Worker's storage lies, across restarts. */
  readonly persist: string;
  /** Minted when absent. With a `persist` that is used again, give the same ones again. */
  readonly secrets?: Secrets;
  /** The UDP ports that publishers are told of; any free ones by default. */
  readonly udpPorts?: readonly [number, number];
  /** Whether code that changes is built anew, by `wrangler dev`; false by default. */
  readonly dev?: boolean;
  /** Whether and where the bucket is served without the Worker; by default it is not. Not with `dev`. */
  readonly lifeboat?: LifeboatOptions | null;
  /** Gets each line that the runtime and the stand-in print. */
  readonly log?: (line: string) => void;
  /** More of the Worker's variables, over the defaults. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Aborted, it ends what has been started, and starting rejects with its reason. Of no effect on a running relay. */
  readonly signal?: AbortSignal;
}

export interface Secrets {
  readonly adminToken: string;
  /** The deployment's EARSHOT_SECRET. */
  readonly secret: string;
}

/** Starts the relay and resolves when it answers. Rejects with {@link StartFailure} where people can mend it. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const host = options.host ?? "127.0.0.1";
  const port = await freePort(options.port ?? 0, host);
  const secrets = options.secrets ?? mintSecrets();
  const log = options.log ?? (() => {});
  const lifeboat = await lifeboatOf(options.lifeboat ?? null, host, log);
  const appSecret = randomBytes(16).toString("hex");
  const sfu = await startSfu({
    port: 0,
    host,
    appId: "local",
    appSecret,
    log,
    // The Worker names the origin that the publisher used: behind a proxy a name and a scheme that may not lead here.
    dial: httpOrigin(host, port).replace("http", "ws"),
    ...(options.udpPorts === undefined ? {} : { udpPortRange: options.udpPorts }),
  });
  // The runtime runs in a folder of its own.
  const persist = resolve(options.persist);
  // What `wrangler dev` once kept of every request, URLs and the tokens in them included.
  rmSync(join(persist, "v3", "observability"), { recursive: true, force: true });
  const runtime = new Runtime({
    host,
    port,
    lifeboat: lifeboat?.port ?? null,
    dev: options.dev ?? false,
    persist,
    variables: {
      ADMIN_TOKEN: secrets.adminToken,
      EARSHOT_SECRET: secrets.secret,
      SFU_API: sfu.url,
      // Whoever gave HOST asked for it: the local runtime has no certificate to speak https with.
      PLAIN_HTTP: "1",
      SFU_APP_ID: "local",
      SFU_APP_SECRET: appSecret,
      // Over the one of wrangler.toml, which is the deployment's.
      LIFEBOAT_URL: lifeboat?.url ?? "",
      ...options.vars,
    },
    log,
  });
  // Whatever ends this process, the runtime must not outlive it: it would hold the port and the secrets.
  const abandon = () => runtime.kill();
  process.once("exit", abandon);
  const stop = async (): Promise<void> => {
    await runtime.stop();
    await sfu.close();
    process.off("exit", abandon);
  };
  const url = httpOrigin(host === "127.0.0.1" ? "localhost" : host, port);
  try {
    await runtime.ready(`${httpOrigin(host, port)}/api/ready`, options.signal);
  } catch (error) {
    await stop();
    throw error;
  }
  const copy = lifeboat?.url ?? null;
  return {
    url,
    lifeboat: copy,
    adminToken: secrets.adminToken,
    pid: runtime.pid,
    failed: runtime.failed,
    stop,
  };
}

/** A relay does without the copy where its port is in use: that may be another relay's. */
async function lifeboatOf(
  options: LifeboatOptions | null,
  host: string,
  log: (line: string) => void,
): Promise<Required<LifeboatOptions> | null> {
  if (options === null) return null;
  try {
    const port = await freePort(options.port, host);
    return { port, url: options.url ?? httpOrigin(host, port) };
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    log(
      `warning: There is no lifeboat: port ${options.port} is in use. Its own would be the one after PORT; LIFEBOAT=off says so.`,
    );
    return null;
  }
}

export function mintSecrets(): Secrets {
  return {
    adminToken: randomBytes(18).toString("base64url"),
    secret: randomBytes(24).toString("base64url"),
  };
}

/** The port asked for, if it is free; any free one for 0. */
function freePort(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const why: Readonly<Record<string, string>> = {
        EADDRINUSE: `Port ${port} is in use: stop what uses it, or start with another one (PORT=${port + 1} npm start).`,
        EADDRNOTAVAIL: `HOST must be an address of this machine (${ownAddresses()}), not ${host}.`,
        EACCES: `Port ${port} is not for this user: start with a higher one (PORT=8787 npm start).`,
      };
      const other = `${host}:${port} can not be listened on (${error.code}): give another HOST or PORT.`;
      reject(new StartFailure(why[error.code ?? ""] ?? other));
    });
    probe.listen(port, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}
