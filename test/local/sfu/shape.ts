import { createEncoder } from "libopus-wasm";
import {
  type BundlePolicy,
  MediaStreamTrack,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtpHeader,
  RtpPacket,
  useVP8,
} from "werift";
import type { SfuCaller } from "../../kit/front.ts";
import { toneSource } from "../../kit/tone.ts";

/** How a publisher's offer differs from a plain one. */
export interface Shape {
  readonly video?: "first" | "last" | "none";
  readonly bundle?: BundlePolicy;
  readonly channels?: 1 | 2;
  /** Changes the offer on its way to the SFU. */
  readonly rewrite?: (sdp: string) => string;
}

/** An offer of one audio section that nobody follows up. */
export async function bareOffer(): Promise<string> {
  const { peer, sdp } = await offering({});
  await peer.close();
  return sdp;
}

/** A bare WebRTC publisher that sends its offer straight to the SFU's API. */
export function connectShape(sfu: SfuCaller, shape: Shape) {
  return connectBy(async (sdp, mid) => {
    const sessionId = await sfu.newSession();
    const { json } = await sfu.newTrack(sessionId, sdp, mid);
    return { sessionId, answer: json.sessionDescription.sdp };
  }, shape);
}

/** Takes an offer and the mid of its audio section to the SFU. */
export type Publish = (sdp: string, mid: string) => Promise<{ sessionId: string; answer: string }>;

/** The same publisher, whose offer another client takes to the SFU. */
export async function connectBy(publish: Publish, shape: Shape) {
  const { peer, track, sdp: local } = await offering(shape);
  const sdp = shape.rewrite?.(local) ?? local;
  const mid = midOf(sdp);
  const { sessionId, answer: given } = await publish(sdp, mid);
  const connected = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the publisher is ${peer.connectionState}`)), 8_000);
    peer.connectionStateChange.subscribe((state) => {
      if (state !== "connected") return;
      clearTimeout(timer);
      resolve();
    });
  });
  const answer = mid === midOf(local) ? given : given.replaceAll(mid, midOf(local));
  await peer.setRemoteDescription({ type: "answer", sdp: answer });
  await connected;
  const encoder = await createEncoder({ channels: shape.channels ?? 2 });
  const tone = toneSource();
  let count = 0;
  const began = performance.now();
  const pacing = setInterval(() => {
    for (; count < (performance.now() - began) / 20; count++) {
      const stereo = tone(960);
      const pcm = shape.channels === 1 ? stereo.filter((_, i) => i % 2 === 0) : stereo;
      const header = new RtpHeader({ sequenceNumber: count, timestamp: count * 960 });
      track.writeRtp(new RtpPacket(header, Buffer.from(encoder.encode(pcm))));
    }
  }, 10);
  return {
    sessionId,
    answer: given,
    close: async () => {
      clearInterval(pacing);
      encoder.free();
      await peer.close();
    },
  };
}

async function offering(shape: Shape) {
  const audio = new RTCRtpCodecParameters({ mimeType: "audio/opus", clockRate: 48_000, channels: 2 });
  const peer = new RTCPeerConnection({
    iceServers: [],
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ["127.0.0.1"],
    codecs: { audio: [audio], video: [useVP8()] },
    bundlePolicy: shape.bundle ?? "max-bundle",
  });
  const track = new MediaStreamTrack({ kind: "audio" });
  const video = () => peer.addTransceiver(new MediaStreamTrack({ kind: "video" }), { direction: "sendonly" });
  if (shape.video === "first") video();
  peer.addTransceiver(track, { direction: "sendonly" });
  if (shape.video === "last") video();
  const offer = await peer.createOffer();
  for (const { connection } of peer.iceTransports) delete connection.stunServer;
  await peer.setLocalDescription(offer);
  return { peer, track, sdp: peer.localDescription?.sdp ?? "" };
}

function midOf(sdp: string): string {
  return /^m=audio[\s\S]*?^a=mid:(\S+)/m.exec(sdp)?.[1] ?? "";
}
