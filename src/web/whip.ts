import type { Warning } from "../events.ts";
import { refusal } from "./refusal.ts";
import { readWarnings } from "./warnings.ts";

/** Why a WHIP offer was not taken. `status` 0: no answer at all. `final`: the same request can not succeed later. */
export class WhipError extends Error {
  readonly status: number;
  readonly final: boolean;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
    this.final = status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
  }
}

/** How a session is; `name`: what its host is called now; `warnings`: what the relay finds wrong with its sound. */
export type Look =
  | { readonly kind: "there"; readonly name: string; readonly warnings: readonly Warning[] }
  | { readonly kind: "gone" | "unknown" };

const GATHER_MS = 2500;
const ANSWER_MS = 10_000;
const CONNECT_MS = 15_000;
/** Less than from one look to the next (sender.ts): an answer is never older than another look's. */
const LOOK_MS = 4_000;

/**
 * One WHIP session (RFC 9725): an audio track going out over one peer connection. `open` resolves once the
 * media flows and throws {@link WhipError} when it can not; `close` ends the session at the relay too.
 */
export class WhipSession {
  readonly pc: RTCPeerConnection;
  /** Of the host whose key it is, when it was opened; empty where the relay does not say. */
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
      // RFC 7587: what the answer says of Opus is what the relay wants to receive; it decides mono or stereo.
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

  /** What the relay calls the session: the last part of its URL. */
  get id(): string {
    return new URL(this.#location).pathname.split("/").at(-1) ?? "";
  }

  /** Asks the relay how this session is. `gone`: the relay has it no more, or its key is not good any more. */
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

  /** Ends the session; `keepalive` lets the request outlive the page. If the relay can not be told, it finds out by itself. */
  async close(): Promise<void> {
    this.pc.close();
    const headers = { Authorization: `Bearer ${this.#key}` };
    await fetch(this.#location, { method: "DELETE", headers, keepalive: true }).catch(() => undefined);
  }
}

/** What the relay calls the host; empty where it does not say. */
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

/** Asks Opus for stereo, 128 kbit/s and in-band FEC; and not for DTX, with which a pause in speech has no packets. */
function withOpus(sdp: string, stereo: boolean): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1];
  if (payload === undefined) return sdp;
  const channels = stereo ? ";stereo=1;sprop-stereo=1" : "";
  const line = `a=fmtp:${payload} minptime=10;useinbandfec=1;maxaveragebitrate=128000${channels}`;
  const fmtp = new RegExp(`^a=fmtp:${payload} .*$`, "m");
  if (fmtp.test(sdp)) return sdp.replace(fmtp, line);
  return sdp.replace(/^(a=rtpmap:\d+ opus\/48000.*)$/im, `$1\r\n${line}`);
}

/** Waits for all candidates, but not for long: one network interface that does not answer must not delay the show. */
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
