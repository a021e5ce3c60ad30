import type { RTCIceTransport, RTCPeerConnection } from "werift";
import { Senders } from "./senders.ts";

/**
 * Makes each socket of a peer connection drop, before it is parsed, what {@link Senders} does not take. werift itself checks no
 * password in STUN requests, and takes DTLS and RTP from anybody: one unencrypted DTLS alert closes its connection. To be called
 * while the connection has no socket. Requests from an address that `isWelcome` rejects are dropped as well.
 */
export function guard(peer: RTCPeerConnection, isWelcome: (address: string) => boolean): void {
  const guarded = new Set<RTCIceTransport>();
  peer.iceGatheringStateChange.subscribe(() => {
    for (const transport of peer.iceTransports) {
      if (guarded.has(transport)) continue;
      guarded.add(transport);
      guardSockets(transport, isWelcome);
    }
  });
}

/** werift reports each candidate in the same turn of the event loop in which its socket opens, so no datagram comes before. */
function guardSockets(transport: RTCIceTransport, isWelcome: (address: string) => boolean): void {
  const { connection } = transport;
  const guarded = new Set<Socket>();
  connection.onIceCandidate.subscribe(() => {
    // Not a public member of werift. Its version is pinned, and tests send to these sockets.
    const { protocols } = connection as unknown as { protocols: readonly { transport?: Socket }[] };
    for (const { transport: socket } of protocols) {
      if (socket === undefined || guarded.has(socket)) continue;
      guarded.add(socket);
      const senders = new Senders(() => transport.localParameters.password, isWelcome);
      const { onData } = socket;
      socket.onData = (data, sender) => {
        if (senders.takes(data, ...sender)) onData(data, sender);
      };
    }
  });
}

interface Socket {
  onData(data: Buffer, sender: readonly [string, number]): void;
}
