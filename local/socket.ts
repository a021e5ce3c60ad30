/**
 * The socket that a Worker is reached on, for Miniflare to open beside its own. The sockets that Miniflare opens to a
 * Worker itself do not tell who asks, and take a CONNECT for a call of the Worker's methods; this one carries HTTP alone.
 *
 * A plugin of Miniflare's: it is loaded by its path, in the name of a binding of a Worker's (which the Worker does not get).
 */
export const plugins = {
  socket: {
    bindingTypeDescription: "Socket",
    getBindings: () => [],
    getNodeBindings: () => ({}),
    getServices: ({ options }: { options: WorkerOptions }) => ({
      services: [],
      extensions: [],
      sockets: Object.values(options.config.env)
        .filter(({ type }) => type === "unsafe:socket")
        .map(({ dev }) => ({
          name: `socket:${options.config.name}`,
          address: dev?.options?.address,
          service: { name: `core:user:${options.config.name}` },
          http: {},
        })),
    }),
  },
};

/** What is read of what Miniflare gives to a plugin. */
interface WorkerOptions {
  readonly config: {
    readonly name: string;
    readonly env: Readonly<
      Record<
        string,
        { readonly type: string; readonly dev?: { readonly options?: { readonly address?: string } } }
      >
    >;
  };
}

/** The binding that has Miniflare open the socket at `address` (`HOST:PORT`, an IPv6 host in brackets). */
export function socketAt(address: string) {
  return {
    name: "SOCKET",
    type: "socket",
    plugin: { package: import.meta.filename, name: "socket" },
    options: { address },
  };
}
