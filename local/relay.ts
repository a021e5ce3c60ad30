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
  /** The relay's URL, without a trailing slash. */
  readonly url: string;
  readonly adminToken: string;
  /** The URL at which the bucket is served without the Worker, without a trailing slash; null where it is not served. */
  readonly lifeboat: string | null;
  /** The id of the runtime's process, for measurements. */
  readonly pid: number;
  /** Rejects with a {@link StartFailure} when the runtime ends without {@link stop}; never resolves. */
  readonly failed: Promise<never>;
  /** Ends every process that was started; resolves when they are gone. */
  stop(): Promise<void>;
}

export interface RelayOptions {
  /** The HTTP port; 0 picks a free one. */
  readonly port?: number;
  /** The one address that is bound and advertised to publishers; loopback by default. */
  readonly host?: string;
  /** The folder of the Worker's storage, which survives restarts. */
  readonly persist: string;
  /** Generated if absent. If a `persist` folder is reused, its secrets must be given again. */
  readonly secrets?: Secrets;
  /** The range of UDP ports for media; any free ports by default. */
  readonly udpPorts?: readonly [number, number];
  /** Whether `wrangler dev` rebuilds changed code; false by default. */
  readonly dev?: boolean;
  /** Where the bucket is served without the Worker; by default, and with `dev`, it is not. */
  readonly lifeboat?: LifeboatOptions | null;
  /** Receives each line that the runtime and the SFU stand-in print. */
  readonly log?: (line: string) => void;
  /** More variables of the Worker; they override the defaults. */
  readonly vars?: Readonly<Record<string, string>>;
  /** If it is aborted during the start, all processes are ended and the start rejects with its reason. No effect afterwards. */
  readonly signal?: AbortSignal;
}

export interface Secrets {
  readonly adminToken: string;
  /** The deployment's EARSHOT_SECRET. */
  readonly secret: string;
}

/** Starts the relay and resolves when it answers. Rejects with {@link StartFailure} where the user can correct the cause. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const host = options.host ?? "127.0.0.1";
  const port = await freePort(options.port ?? 0, host);
  const secrets = options.secrets ?? generateSecrets();
  const log = options.log ?? (() => {});
  const lifeboat = await lifeboatOf(options.lifeboat ?? null, host, log);
  const appSecret = randomBytes(16).toString("hex");
  const sfu = await startSfu({
    port: 0,
    host,
    appId: "local",
    appSecret,
    log,
    // The Worker builds the adapter's endpoint from the origin that the publisher used. Behind a proxy, that may not lead here.
    dial: httpOrigin(host, port).replace("http", "ws"),
    ...(options.udpPorts === undefined ? {} : { udpPortRange: options.udpPorts }),
  });
  // An absolute path, because the runtime has another working directory.
  const persist = resolve(options.persist);
  // Deletes the request traces of older versions of `wrangler dev`, whose URLs contain tokens.
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
      // The local runtime has no certificate for https, and a user who sets HOST has chosen to serve a network without it.
      PLAIN_HTTP: "1",
      SFU_APP_ID: "local",
      SFU_APP_SECRET: appSecret,
      // Overrides the one in wrangler.toml, which is the deployment's.
      LIFEBOAT_URL: lifeboat?.url ?? "",
      ...options.vars,
    },
    log,
  });
  // However this process ends, the runtime must not outlive it, or it would keep the port and the secrets.
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

/** Returns the bucket's port and URL. If the port is in use, maybe by another relay, this relay runs without the copy (null). */
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

export function generateSecrets(): Secrets {
  return {
    adminToken: randomBytes(18).toString("base64url"),
    secret: randomBytes(24).toString("base64url"),
  };
}

/** Returns `port` if it is free, or any free port for 0. Rejects with a {@link StartFailure} otherwise. */
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
