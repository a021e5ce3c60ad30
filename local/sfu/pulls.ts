import { MediaStreamTrack, type RTCPeerConnection, type RTCRtpTransceiver } from "werift";
import { Forward } from "./forward.ts";
import { fixAnswer, readOffer } from "./offer.ts";
import type { Track } from "./track.ts";

/** Another's track that a session is sent. Closed ones keep their section of the description, which is inactive then. */
interface Pull {
  readonly source: Source;
  readonly track: Track;
  readonly forward: Forward;
  readonly transceiver: RTCRtpTransceiver;
  closed: boolean;
}

/** Whose track it is, as who pulls it names it. */
export interface Source {
  readonly sessionId: string;
  readonly trackName: string;
}

/**
 * The tracks of others that one session is sent. The SFU offers here, and who hears them answers; while an offer is not
 * answered there can be no other.
 */
export class Pulls {
  readonly #all: Pull[] = [];
  /** The sections of the offer that is to be answered, by mid. */
  #offered: readonly string[] | null = null;

  get isAnswerAwaited(): boolean {
    return this.#offered !== null;
  }

  get any(): boolean {
    return this.#all.length > 0;
  }

  /** What is pulled, and what has been. */
  get list(): readonly (Source & { readonly mid: string; readonly status: "active" | "inactive" })[] {
    return this.#all.map(({ source, transceiver, closed, track }) => ({
      ...source,
      mid: transceiver.mid ?? "",
      status: closed || track.closed ? "inactive" : "active",
    }));
  }

  /** Offers these tracks beside those that are pulled already. The mid of each, in their order. */
  async offer(
    peer: RTCPeerConnection,
    tracks: readonly { readonly source: Source; readonly track: Track }[],
  ): Promise<{ readonly sdp: string; readonly mids: readonly string[] }> {
    this.#offered = [];
    const added = tracks.map(({ source, track }) => {
      const out = new MediaStreamTrack({ kind: "audio" });
      const transceiver = peer.addTransceiver(out, { direction: "sendonly" });
      const forward = new Forward(out);
      track.forwards.add(forward);
      return { source, track, forward, transceiver, closed: false };
    });
    this.#all.push(...added);
    await peer.setLocalDescription(await peer.createOffer());
    const sdp = fixAnswer(peer.localDescription?.sdp ?? "");
    this.#offered = [...sdp.matchAll(/^a=mid:(\S+)/gm)].map(([, mid = ""]) => mid);
    return { sdp, mids: added.map(({ transceiver }) => transceiver.mid ?? "") };
  }

  /** Takes the answer to the last offer; why not, where it is none. */
  async answer(peer: RTCPeerConnection, sdp: string): Promise<string | null> {
    // What makes an answer is what makes an offer: its sections, and the transport that each has.
    const read = readOffer(sdp);
    if (!read.ok) return read.reason;
    if (read.media.map(({ mid }) => mid).join() !== this.#offered?.join())
      return "its sections are not those of the offer";
    await peer.setRemoteDescription({ type: "answer", sdp: read.sdp });
    this.#offered = null;
    return null;
  }

  /** Ceases to send a track. False if there is none with this mid, or no more. */
  close(mid: string): boolean {
    const pull = this.#all.find(({ transceiver, closed }) => transceiver.mid === mid && !closed);
    if (pull === undefined) return false;
    pull.closed = true;
    pull.track.forwards.delete(pull.forward);
    pull.transceiver.setDirection("inactive");
    return true;
  }

  /** Ceases to send all of them. */
  closeAll(): void {
    for (const { track, forward } of this.#all) track.forwards.delete(forward);
  }
}
