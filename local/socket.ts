/**
 * Has Miniflare open an additional socket for a Worker. Miniflare's own sockets to a Worker do not pass on the client's address,
 * and treat a CONNECT request as a call of the Worker's methods. This one carries only HTTP.
 *
 * It is a Miniflare plugin. Miniflare loads it by its path, which stands in a binding of the Worker; the Worker itself does not
 * get that binding.
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

/** The options that Miniflare passes to a plugin, as far as they are used here. */
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

/** Returns the binding that makes Miniflare open a socket at `address` (`HOST:PORT`, an IPv6 host in brackets). */
export function socketAt(address: string) {
  return {
    name: "SOCKET",
    type: "socket",
    plugin: { package: import.meta.filename, name: "socket" },
    options: { address },
  };
}
