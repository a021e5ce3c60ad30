import type { Publishers } from "./publishers.ts";

/** A show, as the sockets of its hosts know it. */
interface SocketShow {
  readonly publishers: Pick<Publishers, "connect" | "isCurrent" | "disconnect">;
  hear(session: string, message: Uint8Array): void;
}

/** Stands for a text message, which the SFU never sends; it is counted as garbage. */
const NOTHING = new Uint8Array(0);

/**
 * Accepts a socket that the SFU dialled; returns null if the session or its generation is over.
 *
 * @param show returns the show as it is at each message; null: it is gone
 */
export function acceptSocket(
  show: () => SocketShow | null,
  { session, generation }: { readonly session: string; readonly generation: number },
  context: Pick<DurableObjectState, "waitUntil">,
): Response | null {
  const { 0: client, 1: server } = new WebSocketPair();
  if (show()?.publishers.connect(session, generation, server) !== true) return null;
  server.binaryType = "arraybuffer";
  server.accept();
  server.addEventListener("message", ({ data }) => {
    const now = show();
    if (now?.publishers.isCurrent(session, server) !== true) return;
    now.hear(session, typeof data === "string" ? NOTHING : new Uint8Array(data as ArrayBuffer));
  });
  const disconnect = (code: number) => {
    const gone = show()?.publishers.disconnect(session, server, code, Date.now());
    if (gone !== undefined) context.waitUntil(gone);
  };
  server.addEventListener("close", ({ code }) => disconnect(code));
  server.addEventListener("error", () => disconnect(1006));
  return new Response(null, { status: 101, webSocket: client });
}
