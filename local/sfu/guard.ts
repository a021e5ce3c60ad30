import type { RTCPeerConnection } from "werift";

/**
 * Makes a peer connection's sockets drop every datagram whose sender's address `isWelcome` rejects, before it is parsed. To be
 * called once the sockets are open (after setLocalDescription), before the description is sent. Throws if no socket is found.
 */
export function guard(peer: RTCPeerConnection, isWelcome: (address: string) => boolean): void {
  let sockets = 0;
  for (const { connection } of peer.iceTransports) {
    // Not a public member of werift. Its version is pinned, and a test sends from another address.
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
