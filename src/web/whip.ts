import { type Look, look, readName } from "./look.ts";
import { refusal, type Unopened, unreached } from "./refusal.ts";

/** Timeouts for gathering ICE candidates, for the relay's answer to the offer, and until media flows, ms. */
const GATHER_MS = 2500;
const ANSWER_MS = 10_000;
const CONNECT_MS = 15_000;

/** The relay's answer to an offer. */
interface Answer {
  readonly kind: "answer";
  /** Null: the connection broke off before all of it had come. */
  readonly sdp: string | null;
  /** The session's URL. */
  readonly location: string;
  readonly name: string;
}

/** One WHIP session (RFC 9725): it sends an audio track over one peer connection. */
export class WhipSession {
  readonly pc: RTCPeerConnection;
  /** The host's name when the session was opened; empty where the relay does not say. */
  readonly name: string;
  readonly #location: string;
  readonly #key: string;

  private constructor(pc: RTCPeerConnection, name: string, location: string, key: string) {
    this.pc = pc;
    this.name = name;
    this.#location = location;
    this.#key = key;
  }

  /** Opens a session. Resolves once the media flows, or can not. */
  static async open(
    endpoint: string,
    key: string,
    track: MediaStreamTrack,
    stereo: boolean,
  ): Promise<{ readonly kind: "open"; readonly session: WhipSession } | Unopened> {
    let pc: RTCPeerConnection | null = null;
    let session: WhipSession | null = null;
    try {
      pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
      pc.addTransceiver(track, { direction: "sendonly", streams: [new MediaStream([track])] });
      const offer = await pc.createOffer();
      await pc.setLocalDescription({ type: "offer", sdp: withOpus(offer.sdp ?? "", stereo) });
      await gathered(pc);
      const answer = await post(endpoint, key, pc.localDescription?.sdp ?? "");
      if (answer.kind === "unopened") {
        pc.close();
        return answer;
      }
      session = new WhipSession(pc, answer.name, answer.location, key);
      if (answer.sdp === null) {
        await session.close();
        return unreached("The relay's answer broke off.");
      }
      // RFC 7587: the answer's Opus parameters state what the relay wants to receive, so they decide between mono and stereo.
      await pc.setRemoteDescription({ type: "answer", sdp: withOpus(answer.sdp, stereo) });
      if (await isConnected(pc)) return { kind: "open", session };
      await session.close();
      return unreached("The relay answered, but no sound gets through (firewall?).");
    } catch (error) {
      // The browser has no WebRTC, or has refused a step.
      if (session) await session.close();
      else pc?.close();
      return unreached(error instanceof Error ? error.message : String(error));
    }
  }

  /** The session's id at the relay: the last segment of its URL. */
  get id(): string {
    return new URL(this.#location).pathname.split("/").at(-1) ?? "";
  }

  /** Asks the relay for the state of this session. */
  look(): Promise<Look> {
    return look(this.#location, this.#key);
  }

  /** Ends the session. `keepalive` lets the request outlive the page. If it fails, the relay finds out by itself. */
  async close(): Promise<void> {
    this.pc.close();
    const headers = { Authorization: `Bearer ${this.#key}` };
    await fetch(this.#location, { method: "DELETE", headers, keepalive: true }).catch(() => undefined);
  }
}

async function post(endpoint: string, key: string, offer: string): Promise<Answer | Unopened> {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${key}` },
      body: offer,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.status !== 201) return await refusal(response);
    const location = response.headers.get("Location");
    if (location === null) return unreached("The relay's answer names no session.");
    const sdp = await response.text().catch(() => null);
    const name = readName(response) ?? "";
    return { kind: "answer", sdp, location: new URL(location, response.url).href, name };
  } catch {
    return unreached("The relay can not be reached.");
  }
}

/** Sets Opus to 128 kbit/s with in-band FEC, in stereo if wanted. It leaves DTX off, with which speech pauses have no packets. */
function withOpus(sdp: string, stereo: boolean): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1];
  if (payload === undefined) return sdp;
  const channels = stereo ? ";stereo=1;sprop-stereo=1" : "";
  const line = `a=fmtp:${payload} minptime=10;useinbandfec=1;maxaveragebitrate=128000${channels}`;
  const fmtp = new RegExp(`^a=fmtp:${payload} .*$`, "m");
  if (fmtp.test(sdp)) return sdp.replace(fmtp, line);
  return sdp.replace(/^(a=rtpmap:\d+ opus\/48000.*)$/im, `$1\r\n${line}`);
}

/** Waits for all ICE candidates, {@link GATHER_MS} at most: a network interface that does not answer must not delay the show. */
function gathered(pc: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      if (pc.iceGatheringState === "complete") resolve();
    };
    pc.addEventListener("icegatheringstatechange", done);
    setTimeout(resolve, GATHER_MS);
    done();
  });
}

/** Resolves with whether a connection comes about, {@link CONNECT_MS} at most. */
function isConnected(pc: RTCPeerConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const check = () => {
      if (pc.connectionState === "connected") resolve(true);
      if (pc.connectionState === "failed" || pc.connectionState === "closed") resolve(false);
    };
    pc.addEventListener("connectionstatechange", check);
    setTimeout(() => resolve(false), CONNECT_MS);
    check();
  });
}
