import { createServer, type Server } from "node:net";

/** Has a server listen on any free port. Resolves with the port once it does; rejects if it can not listen. */
export function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => {
      server.off("error", reject);
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("The server does not listen on a port."));
    });
  });
}

/** Returns a TCP port that is free at the moment, for a program that has to be told its port. It is almost certainly free for UDP too. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const probe = createServer();
  const port = await listen(probe, host);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
