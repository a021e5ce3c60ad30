import { Application, createEncoder, type OpusEncoderHandle } from "libopus-wasm";
import {
  type DtlsSocket,
  MediaStreamTrack,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  type RTCRtpTransceiver,
  RtcpRrPacket,
} from "werift";
import { type PublishStats, type Source, Stream } from "./stream.ts";

const CONNECT_MILLIS = 10_000;
const REQUEST_MILLIS = 15_000;

/** What to publish and where. */
export interface PublishOptions {
  /** The WHIP endpoint. */
  readonly url: string;
  /** The endpoint's bearer token. */
  readonly key: string;
  readonly source: Source;
  /** Opus bit rate; default 128 000 bit/s. */
  readonly bitrate?: number;
  /** Whether the encoder pauses in silence (DTX). Default off. */
  readonly dtx?: boolean;
  /** Called once when the connection is lost without `close`. */
  readonly onLost?: (reason: string) => void;
}

/** A published stream. */
export interface Publication {
  /** The WHIP session's URL, absolute. */
  readonly sessionUrl: string;
  readonly stats: Readonly<PublishStats>;
  /**
   * Ends the publication. `graceful` (default) sends `DELETE` and the DTLS close_notify. Otherwise it stops sending at once
   * without notice, like a publisher that crashed.
   */
  close(graceful?: boolean): Promise<void>;
}

/**
 * Publishes audio over WHIP (RFC 9725) and WebRTC. It POSTs an offer with all candidates, connects as the answer says, and
 * sends Opus (stereo, in-band FEC) paced by the clock, so that the stream neither drifts nor bursts. Resolves when connected.
 * Throws an Error with one clear sentence if that fails. Contacts only the endpoint, and no STUN server.
 */
export async function publish(options: PublishOptions): Promise<Publication> {
  const codec = new RTCRtpCodecParameters({
    mimeType: "audio/opus",
    clockRate: 48_000,
    channels: 2,
    parameters: "minptime=10;useinbandfec=1;stereo=1",
  });
  const ipv6 = new URL(options.url).hostname.startsWith("[");
  const peer = new RTCPeerConnection({
    iceServers: [],
    // A relay at an IPv6 address also receives media there (local/start.ts: HOST).
    iceUseIpv6: ipv6,
    // werift lists the addresses of the network interfaces. A machine without a network has only loopback.
    iceAdditionalHostAddresses: [ipv6 ? "::1" : "127.0.0.1"],
    codecs: { audio: [codec], video: [] },
    bundlePolicy: "max-bundle",
  });
  const track = new MediaStreamTrack({ kind: "audio" });
  const transceiver = peer.addTransceiver(track, { direction: "sendonly" });
  let sessionUrl: string | null = null;
  try {
    await peer.setLocalDescription(await offerWithoutStun(peer));
    const answer = await post(options, peer.localDescription?.sdp ?? "");
    sessionUrl = answer.sessionUrl;
    const connected = connection(peer);
    await Promise.all([peer.setRemoteDescription({ type: "answer", sdp: answer.sdp }), connected]);
    const encoder = await createEncoder({
      channels: 2,
      sampleRate: 48_000,
      application: Application.Audio,
      bitrate: options.bitrate ?? 128_000,
      fec: true,
      dtx: options.dtx ?? false,
    });
    return start(options, sessionUrl, peer, transceiver, track, encoder);
  } catch (error) {
    await peer.close();
    if (sessionUrl !== null) await remove(sessionUrl, options.key);
    throw error;
  }
}

/** Makes an offer without STUN: werift uses a public server by default, but ICE-lite peers need no such candidate. */
async function offerWithoutStun(peer: RTCPeerConnection) {
  const offer = await peer.createOffer();
  for (const { connection } of peer.iceTransports) delete connection.stunServer;
  return offer;
}

function start(
  options: PublishOptions,
  sessionUrl: string,
  peer: RTCPeerConnection,
  transceiver: RTCRtpTransceiver,
  track: MediaStreamTrack,
  encoder: OpusEncoderHandle,
): Publication {
  const stream = new Stream(track, encoder, options.source);
  transceiver.sender.onRtcp.subscribe((packet) => {
    if (packet instanceof RtcpRrPacket) stream.report(packet);
  });
  peer.connectionStateChange.subscribe((state) => {
    if (stream.hasEnded || (state !== "disconnected" && state !== "failed" && state !== "closed")) return;
    stream.end();
    options.onLost?.(`the WebRTC connection was lost (${state})`);
  });
  return {
    sessionUrl,
    stats: stream.stats,
    close: async (graceful = true) => {
      stream.end();
      const failure = graceful ? await remove(sessionUrl, options.key) : null;
      if (graceful) for (const { dtls } of peer.dtlsTransports) if (dtls) await closeNotify(dtls);
      await peer.close();
      if (failure !== null) throw failure;
    },
  };
}

