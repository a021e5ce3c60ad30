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

/** No system takes the ports of outgoing connections, or of servers that ask for any, from this range. */
const [LOWEST, HIGHEST] = [20_000, 32_000];

/** Returns a TCP port that is free at the moment, for a program that has to be told its port. It is almost certainly free for UDP too. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port, host)) return port;
  }
}

/** Whether a server can listen on a port. Rejects if the host is not this machine's. */
function isFree(port: number, host: string): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(error);
    });
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
