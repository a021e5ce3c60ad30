import type { Warning } from "../events.ts";
import { refusal } from "./refusal.ts";
import { readWarnings } from "./warnings.ts";

/** Why a WHIP session could not be opened. `status` 0: no answer, or no media. `final`: the same request can never succeed. */
export class WhipError extends Error {
  readonly status: number;
  readonly final: boolean;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
    this.final = status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
  }
}

/** The state of a session at the relay. `name`: its host's name. `warnings`: what the relay finds wrong with its sound. */
export type Look =
  | { readonly kind: "there"; readonly name: string; readonly warnings: readonly Warning[] }
  | { readonly kind: "gone" | "unknown" };

/** Timeouts for gathering ICE candidates, for the relay's answer to the offer, and until media flows, ms. */
const GATHER_MS = 2500;
const ANSWER_MS = 10_000;
const CONNECT_MS = 15_000;
/** Timeout for a look, ms. It is shorter than the interval between looks (sender.ts), so that their answers come in order. */
const LOOK_MS = 4_000;

/**
 * One WHIP session (RFC 9725): it sends an audio track over one peer connection. `open` resolves once the media flows, and
 * rejects with {@link WhipError} if it can not. `close` ends the session at the relay too.
 */
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

  static async open(
    endpoint: string,
    key: string,
    track: MediaStreamTrack,
    stereo: boolean,
  ): Promise<WhipSession> {
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    let session: WhipSession | null = null;
    try {
      pc.addTransceiver(track, { direction: "sendonly", streams: [new MediaStream([track])] });
      const offer = await pc.createOffer();
      await pc.setLocalDescription({ type: "offer", sdp: withOpus(offer.sdp ?? "", stereo) });
      await gathered(pc);
      const response = await post(endpoint, key, pc.localDescription?.sdp ?? "");
      const location = response.headers.get("Location");
      if (location === null) throw new WhipError(502, "The relay's answer names no session.");
      session = new WhipSession(pc, nameIn(response), new URL(location, response.url).href, key);
      // RFC 7587: the answer's Opus parameters state what the relay wants to receive, so they decide between mono and stereo.
      const answer = withOpus(await response.text(), stereo);
      await pc.setRemoteDescription({ type: "answer", sdp: answer });
      await connected(pc);
      return session;
    } catch (error) {
      if (session) await session.close();
      else pc.close();
      throw error;
    }
  }

  /** The session's id at the relay: the last segment of its URL. */
  get id(): string {
    return new URL(this.#location).pathname.split("/").at(-1) ?? "";
  }

  /** Asks the relay for the state of this session. `gone`: the relay has dropped it, or its key is not valid any more. */
  async look(): Promise<Look> {
    const headers = { Authorization: `Bearer ${this.#key}` };
    const signal = AbortSignal.timeout(LOOK_MS);
    const response = await fetch(this.#location, { method: "HEAD", headers, signal }).catch(() => null);
    if (response?.ok) {
      const warnings = readWarnings(response.headers.get("Earshot-Warnings"));
      return { kind: "there", name: nameIn(response), warnings };
    }
    return { kind: [401, 403, 404, 410].includes(response?.status ?? 0) ? "gone" : "unknown" };
  }

  /** Ends the session. `keepalive` lets the request outlive the page. If it fails, the relay finds out by itself. */
  async close(): Promise<void> {
    this.pc.close();
    const headers = { Authorization: `Bearer ${this.#key}` };
    await fetch(this.#location, { method: "DELETE", headers, keepalive: true }).catch(() => undefined);
  }
}

/** Reads the host's name from the relay's answer; empty where it has none. */
function nameIn({ headers }: Response): string {
  return decodeURIComponent(headers.get("Earshot-Host") ?? "");
}

async function post(endpoint: string, key: string, sdp: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${key}` },
      body: sdp,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch {
    throw new WhipError(0, "The relay can not be reached.");
  }
  if (response.status !== 201) throw new WhipError(response.status, await refusal(response));
  return response;
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

function connected(pc: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new WhipError(0, "The relay answered, but no sound gets through (firewall?)."));
    const check = () => {
      if (pc.connectionState === "connected") resolve();
      if (pc.connectionState === "failed" || pc.connectionState === "closed") fail();
    };
    pc.addEventListener("connectionstatechange", check);
    setTimeout(fail, CONNECT_MS);
    check();
  });
}
