import { isIPv6 } from "node:net";
import { RTCPeerConnection, RTCRtpCodecParameters } from "werift";
import { isLoopback, isOwn, ownAddress } from "../address.ts";
import { guard } from "./guard.ts";
import { fixAnswer, type Offer, type OfferedMedia, offersOpus, refuse } from "./offer.ts";
import { Pulls, type Source } from "./pulls.ts";
import type { Track } from "./track.ts";

/** A publisher that sends neither RTP nor STUN for this long is considered gone, ms. */
const DEAD_MILLIS = 6_000;
/** A session that no client has connected to within this time expires, ms. */
const SETUP_MILLIS = 30_000;
const WATCH_MILLIS = 250;
/** Recognises Firefox by the origin line of its descriptions (RFC 8866 section 5.2). */
const FIREFOX = /^o=mozilla\b/m;
const OPUS = "minptime=10;useinbandfec=1;stereo=1";

/** Where media is received: one address, and the UDP ports that may be used. */
export interface MediaAddress {
  readonly host: string;
  readonly ports?: readonly [number, number] | undefined;
  /** From which addresses clients connect to a socket that replaces a loopback socket; by default, this machine's. */
  readonly hears?: (address: string) => boolean;
}

/**
 * One client's session: an ICE-lite peer connection, the tracks that it publishes or pulls, and a watchdog. It is ICE-lite
 * because full ICE would drop publishers that do not answer consent checks (FFmpeg) after 30 s. The price is that ICE does not
 * report a publisher's death, hence the watchdog over RTP and STUN.
 */
export class Session {
  readonly id: string;
  readonly tracks = new Map<string, Track>();
  readonly #pulls = new Pulls();
  state: "new" | "negotiating" | "connecting" | "connected" | "closed" = "new";
  readonly #address: MediaAddress;
  readonly #onEnd: (reason: string) => void;
  readonly #born = Date.now();
  readonly #watching: NodeJS.Timeout;
  #peer: RTCPeerConnection | null = null;
  /** When RTP or STUN last arrived from the publisher, ms since 1970. */
  #heard = 0;
  readonly #waiters = new Set<() => void>();

  /** `onEnd` is called once, when the session has closed for any reason. */
  constructor(id: string, address: MediaAddress, onEnd: (reason: string) => void) {
    this.id = id;
    this.#address = address;
    this.#onEnd = onEnd;
    this.#watching = setInterval(() => this.#watch(), WATCH_MILLIS);
  }

