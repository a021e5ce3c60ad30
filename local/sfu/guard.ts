import type { RTCPeerConnection } from "werift";

/**
 * Has a peer connection's sockets drop every datagram whose sender `isWelcome` does not know, before anything reads it. Call
 * it once they are open (after setLocalDescription) and before the answer goes out. Throws where werift has none.
 */
export function guard(peer: RTCPeerConnection, isWelcome: (address: string) => boolean): void {
  let sockets = 0;
  for (const { connection } of peer.iceTransports) {
    // Not among werift's public members; its version is pinned, and a test sends from elsewhere.
    const { protocols } = connection as unknown as { protocols: readonly { transport?: Socket }[] };
    for (const { transport } of protocols) {
      if (transport === undefined) continue;
      const { onData } = transport;
      transport.onData = (data, sender) => {
        if (isWelcome(sender[0])) onData(data, sender);
      };
      sockets++;
    }
  }
  if (sockets === 0) throw new Error("the media socket can not be guarded");
}

interface Socket {
  onData(data: Buffer, sender: readonly [string, number]): void;
}
