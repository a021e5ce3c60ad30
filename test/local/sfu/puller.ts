import { type MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, type RtpPacket } from "werift";
import type { Reply, SfuCaller } from "../../kit/front.ts";

/**
 * A client that hears others through the SFU: a session of its own, whose offers it answers. Keeps the packets by mid, as they
 * came.
 */
export class Puller {
  readonly sessionId: string;
  /** Received packets by mid. */
  readonly heard = new Map<string, RtpPacket[]>();
  /** The SFU's last offer. */
  offer = "";
  readonly #sfu: SfuCaller;
  readonly #peer: RTCPeerConnection;

  private constructor(sfu: SfuCaller, sessionId: string) {
    this.#sfu = sfu;
    this.sessionId = sessionId;
    const opus = new RTCRtpCodecParameters({ mimeType: "audio/opus", clockRate: 48_000, channels: 2 });
    this.#peer = new RTCPeerConnection({
      iceServers: [],
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ["127.0.0.1"],
      codecs: { audio: [opus], video: [] },
      bundlePolicy: "max-bundle",
    });
    this.#peer.ontrack = ({ track, transceiver }) => {
      const packets: RtpPacket[] = [];
      this.heard.set(transceiver.mid ?? "", packets);
      (track as MediaStreamTrack).onReceiveRtp.subscribe((packet) => void packets.push(packet));
    };
  }

  static async start(sfu: SfuCaller): Promise<Puller> {
    return new Puller(sfu, await sfu.newSession());
  }

  /** Asks for the track `mic` of these sessions, without answering the offer. */
  ask(...sessions: readonly string[]): Promise<Reply> {
    const tracks = sessions.map((sessionId) => ({ location: "remote", sessionId, trackName: "mic" }));
    return this.#sfu.call("POST", `/sessions/${this.sessionId}/tracks/new`, { tracks });
  }

  /** Makes the answer to an offer. */
  async answerTo(offer: string): Promise<string> {
    this.offer = offer;
    await this.#peer.setRemoteDescription({ type: "offer", sdp: offer });
    const answer = await this.#peer.createAnswer();
    for (const { connection } of this.#peer.iceTransports) delete connection.stunServer;
    await this.#peer.setLocalDescription(answer);
    return this.#peer.localDescription?.sdp ?? "";
  }

  renegotiate(sdp: string): Promise<Reply> {
    const sessionDescription = { type: "answer", sdp };
    return this.#sfu.call("PUT", `/sessions/${this.sessionId}/renegotiate`, { sessionDescription });
  }

  /** Pulls the track `mic` of these sessions; returns their mids. */
  async pull(...sessions: readonly string[]): Promise<readonly string[]> {
    const { status, json } = await this.ask(...sessions);
    if (status !== 200) throw new Error(`tracks/new: ${status} ${JSON.stringify(json)}`);
    const accepted = await this.renegotiate(await this.answerTo(json.sessionDescription.sdp));
    if (accepted.status !== 200) throw new Error(`renegotiate: ${JSON.stringify(accepted.json)}`);
    return json.tracks.map(({ mid }: { mid: string }) => mid);
  }

  /** Closes the track on a mid. */
  drop(mid: string): Promise<Reply> {
    const body = { tracks: [{ mid }], force: true };
    return this.#sfu.call("PUT", `/sessions/${this.sessionId}/tracks/close`, body);
  }

  close(): Promise<void> {
    return this.#peer.close();
  }
}