  /**
   * Answers an offer that `readOffer` accepted, and publishes its `tracks` (name and mid). Throws an Error if no
   * media socket can be opened.
   */
  async negotiate(offer: Offer, tracks: readonly { name: string; mid: string }[]): Promise<string> {
    const before = this.state;
    this.state = "negotiating";
    const { host } = this.#address;
    // Firefox has no loopback candidate and pairs with none. So it gets another address of this machine, where only clients on
    // this machine are accepted, as on loopback.
    const near = isLoopback(host) && FIREFOX.test(offer.sdp) ? ownAddress() : null;
    const peer = this.#peer ?? this.#connect(offer.media, near);
    const isNew = peer !== this.#peer;
    this.#peer = peer;
    for (const { name, mid } of tracks) {
      const media = offer.media.find((section) => section.mid === mid);
      if (media)
        this.tracks.set(name, {
          name,
          media,
          adapters: new Set(),
          forwards: new Set(),
          packets: 0,
          closed: false,
        });
    }
    await peer.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    for (const transport of peer.dtlsTransports) {
      // By default werift answers `active` to `active`. If the offer is passive, werift must not be the server.
      if (transport.role === "auto" && offer.media.every(({ setup }) => setup !== "passive"))
        transport.role = "server";
    }
    if (isNew) this.#watchTransports(peer, "the publisher");
    // A rejected first section breaks Chromium's BUNDLE; an inactive one does not.
    for (const transceiver of peer.getTransceivers()) {
      if (transceiver.kind === "video") transceiver.setDirection("inactive");
    }
    await peer.setLocalDescription(await peer.createAnswer());
    const sdp = peer.localDescription?.sdp ?? "";
    if (!sdp.includes("a=candidate:")) throw new Error(noPort(this.#address));
    if (this.state === "negotiating") this.state = before === "connected" ? "connected" : "connecting";
    return fixAnswer(sdp);
  }

  /** The tracks of other sessions that this session pulls or has pulled. */
  get pulls(): Pick<Pulls, "list" | "any" | "isAnswerAwaited"> {
    return this.#pulls;
  }

  /** Offers tracks of other sessions, in addition to those pulled already. Throws an Error if no media socket can be opened. */
  async offer(
    tracks: readonly { readonly source: Source; readonly track: Track }[],
  ): Promise<{ readonly sdp: string; readonly mids: readonly string[] }> {
    const { host } = this.#address;
    // The answering client is not known yet. It may be Firefox (see above), and other clients reach that address as well.
    const near = isLoopback(host) ? ownAddress() : null;
    const isNew = this.#peer === null;
    this.#peer ??= this.#connect([], near);
    const offered = await this.#pulls.offer(this.#peer, tracks);
    if (isNew) this.#watchTransports(this.#peer, "who pulled");
    if (!offered.sdp.includes("a=candidate:")) throw new Error(noPort(this.#address));
    return offered;
  }

  /** Takes the answer to the last offer. */
  async takeAnswer(sdp: string): ReturnType<Pulls["answer"]> {
    if (this.#peer === null) return refuse("there has been no offer");
    const answered = await this.#pulls.answer(this.#peer, sdp);
    if (answered.kind === "taken" && this.state === "new") this.state = "connecting";
    return answered;
  }

  /** Waits until `done` holds, the session has closed, or `millis` have passed. Returns whether `done` holds. */
  async until(done: () => boolean, millis: number): Promise<boolean> {
    const deadline = Date.now() + millis;
    while (!done() && this.state !== "closed" && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiters.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, deadline - Date.now());
        this.#waiters.add(wake);
      });
    }
    return done();
  }

  /**
   * Closes a track, published or pulled, and the sockets of its adapters. Returns false if there is no such track, or if it is
   * closed already.
   */
  closeTrack(mid: string): boolean {
    if (this.#pulls.close(mid)) return true;
    const open = [...this.tracks.values()].filter((track) => track.media.mid === mid && !track.closed);
    for (const track of open) {
      track.closed = true;
      track.forwards.clear();
      for (const adapter of [...track.adapters]) adapter.close(1000, "the track was closed");
    }
    return open.length > 0;
  }

  close(reason: string): void {
    if (this.state === "closed") return;
    this.state = "closed";
    clearInterval(this.#watching);
    this.#pulls.closeAll();
    for (const track of this.tracks.values()) {
      track.closed = true;
      track.forwards.clear();
      for (const adapter of [...track.adapters]) adapter.close(1000, reason);
    }
    this.#wake();
    this.#peer?.close().catch(() => {}); // its sockets are gone either way
    this.#onEnd(reason);
  }

  /** `near` is the address that replaces loopback; null if the session's own address is used. */
  #connect(offered: readonly OfferedMedia[], near: string | null): RTCPeerConnection {
    const { ports, hears = isOwn } = this.#address;
    const host = near ?? this.#address.host;
    const peer = new RTCPeerConnection({
      iceServers: [],
      iceLite: true,
      // Exactly one candidate, on a socket bound to its address. With more, or with a wildcard bind, replies can leave from
      // another address than the one that received the request, and a lite agent never nominates again.
      iceUseIpv4: false,
      iceUseIpv6: false,
      iceAdditionalHostAddresses: [host],
      iceInterfaceAddresses: isIPv6(host) ? { udp6: host } : { udp4: host },
      bundlePolicy: "max-bundle",
      codecs: { audio: [opus()], video: videoCodecs(offered) },
      iceFilterStunResponse: () => {
        this.#heard = Date.now(); // the guard lets only the publisher's own requests come here
        return true;
      },
    });
    guard(peer, near === null ? () => true : hears);
    // Not passed in the options above, because werift refuses a range of one port there.
    if (ports) peer.config.icePortRange = [ports[0], ports[1]];
    peer.connectionStateChange.subscribe((state) => {
      if (state === "connected" && this.state !== "closed") {
        this.state = "connected";
        this.#heard = Date.now();
        this.#wake();
      } else if (state === "failed") this.close("the connection failed");
    });
    peer.ontrack = ({ track, transceiver }) => {
      track.onReceiveRtp.subscribe(({ header, payload }) => {
        this.#heard = Date.now();
        for (const published of this.tracks.values()) {
          if (published.closed || published.media.mid !== transceiver.mid) continue;
          if (published.packets++ === 0) this.#wake();
          if (!offersOpus(published.media)) continue;
          const { ssrc, sequenceNumber, timestamp, marker } = header;
          for (const forward of published.forwards)
            forward.push({ ssrc, sequenceNumber, timestamp, marker, payload });
          for (const adapter of published.adapters)
            adapter.push({ ssrc, sequenceNumber, timestamp, payload });
        }
      });
    };
    return peer;
  }

  #watchTransports(peer: RTCPeerConnection, who: string): void {
    for (const transport of peer.dtlsTransports) {
      transport.onStateChange.subscribe((state) => {
        if (state === "closed") this.close(`${who} closed the connection`);
        else if (state === "failed") this.close("the DTLS handshake failed");
      });
    }
  }

  #watch(): void {
    const now = Date.now();
    if (this.state !== "connected") {
      if (now - this.#born > SETUP_MILLIS) this.close("nobody connected in time");
    } else if (now - this.#heard > DEAD_MILLIS - WATCH_MILLIS) this.close("the publisher fell silent");
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}

function noPort({ host, ports }: MediaAddress): string {
  return ports
    ? `none of the UDP ports ${ports[0]} to ${ports[1]} is free on ${host}; each publisher takes one`
    : `no UDP port could be opened on ${host}`;
}

function opus(): RTCRtpCodecParameters {
  return new RTCRtpCodecParameters({
    mimeType: "audio/opus",
    clockRate: 48_000,
    channels: 2,
    parameters: OPUS,
    rtcpFeedback: [{ type: "transport-cc" }],
  });
}

/** Returns the first codec of each video section, so that no section has to be rejected. Received video is discarded. */
function videoCodecs(offered: readonly OfferedMedia[]): RTCRtpCodecParameters[] {
  const names = offered.filter(({ kind }) => kind === "video").flatMap(({ codecs }) => codecs.slice(0, 1));
  return [...new Set(names)].map((codec) => {
    const [name, rate] = codec.split("/");
    return new RTCRtpCodecParameters({ mimeType: `video/${name}`, clockRate: Number(rate) });
  });
}