function connection(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new Error(`The relay's media server did not answer over UDP within ${CONNECT_MILLIS / 1000} s.`),
        ),
      CONNECT_MILLIS,
    );
    peer.connectionStateChange.subscribe((state) => {
      if (state === "connected") resolve();
      else if (state === "failed" || state === "closed") reject(new Error("The WebRTC connection failed."));
      else return;
      clearTimeout(timer);
    });
  });
}

/** Sends the WHIP POST (RFC 9725 section 4.2). */
async function post(options: PublishOptions, sdp: string): Promise<{ sessionUrl: string; sdp: string }> {
  const { url, key } = options;
  const response = await request(url, {
    method: "POST",
    headers: { "content-type": "application/sdp", authorization: `Bearer ${key}` },
    body: sdp,
  });
  const body = await response.text();
  if (response.status !== 201) throw new Error(refusal(response.status, body));
  const location = response.headers.get("location");
  if (location === null)
    throw new Error("The WHIP endpoint accepted the offer but named no session (no Location).");
  if (!response.headers.get("content-type")?.startsWith("application/sdp") || !body.startsWith("v=0")) {
    throw new Error("The WHIP endpoint accepted the offer but its answer is not SDP.");
  }
  return { sessionUrl: new URL(location, response.url).href, sdp: body };
}

/** Sends the WHIP DELETE (RFC 9725 section 4.2). Returns an error instead of throwing it. */
async function remove(sessionUrl: string, key: string): Promise<Error | null> {
  try {
    const response = await request(sessionUrl, {
      method: "DELETE",
      headers: { authorization: `Bearer ${key}` },
    });
    await response.body?.cancel();
    // 404 and 410: the session had ended already.
    if (response.ok || response.status === 404 || response.status === 410) return null;
    return new Error(`The relay did not end the session: it answered DELETE with ${response.status}.`);
  } catch (error) {
    return error as Error;
  }
}

async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_MILLIS) });
  } catch (error) {
    const { cause, name } = error as Error & { cause?: { code?: string; message?: string } };
    const reason =
      name === "TimeoutError"
        ? `no answer within ${REQUEST_MILLIS / 1000} s`
        : (cause?.code ?? cause?.message ?? name);
    throw new Error(`${new URL(url).origin} cannot be reached (${reason}).`);
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: "The WHIP endpoint found the offer malformed",
  401: "The WHIP endpoint refused the host key",
  403: "The WHIP endpoint refused the host key",
  404: "There is no such broadcast at the WHIP endpoint",
  410: "The broadcast has ended",
  422: "The WHIP endpoint accepts no Opus audio",
  503: "The relay's media server is down",
};

/** Returns one sentence about a refusal, with the relay's own message if there is one (`{error: {message}}`). */
function refusal(status: number, body: string): string {
  const said = /"message"\s*:\s*"([^"]{1,200})"/.exec(body)?.[1];
  return `${REFUSALS[status] ?? "The WHIP endpoint refused the offer"} (${status}${said ? `: ${said}` : ""}).`;
}

/**
 * Sends the DTLS close_notify alert (RFC 5246 section 7.2.1 in a record of RFC 6347 section 4.1), as browsers do when
 * a connection is closed; werift itself sends nothing.
 */
async function closeNotify(socket: DtlsSocket): Promise<void> {
  const { cipher } = socket.cipher;
  if (!cipher || !socket.connected) return;
  const type = 21;
  const version = 0xfefd;
  const epoch = 1;
  const sequenceNumber = ++socket.dtls.recordSequenceNumber;
  const alert = Buffer.from([1, 0]); // warning, close_notify
  const sealed = cipher.encrypt(socket.sessionType, alert, { type, version, epoch, sequenceNumber });
  const record = Buffer.alloc(13);
  record.writeUInt8(type, 0);
  record.writeUInt16BE(version, 1);
  record.writeUInt16BE(epoch, 3);
  record.writeUIntBE(sequenceNumber, 5, 6);
  record.writeUInt16BE(sealed.length, 11);
  await socket.transport.send(Buffer.concat([record, sealed]));
}
