import type { Server } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { httpOrigin } from "../address.ts";
import { SfuApi } from "./api.ts";

/** The API is for the Worker beside it alone, whatever address media comes in on. */
const API_HOST = "127.0.0.1";

/** How to start the stand-in. */
export interface SfuOptions {
  /** TCP port of the API; 0 picks a free one. */
  readonly port: number;
  /** The one IP address for media, bound and advertised. Default 127.0.0.1. */
  readonly host?: string;
  readonly appId: string;
  /** The token that API calls must carry as `Authorization: Bearer`. */
  readonly appSecret: string;
  /** Receives a line about each session and adapter that ends; never an SDP, a secret or an address. */
  readonly log?: (line: string) => void;
  /** First and last UDP port for media; the system's choice if absent. */
  readonly udpPortRange?: readonly [number, number];
  /** The origin (`ws://…`) that adapters dial instead of their endpoint's, which may be a proxy's. By default the endpoint's. */
  readonly dial?: string;
}

/**
 * Starts the local stand-in for Cloudflare Realtime SFU. `url` is the API's base, `http://127.0.0.1:<port>/v1`;
 * `close` ends every session, adapter and connection. Throws an Error with one sentence if `host` is no IP address or the
 * port is in use.
 */
export async function startSfu(options: SfuOptions): Promise<{ url: string; close(): Promise<void> }> {
  const { host = "127.0.0.1", port, appId, appSecret, log = () => {}, udpPortRange, dial } = options;
  if (isIP(host) === 0)
    throw new Error(`The SFU needs an IP address to receive media on; ${host} is a name.`);
  const api = new SfuApi(appId, appSecret, { host, ports: udpPortRange }, log, dial);
  // The global Request and Response are not replaced, because other servers in this process, and tests, use them.
  const server = createAdaptorServer({ fetch: api.app.fetch, overrideGlobalObjects: false }) as Server;
  await listen(server, port);
  const address = server.address() as AddressInfo;
  return {
    url: `${httpOrigin(API_HOST, address.port)}/v1`,
    close: async () => {
      api.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE"
          ? `Port ${port} is in use on ${API_HOST}; the SFU cannot start.`
          : `The SFU cannot listen on ${API_HOST}:${port}: ${error.message}.`;
      reject(new Error(reason));
    });
    server.listen(port, API_HOST, resolve);
  });
}
