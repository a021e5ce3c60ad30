import type { Server } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { httpOrigin } from "../address.ts";
import { SfuApi } from "./api.ts";

/** How to start the stand-in. */
export interface SfuOptions {
  /** TCP port of the API; 0 lets the system pick one. */
  readonly port: number;
  /** The one IP address that media is received on and advertised at, and that the API binds to. Default 127.0.0.1. */
  readonly host?: string;
  readonly appId: string;
  /** What API calls must carry as `Authorization: Bearer`. */
  readonly appSecret: string;
  /** Takes a line about each session and adapter that ends; never an SDP, a secret or an address. */
  readonly log?: (line: string) => void;
  /** First and last UDP port for media; the system's choice if absent. */
  readonly udpPortRange?: readonly [number, number];
  /** The origin (`ws://…`) that adapters dial in place of their endpoints' own, which may be a proxy's; theirs if absent. */
  readonly dial?: string;
}

/**
 * Starts the local stand-in for Cloudflare Realtime SFU. `url` is the API's base, `http://<host>:<port>/v1`;
 * `close` ends every session, adapter and connection. Throws an Error in one sentence when the address is no IP
 * address of this machine or the port is taken.
 */
export async function startSfu(options: SfuOptions): Promise<{ url: string; close(): Promise<void> }> {
  const { host = "127.0.0.1", port, appId, appSecret, log = () => {}, udpPortRange, dial } = options;
  if (isIP(host) === 0)
    throw new Error(`The SFU needs an IP address to receive media on; ${host} is a name.`);
  const api = new SfuApi(appId, appSecret, { host, ports: udpPortRange }, log, dial);
  // The process's own Request and Response stay: the relay's other servers, and tests, use them.
  const server = createAdaptorServer({ fetch: api.app.fetch, overrideGlobalObjects: false }) as Server;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  return {
    url: `${httpOrigin(host, address.port)}/v1`,
    close: async () => {
      api.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: `Port ${port} is in use on ${host}; the SFU cannot start.`,
        EADDRNOTAVAIL: `${host} is not an address of this machine; the SFU cannot start.`,
      };
      reject(
        new Error(reasons[error.code ?? ""] ?? `The SFU cannot listen on ${host}:${port}: ${error.message}.`),
      );
    });
    server.listen(port, host, resolve);
  });
}
