import { setTimeout as sleep } from "node:timers/promises";
import { RTCPeerConnection, RTCRtpCodecParameters } from "werift";
import { type Publication, publish } from "../../local/host/publisher.ts";
import { SpokenSignal } from "../../local/host/signal.ts";
import type { Others, TalkOffer } from "../../src/talk.ts";
import { type Desk, makeHost, openShow, removeShow } from "../kit/desk.ts";
import type { Checks } from "./checks.ts";

/**
 * Checks talk-back with the real SFU: it offers the tracks of others, takes the answer, sends their packets, and lets one leave
 * and another come on the same connection. The stand-in does so by the documentation, which does not say how long it takes.
 */
export async function checkTalk(checks: Checks, desk: Desk): Promise<void> {
  await checks.run("a host hears another, who leaves and comes back on the same connection", async () => {
    const show = await openShow(desk, "low");
    const open: { close(): Promise<void> }[] = [];
    try {
      const { hostKey: ada } = await makeHost(desk, show, { name: "Ada" });
      const { hostKey: ben } = await makeHost(desk, show, { name: "Ben" });
      const speak = async (key: string) => {
        const signal = new SpokenSignal({ startMillis: Date.now() });
        const speaking = await publish({ url: show.whipUrl, key, source: (frames) => signal.read(frames) });
        open.push(speaking);
        return speaking;
      };
      const hearer = await speak(ada);
      let other = await speak(ben);
      const studio = await Studio.open(`${desk.url}/talk/${show.id}`, ada, hearer);
      open.push(studio);
      const first = await studio.hearNext();
      await other.close();
      await studio.untilAlone();
      other = await speak(ben);
      const second = await studio.hearNext();
      return `heard after ${first} ms, and ${second} ms when back`;
    } finally {
      // Last opened, first closed: a talk session ends with the session of its host.
      for (const one of open.reverse()) await one.close().catch(() => undefined);
      await removeShow(desk, show);
    }
  });
}

/** A studio without a browser: one talk session, and one connection for as long as it lives. */
export class Studio {
  readonly #url: string;
  readonly #key: string;
  readonly #peer: RTCPeerConnection;
  /** The publication that it hears; null before the first. */
  #heard: string | null = null;
  /** The number of RTP packets received, from any publisher. */
  #packets = 0;
  #revision: number | null = null;

  private constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
    const opus = new RTCRtpCodecParameters({ mimeType: "audio/opus", clockRate: 48_000, channels: 2 });
    this.#peer = new RTCPeerConnection({
      iceServers: [],
      iceAdditionalHostAddresses: ["127.0.0.1"],
      codecs: { audio: [opus], video: [] },
      bundlePolicy: "max-bundle",
    });
    this.#peer.ontrack = ({ track }) => track.onReceiveRtp.subscribe(() => void this.#packets++);
  }

  /** Opens a studio for the host who publishes in this session. */
  static async open(
    endpoint: string,
    key: string,
    { sessionUrl }: Pick<Publication, "sessionUrl">,
  ): Promise<Studio> {
    const session = new URL(sessionUrl).pathname.split("/").at(-1);
    const { talk } = await call<{ talk: string }>(endpoint, key, "POST", { session });
    return new Studio(`${endpoint}/${talk}`, key);
  }

  /** Waits for another host, and then for that host's packets. Returns how long that took from when the host was on, ms. */
  async hearNext(): Promise<number> {
    const { publication } = await this.#othersUntil((others) => others[0]);
    const from = performance.now();
    for (const end = from + 20_000; performance.now() < end; await sleep(500)) {
      const offer = await call<TalkOffer>(`${this.#url}/tracks`, this.#key, "POST", {
        publications: [publication],
      });
      if (offer.offer === null) continue;
      await this.#peer.setRemoteDescription({ type: "offer", sdp: offer.offer });
      const answer = await this.#peer.createAnswer();
      for (const { connection } of this.#peer.iceTransports) delete connection.stunServer;
      await this.#peer.setLocalDescription(answer);
      const body = { mutation: offer.mutation, answer: this.#peer.localDescription?.sdp };
      await call(`${this.#url}/answer`, this.#key, "PUT", body);
      this.#heard = publication;
      this.#packets = 0;
      while (this.#packets < 50 && performance.now() < end) await sleep(20);
      if (this.#packets < 50) throw new Error(`${this.#packets} packets came`);
      return Math.round(performance.now() - from);
    }
    throw new Error("nothing was offered within 20 s");
  }

  /** Waits until no other host is on, and closes the track that it heard. */
  async untilAlone(): Promise<void> {
    await this.#othersUntil((others) => (others.length === 0 ? true : undefined));
    await call(`${this.#url}/close`, this.#key, "PUT", { publications: [this.#heard] });
  }

  /** Ends the talk session. The connection is closed even where the relay refuses that, because an open one keeps the process alive. */
  async close(): Promise<void> {
    try {
      await call(this.#url, this.#key, "DELETE");
    } finally {
      await this.#peer.close();
    }
  }

  async #othersUntil<T>(find: (others: Others["others"]) => T | undefined): Promise<T> {
    for (const end = performance.now() + 60_000; performance.now() < end; ) {
      const since = this.#revision === null ? "" : `?since=${this.#revision}`;
      const { revision, others } = await call<Others>(`${this.#url}${since}`, this.#key, "GET");
      this.#revision = revision;
      const found = find(others);
      if (found !== undefined) return found;
    }
    throw new Error("who else is on did not change within a minute");
  }
}

async function call<T>(url: string, key: string, method: string, body?: object): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(25_000),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} of talk-back was answered ${response.status}: ${text}`);
  return (text === "" ? null : JSON.parse(text)) as T;
}
